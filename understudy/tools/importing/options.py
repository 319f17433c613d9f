"""What the commands that read logs have in common on their command lines."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from understudy.contract.kind import this_kind
from understudy.teacher.matching import OTHER_PROMPT
from understudy.tools.importing.recovery import OTHER_MODEL, PARAM, Findings


def add_logs(parser: ArgumentParser, also: str = "") -> None:
    """Adds the files, and which calls in them count.

    Args:
        parser: of the command.
        also: other files that it takes.
    """
    shapes = "logs of chat completions (.jsonl, .json, .gz)"
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help=shapes + also)
    other = "take answers of other models than teacher.model too, and where no model is named"
    parser.add_argument("--any-model", action="store_true", help=other)


def hint_at(findings: Findings) -> None:
    """Says on stderr what may be done about records of no use."""
    if count := findings.rejects[OTHER_MODEL]:
        print(
            f"note: {count} answers are not known to be of teacher.model; if they shall count, "
            "set it to their model, or give --any-model",
            file=sys.stderr,
        )
    if (count := findings.rejects[OTHER_PROMPT]) and not findings.found:
        print(
            f"note: none of {count} prompts is the template of {PARAM}; write the prompt that your "
            f"logs have into its file, with ${this_kind().input} where the input was",
            file=sys.stderr,
        )
