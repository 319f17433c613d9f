"""What a reviewer wants to know of a branch: what changed, by how much, and what it cost.

In:  params.yaml, metrics/, dvc.lock, and data/ as far as DVC's cache or remote has it, of the
     workspace and of the commit that it grew from; the remote's list of files.
Out: on stdout or in a file, Markdown for a pull request. Exit status 1 where a gate of the params
     section `review` is not held. Nothing is run, sent to a teacher or changed.
Run: understudy review main, or make review BASE=main
"""

import json
from collections.abc import Sequence
from pathlib import Path

from understudy.core.errors import DataError
from understudy.core.files import replacing
from understudy.core.parser import command_parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Compares, prints, and fails where a gate is not held."""
    parser = command_parser("understudy review", __doc__, "a gate that is not held")
    parser.add_argument("base", metavar="BASE", help="a branch, tag or commit to compare with")
    parser.add_argument("--json", action="store_true", help="one JSON object, for machines")
    parser.add_argument("--output", type=Path, metavar="FILE", help="a file instead of stdout")
    options = parser.parse_args(arguments)

    from understudy.tools.reviewing.gates import GateError, explain_failures
    from understudy.tools.reviewing.gather import gather_review
    from understudy.tools.reviewing.page import build_page

    review = gather_review(options.base)
    if options.json:
        text = f"{json.dumps(review.to_json(), indent=2, default=str)}\n"
    else:
        text = build_page(review)
    if options.output:
        try:
            with replacing(options.output) as partial:
                partial.write_text(text, encoding="utf-8")
        except OSError as error:
            reason = f"{error.strerror}; name a file to write"
            raise DataError(f"--output {options.output}: {reason}") from None
    else:
        print(text, end="")
    if problem := explain_failures(review.gates):
        raise GateError(problem)
