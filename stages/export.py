"""export: makes a trained student's folder one that can be deployed as it is.

In:  models/seeds/SYSTEM/SEED as train-* left it, data/SOURCE/validation.parquet, SYSTEM being a
     student and a source such as t5-gold.
Out: in the same folder ctranslate2, a converted model that was compared with the trained one
     (check.json), and generation_config.json with the beam search of `predict`.
Run: python -m stages.export SYSTEM SEED
"""

import sys
from itertools import islice
from pathlib import Path

from understudy.contract.kind import this_kind
from understudy.contract.pairs import DATA, seed_folder
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.export import CONVERTED, ExportParams
from understudy.core.errors import StudentError, run
from understudy.core.files import absent, replacing
from understudy.core.params import load_section
from understudy.core.parser import command_parser
from understudy.core.tables import iterate_table
from understudy.students.decoding.conversion import convert
from understudy.students.decoding.generation import write_generation_config


def export(model: Path, validation: Path, params: ExportParams, decoding: DecodingParams) -> None:
    """Adds the converted model and the settings of its beam search to a model folder."""
    if not model.is_dir():
        raise StudentError(absent(model, "folder"))
    kind = this_kind()
    pairs = list(islice(iterate_table(validation, kind.columns), params.rows))
    with replacing(model / CONVERTED) as out:
        check = convert(
            model,
            [pair[kind.input] for pair in pairs],
            [pair[kind.output] for pair in pairs],
            (decoding.max_input_tokens, decoding.max_tokens),
            params,
            out,
        )
    write_generation_config(model, decoding)
    if check.passed:
        print(
            f"export {model.parent.name}-{model.name}: {check.quantization}, off by "
            f"{check.mean_difference:.4f} nats a token on {check.rows} validation pairs",
            file=sys.stderr,
        )
    else:
        print(
            f"warning: {model}: {check.why}; predict will decode with transformers, which is "
            "several times slower",
            file=sys.stderr,
        )


def main() -> None:
    """Reads params.yaml and exports the model that the command line names."""
    parser = command_parser("python -m stages.export", __doc__)
    parser.add_argument("system", help="a folder's name under models/seeds/")
    parser.add_argument("seed", type=int, help="a folder's name in that")
    options = parser.parse_args()
    source = options.system.rpartition("-")[2]
    params = load_section("export", ExportParams)
    decoding = load_section("predict", DecodingParams)
    folder = seed_folder(options.system, options.seed)
    export(folder, DATA / source / "validation.parquet", params, decoding)


if __name__ == "__main__":
    run(main)
