"""Which verdicts changed."""

from typing import Any

from tests.contract.examples import make_difference
from understudy.contract.recipes import RecipeDifference
from understudy.rendering.verdicts import UNKNOWN
from understudy.tools.reviewing.verdict_changes import VerdictChange, compare_verdicts

PAIR = "t5-written-minus-lead-3"


def gap(verdict: str = "undecided", **changed: int) -> dict[str, Any]:
    figures = make_difference(verdict).model_dump(exclude_none=True) | changed
    return {"gap": {PAIR: {"rouge1": figures}}}


def test_a_changed_verdict_names_both_and_another_estimate_is_none() -> None:
    changes, reason = compare_verdicts(gap("equivalent"), gap("worse"))
    assert changes == [VerdictChange("t5-written", "lead-3", "rouge1", "equivalent", "worse")]
    assert reason is None
    assert compare_verdicts(gap(articles_needed=300), gap(articles_needed=4000)) == ([], None)
    assert compare_verdicts(gap("better"), gap("better", f1=7)) == ([], None)


def test_pairs_of_one_side_are_told() -> None:
    other = {"gap": {"a-minus-b": gap("better")["gap"][PAIR]}}
    changes, _ = compare_verdicts(gap("better"), other)
    assert changes == [
        VerdictChange("a", "b", "rouge1", None, "better"),
        VerdictChange("t5-written", "lead-3", "rouge1", "better", None),
    ]


def test_a_version_without_verdicts_is_said() -> None:
    older = {"gap": {"t5": {"rouge1": {"f1": -1.0, "f1_low": -2.0}}, "note": 3}}
    assert compare_verdicts(older, gap("better"))[1] == (
        "The base's `metrics/gap.json` has no verdicts to compare with."
    )
    changes, reason = compare_verdicts(gap("better"), older)
    assert changes == []
    assert reason == "The workspace's `metrics/gap.json` has no verdicts: run `dvc repro`."
    assert compare_verdicts(gap(), {})[1] == reason


# Recipes


def both(**recipe: Any) -> dict[str, Any]:
    """A model that is equivalent, and what is said of its recipe."""
    figures = RecipeDifference(**{"f1": -2.0, "known": 1, **recipe}).model_dump(exclude_none=True)
    return {**gap("equivalent"), "recipes": {PAIR: {"rouge1": figures}}}


def of_recipe(old: str, new: str) -> list[VerdictChange]:
    return [VerdictChange("t5-written", "lead-3", "rouge1", old, new, "recipe")]


def test_a_changed_verdict_on_a_recipe_is_named_apart() -> None:
    changes, reason = compare_verdicts(both(equivalent=1), both(better=-1))
    assert changes == of_recipe("equivalent", "worse")
    assert reason is None
    undecided = both(articles_needed=1234, seeds_needed=7)
    changes, _ = compare_verdicts(both(better=-1), undecided)
    said = "undecided, would need about 1,200 test articles or 7 seeds"
    assert changes == of_recipe("worse", said)
    assert not changes[0].by_seeds
    assert compare_verdicts(undecided, both(seeds_needed=9))[0] == []
    changes, _ = compare_verdicts(both(better=1), both(moot="both_empty"))
    assert changes == of_recipe("better", "void, both are empty")


def test_one_seed_or_no_recipe_is_no_verdict_on_a_recipe() -> None:
    assert compare_verdicts(both(known=0), both(known=0))[0] == []
    changes, _ = compare_verdicts(both(known=0), both(better=-1))
    assert changes == of_recipe(UNKNOWN, "worse")
    assert changes[0].by_seeds
    assert compare_verdicts(gap("equivalent"), both(better=-1)) == ([], None)
    changes, _ = compare_verdicts(gap("worse"), both(better=-1))
    assert [change.scope for change in changes] == ["model"]
