"""Command lines of tools and stages: how to call them, and what their exit status means."""

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter

EXIT_STATUS = """exit status:
  0    done
  1    a known failure, explained on stderr{one}
  2    a command line that cannot be read
  130  interrupted; run the same command again"""


def command_parser(name: str, about: str | None, one: str = "") -> ArgumentParser:
    """Makes the parser of one command.

    Args:
        name: what one types, such as `understudy plan`.
        about: what it does, with an example: its module's docstring.
        one: another meaning of exit status 1, if it has one.
    """
    return ArgumentParser(
        prog=name,
        description=about,
        epilog=EXIT_STATUS.format(one=f"; {one}" if one else ""),
        formatter_class=RawDescriptionHelpFormatter,
    )


def whole_number(text: str, least: int = 1) -> int:
    """A whole number of the command line, `least` or more."""
    if not text.isdecimal() or int(text) < least:
        raise ArgumentTypeError(f"{text}: expected a whole number from {least}")
    return int(text)
