"""The command lines of the tools: each says how to call it and what its exit status means."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter

EXIT_STATUS = """exit status:
  0    done
  1    a known failure, in one line on stderr{one}
  2    a command line that cannot be read
  130  interrupted; the same command goes on"""


def command_parser(name: str, about: str | None, one: str = "") -> ArgumentParser:
    """Makes the parser of one command.

    Args:
        name: the command, as in `understudy NAME`.
        about: what it does, with an example: its module's docstring.
        one: another meaning of exit status 1, if it has one.
    """
    return ArgumentParser(
        prog=f"understudy {name}".strip(),
        description=about,
        epilog=EXIT_STATUS.format(one=f"; {one}" if one else ""),
        formatter_class=RawDescriptionHelpFormatter,
    )


def count(text: str) -> int:
    """A whole number of the command line, above 0."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number
