"""Which verdicts changed."""

from typing import Any

from understudy.tools.reviewing.pairs import VerdictChange, compare_verdicts

PAIR = "t5-written-minus-lead-3"


def gap(better: int = 0, equivalent: int = 0, needed: int | None = None) -> dict[str, Any]:
    figures = {"f1": 1.0, "better": better, "equivalent": equivalent}
    return {"gap": {PAIR: {"rouge1": figures | ({"articles_needed": needed} if needed else {})}}}


def test_a_changed_verdict_names_both_systems_and_both_verdicts() -> None:
    changes, reason = compare_verdicts(gap(equivalent=1), gap(better=-1))
    assert changes == [VerdictChange("t5-written", "lead-3", "rouge1", "equivalent", "worse")]
    assert reason is None


def test_another_estimate_is_no_other_verdict() -> None:
    assert compare_verdicts(gap(needed=300), gap(needed=4000)) == ([], None)
    assert compare_verdicts(gap(better=1), gap(better=1)) == ([], None)


def test_pairs_of_one_side_are_told() -> None:
    other = {"gap": {"a-minus-b": gap(better=1)["gap"][PAIR]}}
    changes, _ = compare_verdicts(gap(better=1), other)
    assert changes == [
        VerdictChange("a", "b", "rouge1", None, "better"),
        VerdictChange("t5-written", "lead-3", "rouge1", "better", None),
    ]


def test_a_version_without_verdicts_is_said() -> None:
    older = {"gap": {"t5": {"rouge1": {"f1": -1.0, "f1_low": -2.0}}, "note": 3}}
    assert compare_verdicts(older, gap(better=1))[1] == (
        "The base's `metrics/gap.json` has no verdicts to compare with."
    )
    changes, reason = compare_verdicts(gap(better=1), older)
    assert changes == []
    assert reason == "The workspace's `metrics/gap.json` has no verdicts: run `dvc repro`."
    assert compare_verdicts(gap(), {})[1] == reason
