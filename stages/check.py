"""Checks every section of params.yaml at once, so that no stage stops an hour into a run.

Run: python -m stages.check, or make check
"""

from stages.datacard.survey import DatacardsParams
from stages.errors import ParamsError, run
from stages.evaluate import EvaluateParams
from stages.fetch import FetchParams
from stages.filter import FilterParams
from stages.generate import GenerateParams
from stages.params import SECTIONS, Section, load_section
from stages.report import ReportParams
from stages.reviewing.gates import ReviewParams
from stages.student.serving.settings import DecodingParams, ExportParams
from stages.student.training.settings import TrainParams
from stages.teacher.settings import TeacherParams
from stages.zeroshot import ZeroshotParams

KINDS: dict[str, type[Section]] = {
    "fetch": FetchParams,
    "filter": FilterParams,
    "teacher": TeacherParams,
    "generate": GenerateParams,
    "train-t5": TrainParams,
    "train-bart": TrainParams,
    "export": ExportParams,
    "predict": DecodingParams,
    "zeroshot": ZeroshotParams,
    "evaluate": EvaluateParams,
    "datacards": DatacardsParams,
    "report": ReportParams,
    "review": ReviewParams,
}


def check() -> None:
    """Raises ParamsError with one line per problem of any section."""
    problems = []
    for name in SECTIONS:
        try:
            load_section(name, KINDS[name])
        except ParamsError as error:
            problems.append(str(error))
    if problems:
        raise ParamsError("\n".join(dict.fromkeys(problems)))


if __name__ == "__main__":
    run(check)
