"""predict: a trained student summarizes the test articles, or any file of articles.

In:  models/SYSTEM, data/cnn/test.parquet, SYSTEM being t5-cnn, t5-gpt, bart-cnn or bart-gpt.
Out: data/predictions/SYSTEM.parquet with id, prediction.
Run: python -m stages.predict SYSTEM
     python -m stages.predict --model models/t5-gpt --input articles.jsonl --output summaries.jsonl
"""

import argparse
from pathlib import Path

from stages.errors import run
from stages.params import load_section
from stages.student.serving.articles import summarize_file
from stages.student.serving.decoding import decode
from stages.student.serving.engines import open_engine
from stages.student.serving.settings import DecodingParams
from stages.tables import (
    PAIR_COLUMNS,
    iterate_table,
    readable_parquet,
    table_writer,
    text_columns,
)

TEST = Path("data/cnn/test.parquet")
MODELS = Path("models")
PREDICTIONS = Path("data/predictions")
TOKENS_PER_BATCH = 8192
"""Without params.yaml."""


def predict(model: Path, test: Path, out: Path, params: DecodingParams) -> None:
    """Writes one summary a test article, from the model folder as it would be shipped."""
    with readable_parquet(test, PAIR_COLUMNS) as file:
        total = file.metadata.num_rows
    engine = open_engine(model, params.engine)
    identities = (row["id"] for row in iterate_table(test, ("id",)))
    articles = (row["article"] for row in iterate_table(test, ("article",)))
    summaries = decode(engine, articles, params, f"predict {model.name}", total)
    with table_writer(out, text_columns("id", "prediction")) as table:
        for identity, summary in zip(identities, summaries, strict=True):
            table.add({"id": identity, "prediction": summary})


def main() -> None:
    """Decodes with the system, or with the model folder, that the command line names."""
    arguments = _parse()
    if arguments.system is not None:
        params = load_section("predict", DecodingParams)
        out = PREDICTIONS / f"{arguments.system}.parquet"
        predict(MODELS / arguments.system, TEST, out, params)
    else:
        summarize_file(
            arguments.model,
            arguments.input,
            arguments.output,
            arguments.column or "article",
            arguments.tokens_per_batch or TOKENS_PER_BATCH,
        )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Summarizes the test articles, or those of any file with any model folder."
    )
    parser.add_argument("system", nargs="?", help="a folder's name under models/, as a stage")
    parser.add_argument("--model", type=Path, help="a model folder, such as models/t5-gpt")
    parser.add_argument(
        "--input",
        type=Path,
        help="articles: .jsonl, .csv, .parquet, .txt (one a line), or - for lines from stdin",
    )
    parser.add_argument(
        "--output", type=Path, help=".jsonl, .csv, .parquet or .txt; stdout gets .jsonl"
    )
    parser.add_argument("--column", help="which column holds the articles, if not 'article'")
    parser.add_argument(
        "--tokens-per-batch",
        type=positive,
        help=f"article tokens decoded at once, {TOKENS_PER_BATCH} if not said: what limits memory",
    )
    arguments = parser.parse_args()
    if (arguments.system is None) == (arguments.model is None):
        parser.error("expected either a system, or --model and --input")
    if (arguments.model is None) != (arguments.input is None):
        parser.error("expected --model and --input together")
    if arguments.system is not None and any(
        (arguments.output, arguments.column, arguments.tokens_per_batch)
    ):
        parser.error("expected --output, --column and --tokens-per-batch with --model alone")
    return arguments


def positive(text: str) -> int:
    """A number of the command line that must be above 0."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


if __name__ == "__main__":
    run(main)
