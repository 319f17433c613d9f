"""Which verdicts of metrics/gap.json changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from understudy.contract.names import KINDS
from understudy.contract.verdicts import describe, split_pair

NEEDED = ("equivalent", "better")


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
        of the articles that would decide is no change.
    """
    before, after = _read(old), _read(new)
    if not after:
        return [], "The workspace's `metrics/gap.json` has no verdicts: run `dvc repro`."
    if not before:
        return [], "The base's `metrics/gap.json` has no verdicts to compare with."
    changes = [
        VerdictChange(*split_pair(pair), kind, before.get(pair, {}).get(kind), verdict)
        for pair, verdicts in after.items()
        for kind, verdict in verdicts.items()
        if _first_word(before.get(pair, {}).get(kind)) != _first_word(verdict)
    ]
    gone = [
        VerdictChange(*split_pair(pair), kind, verdict, None)
        for pair, verdicts in before.items()
        for kind, verdict in verdicts.items()
        if kind not in after.get(pair, {})
    ]
    return [*changes, *gone], None


def _read(metrics: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The verdicts by pair and ROUGE type; none of a version that had no verdicts."""
    gap = metrics.get("gap", {})
    found = {
        str(pair): {
            kind: describe(figures[kind])
            for kind in KINDS
            if isinstance(figures.get(kind), Mapping) and all(n in figures[kind] for n in NEEDED)
        }
        for pair, figures in gap.items()
        if isinstance(figures, Mapping)
    }
    return {pair: verdicts for pair, verdicts in found.items() if verdicts}


def _first_word(verdict: str | None) -> str | None:
    return verdict and verdict.partition(",")[0]
