"""Summarizes the texts of any file with a model folder, as it was scored.

In:  a model folder; a file of articles, or lines from stdin.
Out: a file of summaries, or JSON lines on stdout.
Run: understudy predict --model models/t5-written --input articles.jsonl --output summaries.jsonl
"""

from collections.abc import Sequence
from pathlib import Path

from understudy.core.parser import command_parser, whole_number


def main(arguments: Sequence[str] | None = None) -> None:
    """Decodes with the model folder that the command line names."""
    parser = command_parser("understudy predict", __doc__)
    add = parser.add_argument
    add("--model", type=Path, required=True, help="a model folder, such as models/t5-written")
    kinds = ".jsonl, .csv, .parquet, .txt (one a line), or - for lines from stdin"
    add("--input", type=Path, required=True, help=f"articles: {kinds}")
    add("--output", type=Path, help=".jsonl, .csv, .parquet or .txt; stdout gets .jsonl")
    add("--column", default="article", help="which column holds the articles")
    batch = "article tokens decoded at once (%(default)s): what limits memory"
    add("--tokens-per-batch", type=whole_number, default=8192, help=batch)
    names = "names to replace, one a line, where training replaced names; default: those of the "
    names += "params.yaml here. Other personal data is replaced as the model folder says"
    add("--redact-names", type=Path, metavar="FILE", help=names)
    given = parser.parse_args(arguments)

    from understudy.rows.redacting import open_model_redactor
    from understudy.tools.summarize import summarize_file

    redactor = open_model_redactor(given.model, given.redact_names)
    size = given.tokens_per_batch
    summarize_file(given.model, given.input, given.output, given.column, size, redactor)
