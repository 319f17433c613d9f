"""Which class reads which section of params.yaml, by the kind of task."""

from understudy.contract.kind import Kind, this_kind
from understudy.contract.params.calibrate import CalibrateParams
from understudy.contract.params.classifying import STUDENTS
from understudy.contract.params.datacards import DatacardsParams
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.params.export import ExportParams
from understudy.contract.params.fetch import FetchParams
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.label import LabelParams
from understudy.contract.params.latency import LatencyParams
from understudy.contract.params.payback import WorthParams
from understudy.contract.params.report import ReportParams
from understudy.contract.params.review import ReviewParams
from understudy.contract.params.serve import ServeParams
from understudy.contract.params.task import TaskParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.params import Section


def list_sections(kind: Kind | None = None) -> dict[str, type[Section]]:
    """The sections of a kind of task, in the order in which people read them.

    Args:
        kind: of the task; None for that of the project in the working folder.
    """
    kind = kind or this_kind()
    return {
        "task": TaskParams,
        "fetch": FetchParams,
        "filter": FilterParams,
        "teacher": TeacherParams,
        "generate": GenerateParams,
        "label": LabelParams,
        **{f"train-{student}": STUDENTS[student] for student in kind.students},
        "export": ExportParams,
        "predict": DecodingParams,
        "zeroshot": ZeroshotParams,
        "evaluate": EvaluateParams,
        "latency": LatencyParams,
        "calibrate": CalibrateParams,
        "worth": WorthParams,
        "datacards": DatacardsParams,
        "report": ReportParams,
        "review": ReviewParams,
        "serve": ServeParams,
    }
