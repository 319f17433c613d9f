"""Summarizes the texts of any file, or of many, with a model folder, as it was scored.

In:  a model folder; a file of articles, or lines from stdin; or folders, globs and several files.
Out: a file of summaries, or JSON lines on stdout; of several files, a folder of files.
Run: understudy predict --model models/t5-written --input articles.jsonl --output summaries.jsonl
     understudy predict --model models/t5-written --input s3://bucket/articles --output summaries/

Of several files, those that are finished are left alone when the same command runs again.
"""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from understudy.core.parser import command_parser, whole_number

if TYPE_CHECKING:
    from understudy.tools.bulk.dispatch import Engine


def main(arguments: Sequence[str] | None = None) -> None:
    """Decodes with the model folder that the command line names."""
    parser = command_parser("understudy predict", __doc__, "some of several files may be left")
    _add_options(parser)
    given = parser.parse_args(arguments)
    _check(parser, given)
    if is_single(given):
        _summarize_one(given)
    else:
        _summarize_many(given)


def is_single(given: Namespace) -> bool:
    """Whether the command line means one file on this machine, or stdin, and no folder."""
    from understudy.tools.bulk.finding import is_glob
    from understudy.tools.bulk.storage import S3

    [first, *more] = given.input
    is_many = more or first.startswith(S3) or is_glob(first) or Path(first).is_dir()
    return not (is_many or given.shard or given.engine or (given.output or "").startswith(S3))


def parse_shard(text: str) -> tuple[int, int]:
    """Shard and number of shards out of text such as 2/8."""
    number, slash, count = text.partition("/")
    known = slash and number.isdecimal() and count.isdecimal()
    if not known or not 1 <= int(number) <= int(count):
        raise ArgumentTypeError(f"{text}: expected a shard and their number, such as 2/8")
    return int(number), int(count)


def _add_options(parser: ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", type=Path, required=True, help="a model folder, such as models/t5-written")
    kinds = ".jsonl, .csv, .parquet, .txt (one a line), or - for lines from stdin; or files, "
    kinds += "folders and globs, or s3://BUCKET/PREFIX"
    add("--input", nargs="+", required=True, metavar="PATH", help=f"articles: {kinds}")
    out = ".jsonl, .csv, .parquet or .txt; stdout gets .jsonl; of several files, a folder"
    add("--output", metavar="PATH", help=out)
    add("--column", help="which column holds the inputs; default: article, or text for labels")
    batch = "article tokens decoded at once (%(default)s): what limits memory"
    add("--tokens-per-batch", type=whole_number, default=8192, help=batch)
    names = "names to replace, one a line, where training replaced names; default: those of the "
    names += "params.yaml here. Other personal data is replaced as the model folder says"
    add("--redact-names", type=Path, metavar="FILE", help=names)
    shard = "does one share of the files, by a hash of their names: one machine 1/8, another 2/8"
    add("--shard", type=parse_shard, metavar="N/ALL", help=shard)
    add("--engine", choices=("local", "ray"), help="who does several files; default: local")
    number = "of Ray; default: one on each GPU, or on each core where there is none"
    add("--workers", type=whole_number, help=number)
    cluster = "of a Ray cluster, or auto; default: starts one on this machine"
    add("--ray-address", metavar="ADDRESS", help=cluster)


def _check(parser: ArgumentParser, given: Namespace) -> None:
    """Refuses what cannot be meant, with exit status 2."""
    if "-" in given.input and (len(given.input) > 1 or not is_single(given)):
        parser.error("--input -: lines from stdin are one input, and stand alone")
    if given.engine != "ray" and (given.workers or given.ray_address):
        parser.error("--workers and --ray-address belong to --engine ray")
    if not is_single(given) and given.output is None:
        parser.error("--output is required for several files: a folder")


def name_input_column(model: Path) -> str:
    """What files call the inputs of a model folder's task, where nobody says otherwise."""
    from understudy.contract.kind import CLASSIFICATION, SUMMARIZATION
    from understudy.students.decoding.engines import read_kind

    return (CLASSIFICATION if read_kind(model)[1] else SUMMARIZATION).input


def _summarize_one(given: Namespace) -> None:
    from understudy.rows.redacting import open_model_redactor
    from understudy.tools.summarize import summarize_file

    redactor = open_model_redactor(given.model, given.redact_names)
    source, out = Path(given.input[0]), None if given.output is None else Path(given.output)
    column, size = given.column or name_input_column(given.model), given.tokens_per_batch
    summarize_file(given.model, source, out, column, size, redactor)


def _summarize_many(given: Namespace) -> None:
    from understudy.tools.bulk.dispatch import Request, summarize_files

    request = Request(
        given.model,
        given.input,
        given.output,
        given.column or name_input_column(given.model),
        given.tokens_per_batch,
        given.redact_names,
        given.shard or (1, 1),
    )
    summarize_files(request, _choose_engine(given))


def _choose_engine(given: Namespace) -> "Engine":
    if given.engine != "ray":
        from understudy.tools.bulk.working import work_here

        return work_here
    from understudy.tools.bulk.cluster import LOCAL, work_on_ray

    address = given.ray_address or LOCAL
    return partial(work_on_ray, workers=given.workers, address=address)
