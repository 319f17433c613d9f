"""Reviews of a classification: its scores, gates and verdicts, by the same code."""

from pathlib import Path

import pytest

from tests.contract.examples import make_gap, make_recipe_gap, make_recipes, make_systems
from tests.contract.label_examples import CLASSES
from understudy.contract.names import name_pair
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.params.review import ReviewParams
from understudy.tools.reviewing.gates import judge_gates
from understudy.tools.reviewing.scores import compare_scores
from understudy.tools.reviewing.verdict_changes import compare_verdicts
from understudy.versioning.changes import flatten, is_number
from understudy.versioning.snapshots import Snapshot

PARAMS = EvaluateParams(source="written", stemmer=True, resamples=500, seed=3, margin=1.0)
PAIR = ("gbdt-labelled", "gbdt-gold")


@pytest.fixture(autouse=True)
def _task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params.yaml").write_text("task: {kind: classification, labels: [a, b]}\n")
    monkeypatch.chdir(tmp_path)


def side(accuracy: float = 40.0, verdict: str = "better") -> Snapshot:
    """The metrics of a classification, with another accuracy of the first system."""
    systems = make_systems(CLASSES)
    metrics = {
        "systems": systems.to_json(),
        "gap": make_gap({PAIR: verdict}, CLASSES).to_json(),
        "seeds": make_recipes(1, systems).to_json(),
        "recipes": make_recipe_gap(1, lineup=CLASSES).to_json(),
    }
    metrics["systems"]["gbdt-gold"]["labels"] |= {
        "accuracy": accuracy, "accuracy_low": accuracy - 2, "accuracy_high": accuracy + 2
    }  # fmt: skip
    return Snapshot(None, metrics, {}, {}, {}, {}, None)


def test_a_change_of_accuracy_is_judged_with_its_noise() -> None:
    found = compare_scores(side(), side(52.0), PARAMS)
    assert found.unchanged == [name for name in CLASSES.systems if name != "gbdt-gold"]
    judged = {(one.kind, one.measure): one.beyond_noise for one in found.changed}
    assert judged == {("labels", "accuracy"): True, ("labels", "balanced"): False}


@pytest.mark.parametrize(("limit", "state"), [(45.0, "held"), (55.0, "not held")])
def test_gates_name_measures_of_labels(limit: float, state: str) -> None:
    name = "systems.gbdt-gold.labels.accuracy"
    old, new = side(60.0), side(52.0)
    params = ReviewParams(minimum={name: limit}, shown_drop={name: 8.0})
    before, after = (
        {key: leaf for key, leaf in flatten(one.metrics) if is_number(leaf)} for one in (old, new)
    )
    gates = judge_gates(params, before, after, compare_scores(old, new, PARAMS).changed)
    assert [gate.state for gate in gates] == [state, "held"]
    sd = ReviewParams(minimum={"seeds.gbdt-gold.labels.accuracy_low": 1.0})
    assert judge_gates(sd, before, after)[0].state == "needs two seeds"


def test_a_verdict_on_labels_that_changes_is_told_in_words() -> None:
    changes, problem = compare_verdicts(side().metrics, side(verdict="undecided").metrics)
    assert problem is None
    (change,) = changes
    assert name_pair(change.first, change.second) == name_pair(*PAIR)
    told = "undecided, would need about 1,700 test texts"
    assert (change.kind, change.old, change.new) == ("labels", "better", told)
