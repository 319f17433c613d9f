"""understudy review of a branch whose students were trained with several seeds, as its base's."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.project import Project
from tests.tools.reviewing.reviewer import Reviewer, rows, section, set_gates
from tests.tools.reviewing.scratch import Found, copy, run, start
from understudy.rendering.verdicts import UNKNOWN
from understudy.tools.reviewing.gates import GateError
from understudy.tools.reviewing.gather import gather_review
from understudy.tools.reviewing.noise import MeanChange
from understudy.tools.reviewing.page import build_page
from understudy.tools.reviewing.verdict_changes import VerdictChange

BASE = Found(seeds={13: 0.0, 14: -4.0, 15: 4.0})
LOWER = replace(
    BASE,
    better={"t5-written": -3.0, "bart-written": -20.0},
    seeds={13: 0.0, 14: 6.0, 15: -1.5},
    weights="again",
)
"""What ships is 3 and 20 points lower, the means over seeds 1.5 and 18.5."""


@pytest.fixture(scope="module")
def retrained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A branch on which t5-written was trained again."""
    project = start(tmp_path_factory.mktemp("seeds") / "work" / "project", BASE)
    project.run("git", "checkout", "--quiet", "-b", "again")
    run(project, LOWER)
    return project


@pytest.fixture
def project(retrained: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return copy(retrained, tmp_path, monkeypatch)


def test_a_fall_is_called_one_beyond_what_seeds_explain(project: Project, review: Reviewer) -> None:
    text = review.text("main")
    assert "Scores of 2 of 6 systems changed, ROUGE-1 F1 beyond noise in `bart-w" in text
    scores = section(text, "Scores")
    assert scores.startswith("Recipes: means over the seeds of each side, compared for other seeds")
    recipe, _, _, model, *_ = rows(scores, "t5-written")
    assert recipe[4].startswith("−1.50")
    assert recipe[5] == "within noise"
    assert model[4].startswith("−3.00 (−3.")
    assert model[5] == "beyond the articles' noise"
    assert "Models that ship: these weights, compared for articles like these." in scores
    assert "One seed" not in scores
    assert "for recipes that of training too" in scores
    drop = "systems.{}.rouge1.f1"
    set_gates(project, shown_drop={drop.format(name): 0 for name in ("t5-written", "bart-written")})
    text = review.text("main")
    assert "ROUGE-1 F1 beyond noise in `bart-written` −18.50; " in text
    assert rows(section(text, "Scores"), "bart-written")[0][5] == "**beyond noise**"
    assert isinstance(review.error, GateError)
    problem = str(review.error)
    assert "1 of 2 gates not held: review.shown_drop systems.bart-written.rouge1.f1: its" in problem
    assert "its mean over seeds fell by 18.5, from 42.4209 to 23.9209 (" in problem


def test_what_stages_write_is_no_input_in_a_folder_that_is_read(
    project: Project, review: Reviewer
) -> None:
    changed = [change["key"] for change in review.json()["inputs"]]
    assert [key for key in changed if "seeds" in key] == []
    assert [key for key in changed if key.startswith("made/")] != []


def test_a_bound_of_seeds_can_be_a_gate(project: Project, review: Reviewer) -> None:
    run(project, replace(LOWER, seeds={13: 0.0}))
    set_gates(project, minimum={"seeds.t5-written.rouge1.f1_low": 10})
    text = review.text("main")
    assert isinstance(review.error, GateError)
    assert "f1_low: needs two seeds: t5-written has one seed in the" in str(review.error)
    assert "| **needs two seeds** | `minimum` | `seeds.t5-written.rouge1.f1_low` |" in text
    assert (
        "One seed on a side: `t5-written`, `bart-written`. The change holds only for these" in text
    )
    assert "ROUGE-1 F1 beyond noise in `t5-written` −3.00 (one seed), `bart" in text


def test_recipes_decide_what_is_said_and_their_verdicts_stand_apart(project: Project) -> None:
    found = gather_review("main")
    shown = MeanChange(41.0, 37.0, -5.0, -3.0)
    changes = [
        replace(change, recipe=shown, beyond_noise=True)
        if (change.system, change.kind, change.measure) == ("t5-written", "rouge1", "f1")
        else change
        for change in found.scores.changed
    ]
    page = build_page(replace(found, scores=replace(found.scores, changed=changes)))
    assert "ROUGE-1 F1 beyond noise in `t5-written` −4.00, `bart-written` −18.50; " in page
    row = rows(section(page, "Scores"), "t5-written")[0]
    assert row[2:] == ["41.00", "37.00", "−4.00 (−5.00 to −3.00)", "**beyond noise**"]

    def change(old: str, new: str, scope: str) -> VerdictChange:
        return VerdictChange("t5-written", "t5-gold", "rouge1", old, new, scope)  # type: ignore[arg-type]

    verdicts = [
        change("equivalent", "worse", "model"),
        change("equivalent", "undecided", "recipe"),
        change(UNKNOWN, "better", "recipe"),
    ]
    page = build_page(replace(found, verdicts=verdicts))
    told = [line for line in section(page, "Verdicts").splitlines() if line]
    pair = "- `t5-written` against `t5-gold`, ROUGE-1 F1:"
    assert told == [
        "This model (these weights, on articles like these):",
        f"{pair} equivalent → worse",
        "This recipe (trained again, on articles like these):",
        f"{pair} equivalent → undecided",
        "1 verdict on recipes is known on one side only, as the other has one seed; "
        "`understudy review --json` has it.",
    ]
