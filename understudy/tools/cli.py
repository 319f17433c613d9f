"""The command `understudy`: one entry for everything that a person runs.

Data goes to stdout, notices to stderr; what the exit status says is in each command's --help.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from functools import partial

from understudy.core.errors import run, suggest
from understudy.core.parser import command_parser

COMMANDS = {
    "check": "read every section of params.yaml before anything runs",
    "params": "print every param with its value and meaning",
    "repro": "run what changed, as `dvc repro` does, tiny students two at a time",
    "plan": "what `dvc repro` would run, and what its calls would cost; sends nothing",
    "review": "what changed against a branch, as Markdown for a pull request",
    "score": "score any file of predictions against a file of references",
    "predict": "summarize any file with a model folder",
    "calibrate": "when each student may answer alone, and what is promised then",
    "serve": "answer chat completions with a model folder",
    "ledger": "verify, count, export or import the teacher's paid answers",
    "inputs": "make the file of inputs for fetch out of logs of chat completions",
    "harvest": "make what was served the next inputs for label",
    "table": "write the result table into README.md",
}
ABOUT = """Trains a small model to stand in for a large chat model, and proves that it can.

commands:
{commands}

`understudy COMMAND --help` explains a command.
Run: understudy plan --json"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command that the command line names; without one, prints the help."""
    run(partial(_run_command, list(sys.argv[1:] if arguments is None else arguments)))


def _run_command(given: list[str]) -> None:
    listed = "\n".join(f"  {name:<11}{about}" for name, about in COMMANDS.items())
    parser = command_parser("understudy", ABOUT.format(commands=listed))
    parser.usage = "understudy COMMAND …"
    parser.add_argument("command", nargs="?", metavar="COMMAND", help=argparse.SUPPRESS)
    command = parser.parse_args(given[:1]).command
    if command is None:
        parser.print_help()
    elif command not in COMMANDS:
        parser.error(f"{command}: no such command{suggest(command, tuple(COMMANDS))}")
    else:
        importlib.import_module(f"understudy.tools.{command}").main(given[1:])
