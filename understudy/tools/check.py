"""Checks every section of params.yaml at once, so that no stage stops an hour into a run.

Run: understudy check, or make check
"""

import argparse
from collections.abc import Sequence

from understudy.contract.params.datacards import DatacardsParams
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.params.export import ExportParams
from understudy.contract.params.fetch import FetchParams
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.report import ReportParams
from understudy.contract.params.review import ReviewParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.training import TrainParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.errors import ParamsError
from understudy.core.params import SECTIONS, Section, load_section

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


def main(arguments: Sequence[str] | None = None) -> None:
    """Checks."""
    parser = argparse.ArgumentParser(prog="understudy check", description=__doc__)
    parser.parse_args(arguments)
    check()
