"""predict: a trained student answers the test inputs.

In:  models/seeds/SYSTEM/SEED (SYSTEM: a student and a source such as t5-gold),
     data/gold/test.parquet.
Out: data/predictions/seeds/SYSTEM/SEED.parquet with id, prediction, and of a classification
     confidence.
Run: python -m stages.predict SYSTEM … [--seed SEED]   without it all seeds of params.yaml
"""

import math
from collections.abc import Iterator
from pathlib import Path

from understudy.contract.kind import this_kind
from understudy.contract.lineup import split_system
from understudy.contract.pairs import TEST, seed_folder
from understudy.contract.params.classifying import STUDENTS
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.predictions import (
    CONFIDENCE,
    predictions_schema,
    seed_predictions_path,
)
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.core.parser import command_parser
from understudy.core.tables import iterate_table, readable_parquet, table_writer
from understudy.students.decoding.decoding import decode, decode_scored
from understudy.students.decoding.engines import open_engine


def predict(model: Path, test: Path, out: Path, params: DecodingParams) -> None:
    """Writes one answer a test input, from the model folder as it would be shipped."""
    kind, schema = this_kind(), predictions_schema()
    with readable_parquet(test, kind.columns) as file:
        total = file.metadata.num_rows
    engine = open_engine(model, params.engine)
    identities = (row["id"] for row in iterate_table(test, ("id",)))
    inputs = (row[kind.input] for row in iterate_table(test, (kind.input,)))
    work = engine, inputs, params, f"predict {model.parent.name}-{model.name}", total
    answers: Iterator[dict[str, object]]
    if CONFIDENCE in schema:
        answers = (
            {"prediction": label, CONFIDENCE: math.exp(found.log_probability)}
            for found, label in decode_scored(*work)
        )
    else:
        answers = ({"prediction": summary} for summary in decode(*work))
    with table_writer(out, schema) as table:
        for identity, answer in zip(identities, answers, strict=True):
            table.add({"id": identity, **answer})


def main() -> None:
    """Decodes with the models of the systems that the command line names."""
    parser = command_parser("python -m stages.predict", __doc__)
    parser.add_argument(
        "systems", nargs="+", metavar="SYSTEM", help="a folder's name under models/seeds/"
    )
    parser.add_argument("--seed", type=int, help="a folder's name in that")
    options = parser.parse_args()
    params = load_section("predict", DecodingParams)
    for system in options.systems:
        seeds = [options.seed]
        if options.seed is None:
            student = split_system(system)[0]
            seeds = load_section(f"train-{student}", STUDENTS[student]).seeds
        for seed in seeds:
            predict(seed_folder(system, seed), TEST, seed_predictions_path(system, seed), params)


if __name__ == "__main__":
    run(main)
