"""predict: a trained student summarizes the test articles.

In:  models/seeds/SYSTEM/SEED (SYSTEM: a student and a source such as t5-gold),
     data/gold/test.parquet.
Out: data/predictions/seeds/SYSTEM/SEED.parquet with id, prediction.
Run: python -m stages.predict SYSTEM SEED
"""

from pathlib import Path

from understudy.contract.kind import this_kind
from understudy.contract.pairs import TEST, seed_folder
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.predictions import PREDICTIONS_SCHEMA, seed_predictions_path
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.core.parser import command_parser
from understudy.core.tables import iterate_table, readable_parquet, table_writer
from understudy.students.decoding.decoding import decode
from understudy.students.decoding.engines import open_engine


def predict(model: Path, test: Path, out: Path, params: DecodingParams) -> None:
    """Writes one summary a test article, from the model folder as it would be shipped."""
    with readable_parquet(test, this_kind().columns) as file:
        total = file.metadata.num_rows
    engine = open_engine(model, params.engine)
    identities = (row["id"] for row in iterate_table(test, ("id",)))
    articles = (row["article"] for row in iterate_table(test, ("article",)))
    summaries = decode(engine, articles, params, f"predict {model.parent.name}-{model.name}", total)
    with table_writer(out, PREDICTIONS_SCHEMA) as table:
        for identity, summary in zip(identities, summaries, strict=True):
            table.add({"id": identity, "prediction": summary})


def main() -> None:
    """Decodes with the model that the command line names."""
    parser = command_parser("python -m stages.predict", __doc__)
    parser.add_argument("system", help="a folder's name under models/seeds/")
    parser.add_argument("seed", type=int, help="a folder's name in that")
    options = parser.parse_args()
    params = load_section("predict", DecodingParams)
    model = seed_folder(options.system, options.seed)
    predict(model, TEST, seed_predictions_path(options.system, options.seed), params)


if __name__ == "__main__":
    run(main)
