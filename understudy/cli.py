"""The command `understudy`: one entry for everything that a person runs.

Exit status: 0 done; 1 a known failure, or a gate that is not held, in one line on stderr; 2 a
command line that cannot be read; 130 interrupted. Data goes to stdout, notices to stderr.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from functools import partial

from understudy.core.errors import run

COMMANDS = {
    "check": "read every section of params.yaml before anything runs",
    "params": "print every param, resolved, with its meaning",
    "plan": "what `dvc repro` would run, and what its calls would cost; sends nothing",
    "predict": "summarize any file with a model folder",
    "review": "what changed against a branch, as Markdown for a pull request",
    "score": "score any file of predictions against a file of references",
    "ledger": "verify, count, export or import the teacher's paid answers",
    "table": "write the result table into README.md",
}
EXAMPLE = "example:\n  understudy plan --json\n\n`understudy COMMAND --help` explains a command."


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command that the command line names."""
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{width}}  {about}" for name, about in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="understudy",
        usage="understudy COMMAND …",
        description=f"Trains a small model to stand in for a chat model.\n\ncommands:\n{listed}",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = parser.parse_args(given[:1]).command
    tool = importlib.import_module(f"understudy.tools.{command}")
    run(partial(tool.main, given[1:]))
