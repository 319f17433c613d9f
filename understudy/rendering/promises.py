"""When a student answers alone, and what is promised of it, in words."""

from understudy.contract.calibration import Promised, SystemCalibration
from understudy.contract.kind import this_kind
from understudy.rendering.figures import count, percent


def describe_promise(found: SystemCalibration) -> str:
    """One sentence without a stop: what is promised, or why nothing is."""
    if found.threshold is None:
        return f"never answers alone: {explain_refusal(found)}"
    return f"answers {percent(found.share_local)} of requests alone; {word_promise(found.promise)}"


def word_promise(promise: Promised) -> str:
    """The promise itself, without a stop."""
    whole = "all" if promise.horizon is None else f"the next {count(promise.horizon)}"
    kind = this_kind()
    bad = f"and worse than the teacher by more than {promise.delta:g} points of {kind.title()}"
    if kind.has_labels:
        bad = f"with another {kind.answer} than the teacher's"
    return (
        f"with {_share(promise.confidence)} confidence, at most {_share(promise.epsilon)} of "
        f"{whole} requests are answered by the student {bad}"
    )


def explain_refusal(found: SystemCalibration) -> str:
    """Why nothing can be promised, without a stop; empty where something is."""
    if found.threshold is not None:
        return ""
    if found.rows < found.rows_needed:
        return (
            f"{count(found.rows)} validation {this_kind().inputs} to calibrate on are too few; "
            f"{count(found.rows_needed)} are needed if no answer is bad, and half as many again to "
            "fit the confidence on"
        )
    if not found.points:
        return "none of its answers has a confidence"
    first = found.points[0]
    return (
        f"it is too often worse where it is most sure: at the strictest threshold it answers "
        f"{percent(first.share_local)} of requests, and {percent(first.risk)} of all are bad "
        f"(up to {percent(first.bound)}, and {_share(found.promise.epsilon)} are allowed)"
    )


def _share(share: float) -> str:
    return f"{100 * share:.4g}%"
