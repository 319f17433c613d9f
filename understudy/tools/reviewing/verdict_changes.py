"""Which verdicts of metrics/gap.json changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from understudy.contract.document import READING
from understudy.contract.evaluation import Difference
from understudy.contract.names import KINDS, split_pair
from understudy.rendering.verdicts import describe_verdict


@dataclass(frozen=True)
class VerdictChange:
    """What is said of one system against another, by one ROUGE type's F1."""

    first: str
    second: str
    kind: str
    old: str | None
    """None where the base has no verdict on this pair."""
    new: str | None


def compare_verdicts(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> tuple[list[VerdictChange], str | None]:
    """Compares the verdicts of two sides' metrics, in words.

    Returns:
        The verdicts that are not the same, and why there may be more, if so. A changed estimate
        of how many articles would decide is no change.
    """
    before, after = _read_verdicts(old), _read_verdicts(new)
    if not after:
        return [], "The workspace's `metrics/gap.json` has no verdicts: run `dvc repro`."
    if not before:
        return [], "The base's `metrics/gap.json` has no verdicts to compare with."
    changes = []
    for pair, kind in dict.fromkeys([*after, *before]):
        verdicts = [side.get((pair, kind)) for side in (before, after)]
        words = [verdict and verdict.partition(",")[0] for verdict in verdicts]
        if words[0] != words[1]:
            changes.append(VerdictChange(*split_pair(pair), kind, *verdicts))
    return changes, None


def _read_verdicts(metrics: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """The verdicts by pair and ROUGE type; none of a version that had no verdicts."""
    verdicts = {}
    for pair, figures in metrics.get("gap", {}).items():
        for kind in KINDS if isinstance(figures, Mapping) else ():
            try:
                found = Difference.model_validate(figures.get(kind), context=READING)
            except ValidationError:
                continue
            verdicts[str(pair), kind] = describe_verdict(found)
    return verdicts
