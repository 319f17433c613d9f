"""When each student may answer in the chat model's place, and what is promised then.

In:  metrics/calibration, which the stage calibrate writes; this command decodes and asks nothing.
Out: on stdout, a line for each student: the validation rows that it was calibrated on, its
     threshold, the share of requests that it answers alone, and the largest risk that the threshold
     on its own may have; below it the promise, or why nothing is promised.
Run: understudy calibrate --json
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from understudy.core.errors import DataError
from understudy.core.parser import command_parser
from understudy.rendering.figures import count, percent

if TYPE_CHECKING:
    from understudy.contract.calibration import SystemCalibration

HEADS = ("student", "rows", "threshold", "answers alone", "risk at most")


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints what was calibrated."""
    parser = command_parser("understudy calibrate", __doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object by student")
    as_json = parser.parse_args(arguments).json
    found = load_calibrations()
    if as_json:
        print(json.dumps({name: one.to_json() for name, one in found.items()}, indent=2))
    else:
        print(render_calibrations(found))


def load_calibrations() -> dict[str, "SystemCalibration"]:
    """What is there of each student, in the order in which they are listed everywhere.

    Raises:
        DataError: there is none, or one is broken.
    """
    from understudy.contract.calibration import CALIBRATIONS, SystemCalibration
    from understudy.contract.lineup import Lineup

    paths = {name: SystemCalibration.path_of(name) for name in Lineup().trained}
    found = {name: SystemCalibration.load(path) for name, path in paths.items() if path.exists()}
    if not found:
        raise DataError(
            f"{CALIBRATIONS}: no student is calibrated; `dvc repro calibrate` does it, `dvc pull` "
            "gets it"
        )
    return found


def render_calibrations(found: Mapping[str, "SystemCalibration"]) -> str:
    """A table for people, and what it means."""
    from understudy.rendering.promises import explain_refusal

    lines = [HEADS, *(_list_cells(name, one) for name, one in found.items())]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    promises = dict.fromkeys(_word(one) for one in found.values() if one.threshold is not None)
    refusals = [
        f"{name} never answers alone: {why}."
        for name, one in found.items()
        if (why := explain_refusal(one))
    ]
    return "\n".join([*table, "", *promises, *refusals])


def _list_cells(name: str, one: "SystemCalibration") -> tuple[str, ...]:
    if one.threshold is None or one.bound is None:
        return (name, count(one.rows), "none", percent(0), "–")
    cells = f"{one.threshold:.4f}", percent(one.share_local), percent(one.bound)
    return (name, count(one.rows), *cells)


def _word(one: "SystemCalibration") -> str:
    from understudy.contract.kind import this_kind
    from understudy.rendering.promises import word_promise
    from understudy.rendering.references import name_references

    whose, text = name_references(one.references, this_kind()), word_promise(one.promise)
    return f"{text[0].upper()}{text[1:]}, against {whose}."
