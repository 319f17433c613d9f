"""metrics/calibration/SYSTEM.json: when a student may answer alone, and what is promised then."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from understudy.contract.document import Count, Figure, Metrics, Record
from understudy.contract.lineup import References
from understudy.contract.timing import Seconds
from understudy.contract.worth import FineUsd

CALIBRATIONS = Path("metrics/calibration")
Share = Annotated[float, Field(gt=0, lt=1)]


class Promised(Record):
    """With `confidence`, at most `epsilon` of requests are answered alone and badly."""

    epsilon: Share
    """A share of all requests."""
    delta: Annotated[float, Field(ge=0)]
    """Points of ROUGE-1 F1: an answer that is worse than the teacher's by more is bad. A label is
    bad if it is another than the teacher's, whatever delta is."""
    confidence: Share
    """One minus the probability of a promise that does not hold."""
    horizon: Annotated[int, Field(gt=0)] | None = None
    """How many requests to come epsilon is a share of; None: of the rate they come from."""


class Watched(Record):
    """What is watched where teacher and student both answer, and nobody has a reference."""

    floor: Figure
    """Points of ROUGE-1 F1 between student's and teacher's answer; less is a disagreement. Chosen
    on rows that calibrated nothing else. Of labels 100: they agree, or have 0 points."""
    rate: Share
    """Upper confidence limit of the share of disagreements among the calibrated rows."""


class Point(Record):
    """What the cascade does at one threshold, on the calibration rows."""

    threshold: float
    share_local: Figure
    """Percent of the requests that the student answers."""
    risk: Figure
    """Percent of the requests that it answers badly."""
    bound: Figure
    """Upper confidence limit of the risk, of this threshold alone, in percent."""
    score: Figure
    """ROUGE-1 F1, or percent of right labels, of what is answered, by student or teacher."""
    usd_per_1000: FineUsd | None = None
    """Of 1,000 requests; None where the teacher's price is not known."""
    seconds: Seconds | None = None
    """Of a request, on average: the student's mean and, of one that is handed over, the teacher's
    median too. None where no call of the teacher was timed."""


class SystemCalibration(Metrics):
    """One student that shipped."""

    promise: Promised
    references: References
    """Whose texts both are scored against."""
    rows: Count
    """Validation articles that the threshold was calibrated on."""
    fitted: Count
    """Others, that the confidence was fitted on."""
    rows_needed: Count
    """Fewest rows with which the promise could be given: if none of them were bad."""
    threshold: float | None = None
    """The student answers alone where its confidence is this or more; None: never."""
    share_local: Figure
    """Percent, at the threshold; 0 where there is none."""
    risk: Figure
    bound: Figure | None = None
    confidence: dict[str, Any]
    """How signals become a confidence; see `Confidence.from_record` in
    understudy/serving/confidence.py."""
    watched: Watched | None = None
    """None where nothing can be: too few rows."""
    left_out: Count = 0
    """Validation inputs whose call of the teacher failed or, where its answers are the
    references, gave no summary; in none of the counts above. An answer that is no label is in
    them: no student's label agrees with it."""
    weights: str
    """Hash of the model's weights: of another model, nothing is promised."""
    teacher: dict[str, str]
    """`base_url` and `model` of whom it was compared with."""
    teacher_score: Figure | None = None
    """The same of the teacher alone on the calibrated rows; None where there is no row."""
    points: list[Point]
    """From the strictest threshold to the loosest, evenly spaced where there are many; the one at
    `threshold` is among them."""

    @staticmethod
    def path_of(system: str) -> Path:
        """Where a system's file is."""
        return CALIBRATIONS / f"{system}.json"
