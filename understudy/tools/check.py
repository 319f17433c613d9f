"""Checks every section of params.yaml, so that no stage stops an hour into a run.

Run: understudy check, or make check
"""

from collections.abc import Sequence

from understudy.core.errors import ParamsError, suggest
from understudy.core.parser import command_parser


def check() -> None:
    """Raises ParamsError with one line per problem of any section."""
    from understudy.contract.params.sections import KINDS
    from understudy.core.params import PARAMS, load_section, read_params

    problems = [
        f"{PARAMS}: {name}: unknown section{suggest(str(name), tuple(KINDS))}"
        for name in read_params()
        if name not in KINDS
    ]
    for name, kind in KINDS.items():
        try:
            load_section(name, kind)
        except ParamsError as error:
            problems.append(str(error))
    if problems:
        raise ParamsError("\n".join(dict.fromkeys(problems)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Checks params.yaml, and prints nothing where it can be used."""
    command_parser("understudy check", __doc__).parse_args(arguments)
    check()
