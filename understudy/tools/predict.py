"""Summarizes the texts of any file with a model folder, as it was scored.

In:  a model folder; a file of articles, or lines from stdin.
Out: a file of summaries, or JSON lines on stdout.
Run: understudy predict --model models/t5-written --input articles.jsonl --output summaries.jsonl
"""

from collections.abc import Sequence
from pathlib import Path

from understudy.core.parser import command_parser, whole_number

TOKENS_PER_BATCH = 8192


def main(arguments: Sequence[str] | None = None) -> None:
    """Decodes with the model folder that the command line names."""
    parser = command_parser("understudy predict", __doc__)
    parser.add_argument(
        "--model", type=Path, required=True, help="a model folder, such as models/t5-written"
    )
    parser.add_argument(
        "--input",
        type=Path,
        required=True,
        help="articles: .jsonl, .csv, .parquet, .txt (one a line), or - for lines from stdin",
    )
    parser.add_argument(
        "--output", type=Path, help=".jsonl, .csv, .parquet or .txt; stdout gets .jsonl"
    )
    parser.add_argument("--column", default="article", help="which column holds the articles")
    parser.add_argument(
        "--tokens-per-batch",
        type=whole_number(1),
        default=TOKENS_PER_BATCH,
        help=f"article tokens decoded at once ({TOKENS_PER_BATCH}): what limits memory",
    )
    given = parser.parse_args(arguments)

    from understudy.tools.summarize import summarize_file

    summarize_file(given.model, given.input, given.output, given.column, given.tokens_per_batch)
