"""calibrate: when a student may answer alone, and what is promised of those answers.

In:  models/SYSTEM as it ships, such as models/t5-gold; data/gold/validation.parquet;
     data/calibration/zeroshot.parquet, the teacher's answers on these inputs;
     metrics/answers/zeroshot.json and metrics/latency/SYSTEM.json for money and time.
Out: metrics/calibration/SYSTEM.json: threshold, share answered alone, bound, and what each
     threshold would do. Where nothing can be promised, it has no threshold, and says why on stderr.
Run: python -m stages.calibrate SYSTEM…

docs/guarantee.md says what the promise means, and what it assumes.
"""

import sys

from stages.calibrate.articles import judge, read_articles
from stages.calibrate.thresholds import Prices, pick_threshold
from understudy.contract.answered import Answered, CallCounts
from understudy.contract.asked import TOKEN_COLUMNS
from understudy.contract.calibration import Promised, SystemCalibration
from understudy.contract.lineup import Lineup
from understudy.contract.pairs import MODELS
from understudy.contract.params.calibrate import CalibrateParams
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.params.payback import WorthParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.timing import StudentLatency
from understudy.core.errors import StudentError, run
from understudy.core.params import load_section
from understudy.core.parser import command_parser
from understudy.rendering.promises import describe_promise
from understudy.scoring.payback import serve_usd
from understudy.students.model.weights import hash_weights
from understudy.teacher.money import price_answer


def calibrate_system(system: str) -> SystemCalibration:
    """Reads params.yaml and what the other stages have written, and decodes.

    Raises:
        ParamsError: params.yaml cannot be used.
        DataError: a file is absent, broken, or does not fit the others.
        StudentError: the folder holds no usable model.
    """
    params, teacher = (
        load_section("calibrate", CalibrateParams),
        load_section("teacher", TeacherParams),
    )
    folder, articles = MODELS / system, read_articles()
    weights = hash_weights(folder)
    if weights is None:
        raise StudentError(f"{folder}: no weights in it; `dvc repro` makes them")
    promised = Promised(**params.model_dump())
    batch = load_section("predict", DecodingParams).tokens_per_batch
    judged = judge(articles, folder, batch, load_section("evaluate", EvaluateParams))
    return SystemCalibration(
        **pick_threshold(articles.ids, judged, promised, load_prices(system, teacher)),
        references=articles.references,
        left_out=articles.left_out,
        weights=weights,
        teacher={"base_url": teacher.base_url, "model": teacher.model},
    )


def load_prices(system: str, teacher: TeacherParams) -> Prices:
    """What an answer of a student and one of the teacher take.

    Raises:
        DataError: a file is absent or broken.
    """
    calls = Answered.load(Answered.path_of("zeroshot")).calls
    each = StudentLatency.load(StudentLatency.path_of(system)).fastest.mean
    return Prices(
        student_usd=serve_usd(each, load_section("worth", WorthParams)),
        student_seconds=each,
        teacher_usd=price_answer(calls.metered, _sum_tokens(calls), teacher.prices),
        teacher_seconds=calls.seconds_median if calls.timed else None,
    )


def _sum_tokens(calls: CallCounts) -> list[int]:
    ways = (calls.live, calls.batch, calls.logged)
    return [sum(getattr(way, name) for way in ways) for name in TOKEN_COLUMNS]


def main() -> None:
    """Calibrates the model that ships of each system on the command line."""
    parser = command_parser("python -m stages.calibrate", __doc__)
    parser.add_argument(
        "systems",
        nargs="+",
        choices=Lineup().trained,
        metavar="SYSTEM",
        help="a folder's name under models/",
    )
    for system in parser.parse_args().systems:
        found = calibrate_system(system)
        found.write(SystemCalibration.path_of(system))
        print(f"calibrate {system}: {describe_promise(found)}", file=sys.stderr)


if __name__ == "__main__":
    run(main)
