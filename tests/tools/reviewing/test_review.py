"""understudy review, on branches of a small repository that DVC has run and pushed."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.imports import ROOT
from tests.project import Project
from tests.tools.reviewing.reviewer import Reviewer, rows, section, set_gates
from tests.tools.reviewing.scratch import (
    ANSWER_USD,
    ARTICLES,
    HIGHLIGHTS,
    OTHER_PROMPT,
    OTHERS,
    WRITTEN,
    Found,
    run,
    write_answers,
)
from understudy.core.errors import UnderstudyError
from understudy.tools.reviewing.gates import GateError


@pytest.fixture(scope="module")
def page(pushed: Project) -> str:
    """The review of the branch, as the command prints it."""
    done = pushed.run("python", "-m", "understudy.tools", "review", "main")
    assert done.stderr == ""
    return done.stdout


# A branch that changes the article prompt


def test_a_changed_prompt_changes_written_rows_and_costs_its_new_calls(page: str) -> None:
    scores = section(page, "Scores")
    for system in WRITTEN:
        shown = rows(scores, system)
        assert [row[1] for row in shown] == ["ROUGE-1", "ROUGE-2", "ROUGE-L"]
        assert {row[5] for row in shown} == {"**beyond noise**"}
        change = OTHER_PROMPT.better[system]
        assert all(row[4].startswith(f"{change:+.2f} (".replace("-", "−")) for row in shown)
    for system in OTHERS:
        assert rows(scores, system) == []
    assert "Unchanged: `t5-gold`, `bart-gold`, `zeroshot`, `lead-3`." in scores
    assert "differences article by article" in scores
    assert "`prompts/generate.txt`" in section(page, "Params and inputs")
    assert rows(section(page, "Data"), "answers/generate.train.kept")[0][1:] == ["36", "30"]
    generate, zeroshot = (
        rows(section(page, "Teacher"), stage)[0] for stage in ("generate", "zeroshot")
    )
    cost = f"${HIGHLIGHTS * ANSWER_USD:.4f}"
    assert generate[1:] == [str(HIGHLIGHTS), cost, str(HIGHLIGHTS), cost, "0", "0"]
    assert zeroshot[3:] == ["0", "$0.00", str(ARTICLES), "0"]


def test_the_first_line_has_the_verdict_the_second_what_it_is_on(
    page: str, pushed: Project
) -> None:
    first, _, second, *_ = page.splitlines()
    assert first.startswith("**No gates are set.** Scores of 2 of 6 systems changed, ROUGE-1 F1 ")
    assert (
        "beyond noise in `t5-written` +12.00 (one seed), `bart-written` −2.00 (one seed); " in first
    )
    assert f"; {HIGHLIGHTS} new calls ($0.2760)" in first
    base, head = (pushed.run("git", "rev-parse", name).stdout[:10] for name in ("main", "HEAD"))
    assert second == (
        f"The workspace ({head} of `prompt`) compared with {base}, its merge base with `main`."
    )


def test_a_changed_verdict_is_told_in_words_and_changes_are_drawn(page: str) -> None:
    shown = section(page, "Verdicts").splitlines()
    line = next(line for line in shown if "`t5-written` against `t5-gold`, ROUGE-1 F1" in line)
    assert re.fullmatch(r"- .*: undecided, would need about [\d,]+ test articles → better", line)
    charts = re.findall(r"```mermaid\n(.*?)```", page, re.DOTALL)
    assert len(charts) == 2
    assert 'title "ROUGE-1 F1 (bars: now, line: base)"' in charts[0]
    assert 'title "Validation loss of t5-written (blue: now, orange: base)"' in charts[1]


def test_the_json_says_the_same_and_changes_nothing(project: Project, review: Reviewer) -> None:
    found = review.json()
    assert found["held"] is True
    assert found["revisions"]["commit"] == project.run("git", "rev-parse", "main").stdout.strip()
    f1 = {
        change["system"]: change
        for change in found["scores"]["changed"]
        if (change["kind"], change["measure"]) == ("rouge1", "f1")
    }
    assert set(f1) == set(WRITTEN)
    assert f1["t5-written"]["new"] - f1["t5-written"]["old"] == pytest.approx(12, abs=1e-3)
    assert f1["t5-written"]["low"] < 12 < f1["t5-written"]["high"]
    assert f1["t5-written"]["beyond_noise"] is True
    generate, zeroshot = found["calls"]
    assert generate["new"] == {"calls": HIGHLIGHTS, "usd": pytest.approx(HIGHLIGHTS * ANSWER_USD)}
    assert zeroshot["new"] == {"calls": 0, "usd": 0}
    assert found["storage"]["missing"] == []
    assert found["stale"] == []
    before = {p: p.stat().st_mtime_ns for p in Path("data").rglob("*")}
    review.text("main")
    assert project.run("git", "status", "--porcelain").stdout == ""
    assert {p: p.stat().st_mtime_ns for p in Path("data").rglob("*")} == before


def test_a_branch_without_changes_says_so(project: Project, review: Reviewer) -> None:
    text = review.text("HEAD")
    assert text.startswith("**No gates are set.** No score changed; no new calls.\n")
    assert "Unchanged: `t5-gold`, `t5-written`," in text
    for title in ("Verdicts", "Params and inputs", "Data"):
        assert section(text, title) == ""
    assert (
        section(text, "Artifacts") == "8 artifacts of `dvc.lock`: all are in the remote `storage`."
    )
    assert "<details>" not in text


def test_failed_calls_are_neither_new_nor_reused(project: Project, review: Reviewer) -> None:
    answers = Path("data/written/answers.parquet")
    write_answers(answers, OTHER_PROMPT.prompt, HIGHLIGHTS, failed=2)
    generate = review.json("prompt")["calls"][0]
    assert generate["now"]["calls"] == generate["reused"]["calls"] == HIGHLIGHTS - 2
    assert (generate["new"]["calls"], generate["failed"]) == (0, 2)
    write_answers(answers, OTHER_PROMPT.prompt, HIGHLIGHTS + 3)
    generate = review.json("prompt")["calls"][0]
    assert (generate["new"]["calls"], generate["reused"]["calls"]) == (3, HIGHLIGHTS)


def test_it_compares_with_the_merge_base_not_the_tip(project: Project, review: Reviewer) -> None:
    common = project.run("git", "rev-parse", "main").stdout.strip()
    project.run("git", "checkout", "--quiet", "main")
    run(project, Found(better={"t5-gold": 5.0}))
    project.run("git", "checkout", "--quiet", "prompt")
    project.run("dvc", "checkout", "--quiet")
    found = review.json("main")
    assert found["revisions"]["commit"] == common
    assert {change["system"] for change in found["scores"]["changed"]} == set(WRITTEN)


# Gates


def test_a_drop_beyond_the_gate_fails_after_the_whole_review(
    project: Project, tmp_path: Path
) -> None:
    set_gates(project, largest_drop={"systems.bart-written.rouge1.f1": 1.0})
    for name in ("requirements.lock", "pyproject.toml"):  # old, so that make sets nothing up
        (project.path / name).touch()
        os.utime(project.path / name, (0, 0))
    makefile = str(ROOT / "Makefile")
    done = project.run("make", "-f", makefile, "READY=params.yaml", "review", ok=False)
    assert done.returncode != 0
    assert done.stdout.startswith("**Gates not held: 1 of 1.** ")
    assert "### Teacher" in done.stdout
    assert (
        "| **not held** | `largest_drop` | `systems.bart-written.rouge1.f1` | fell by 2, from"
        in (done.stdout)
    )
    shown = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(shown) == 1
    assert "review.largest_drop systems.bart-written.rouge1.f1: fell by 2, from 42" in shown[0]
    assert shown[0].endswith("; at most 1 is allowed")


def test_gates_fail_without_a_metric_or_are_counted(project: Project, review: Reviewer) -> None:
    set_gates(project, minimum={"systems.t5-writen.rouge1.f1": 1})
    text = review.text("main")
    error: UnderstudyError | None = review.error
    assert isinstance(error, GateError)
    said = "minimum systems.t5-writen.rouge1.f1: the workspace has no such metric; did you mean "
    assert said in str(error)
    assert "systems.t5-written.rouge1.f1" in str(error)
    assert text.startswith("**Gates not held: 1 of 1.** ")
    assert "| **unknown metric** |" in text
    names = ("systems.t5-written.rouge1.f1", "answers/generate.train.kept")
    set_gates(project, minimum=dict.fromkeys(names, 30), largest_drop={names[0]: 0})
    text = review.text("main")
    assert review.error is None
    assert text.startswith("**Gates held: 3.** ")
    assert "- This branch changes the gates themselves; see the params." in text
    assert "| held | `minimum` | `answers/generate.train.kept` | 30 is at least 30 |" in text
    assert "did not fall; at most 0 is allowed |" in text
    assert rows(text, "review.minimum.answers/generate.train.kept") != []
    # Their names have dots, as DVC's own names of params do
    assert "Data and pipelines are up to date." in project.run("dvc", "repro").stdout


def test_a_drop_from_what_the_base_lacks_is_not_comparable(
    project: Project, review: Reviewer
) -> None:
    texts = project.path / "made" / "scored" / "texts.json"
    texts.write_text(json.dumps({"t5-written": {"novel1": 3.0, "novel5": 2.5}}), encoding="utf-8")
    project.run("dvc", "repro", "--quiet")
    set_gates(project, largest_drop={"texts.t5-written.novel5": 0.5})
    text = review.text("main")
    assert review.error is None
    assert "| not comparable | `largest_drop` | `texts.t5-written.novel5` |" in text


def test_gates_are_numbers(project: Project, review: Reviewer) -> None:
    name = "systems.t5-written.rouge1.f1"
    refused: list[tuple[str, Any, str]] = [
        ("minimum", {name: "30"}, "expected a number"),
        ("minimum", {"systems": {"t5-written": 30}}, "expected a number"),
        ("minimum", {name: float("nan")}, "expected a finite number"),
        ("largest_drop", {name: -1}, "greater than or equal to 0"),
        ("minimum", None, "expected keys with values"),
    ]
    for gate, value, shown in refused:
        set_gates(project, **{"minimum": {}, "largest_drop": {}, gate: value})
        assert review.text("main") == ""
        assert re.search(rf"^params.yaml: review.{gate}.* = .*{shown}", str(review.error))
