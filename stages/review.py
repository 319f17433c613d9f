"""What a reviewer wants to know of a branch: what changed, by how much, and what it cost.

In:  params.yaml, metrics/, dvc.lock, and data/ as far as DVC's cache or remote has it, of the
     workspace and of the commit that it grew from; the remote's list of files.
Out: on stdout or in a file, Markdown for a pull request. Exit status 1 where a gate of the params
     section `review` is not held. Nothing is run, sent to a teacher or changed.
Run: make review BASE=main, or python -m stages.review BASE [--json] [--output FILE]
"""

import argparse
import json
from pathlib import Path

from stages.errors import DataError, run
from stages.reviewing.gates import GateError, explain_failures
from stages.reviewing.gather import gather_review
from stages.reviewing.page import build_page
from stages.tables import replacing


def main() -> None:
    """Compares, tells, and fails where a gate is not held."""
    parser = argparse.ArgumentParser(prog="python -m stages.review", description=__doc__)
    parser.add_argument("base", metavar="BASE", help="a branch, tag or commit to compare with")
    parser.add_argument("--json", action="store_true", help="one JSON object, for machines")
    parser.add_argument("--output", type=Path, metavar="FILE", help="a file instead of stdout")
    options = parser.parse_args()
    review = gather_review(options.base)
    text = (
        f"{json.dumps(review.to_json(), indent=2, default=str)}\n"
        if options.json
        else build_page(review)
    )
    if options.output:
        _write(options.output, text)
    else:
        print(text, end="")
    if problem := explain_failures(review.gates):
        raise GateError(problem)


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"--output {path}: {error.strerror}; name a file to write") from None


if __name__ == "__main__":
    run(main)
