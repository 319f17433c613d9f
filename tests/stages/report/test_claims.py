"""Verdicts in words."""

from pathlib import Path
from typing import Any

import pytest

from stages.report.claims import build_headlines, build_questions
from stages.report.inputs import gather
from stages.report.label import build_label
from stages.report.length import build_length, tell_length
from stages.report.records import Facts
from tests.stages.report.inputs import (
    make_articles,
    make_calls,
    make_difference,
    make_length,
    make_pair,
    write_json,
    write_project,
)

ARTICLES = make_articles(3)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, ARTICLES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(project: Path, name: str, **parts: Any) -> Facts:
    """The facts after some keys of a metrics file got other values."""
    from understudy.core.files import read_json

    path = project / "metrics" / f"{name}.json"
    write_json(path, {**read_json(path), **parts})
    return gather(100)


def judge(project: Path, verdict: str, f1: float = 3.0) -> Facts:
    pair = {**make_pair(("t5-written", "")), "rouge1": make_difference(verdict, f1)}
    return change(project, "gap", **{"t5-written-minus-t5-gold": pair})


@pytest.mark.parametrize(
    ("verdict", "f1", "sentence"),
    [
        ("worse", -12.88, "T5 learns less from written articles: 12.9 points below gold ones."),
        ("better", 2.04, "T5 learns more from written articles: 2.0 points above gold ones."),
        (
            "equivalent",
            -0.2,
            "T5 learns as much from written articles as from gold ones, within 1 point.",
        ),
        (
            "undecided",
            0.9,
            "T5: 3 test articles don’t tell whether written articles teach as well as gold ones.",
        ),
    ],
)
def test_the_main_claim_is_told_by_its_verdict(
    verdict: str, f1: float, sentence: str, project: Path
) -> None:
    first = build_headlines(judge(project, verdict, f1))[0]
    assert (first.student, first.sentence) == ("t5", sentence)
    assert first.verdict.word == verdict


def test_an_open_verdict_says_how_many_articles_would_decide(project: Path) -> None:
    verdict = build_headlines(judge(project, "undecided"))[0].verdict
    assert verdict.told == "undecided, would need about 1,700 test articles"


def test_a_headline_has_difference_interval_and_p(project: Path) -> None:
    verdict = build_headlines(judge(project, "equivalent", 0.25))[0].verdict
    shown = (verdict.difference, verdict.interval, verdict.p, verdict.p_equivalent)
    assert shown == ("+0.2", "−1.2 to +1.8", "0.800", "<0.001")


def test_other_rouge_types_are_told_where_they_differ(project: Path) -> None:
    same, _ = build_headlines(gather(100))
    assert same.others == "The same in ROUGE-2, ROUGE-L and ROUGE-Lsum."
    other, _ = build_headlines(judge(project, "better"))
    assert other.others == "ROUGE-2: worse; ROUGE-L: worse; ROUGE-Lsum: worse."


def test_comparisons_stand_by_question_the_main_claim_first(project: Path) -> None:
    questions = build_questions(gather(100), "rouge2")
    assert [len(question.verdicts) for question in questions] == [2, 4, 2, 5]
    pairs = [(v.first, v.second) for v in questions[0].verdicts]
    assert pairs == [("t5-written", "t5-gold"), ("bart-written", "bart-gold")]
    assert [question.answer for question in questions] == [
        "Worse: T5; equivalent: BART.",
        "Better: t5-gold and bart-gold; worse: t5-written; equivalent: bart-written.",
        "Better: bart-gold; equivalent: bart-written.",
        "Better: t5-gold, bart-gold and zeroshot; worse: t5-written; equivalent: bart-written.",
    ]


def test_one_answer_for_all_is_told_once(project: Path) -> None:
    pairs = {
        f"{system}-minus-lead-3": make_pair((system, "lead-3"), "better")
        for system in ("t5-gold", "t5-written", "bart-gold", "bart-written", "zeroshot")
    }
    answers = [q.answer for q in build_questions(change(project, "gap", **pairs), "rouge1")]
    assert answers[-1] == "Better: all 5."


@pytest.mark.parametrize(
    ("origin", "model", "parts"),
    [
        ({"source": "sample"}, "embedded-rules-1", ["figures of the sample", "ChatGPT", "rules"]),
        ({"source": "sample"}, "gpt-6-luna", ["figures of the sample", "ChatGPT"]),
        ({"source": "files"}, "embedded-rules-1", ["set of rules", "ChatGPT"]),
        ({"source": "files"}, "gpt-6-luna", []),
        ({"source": "hub", "dataset": "a/b"}, "not-embedded-rules", []),
    ],
)
def test_a_sample_and_a_teacher_of_rules_are_called_that(
    origin: dict[str, str], model: str, parts: list[str], project: Path
) -> None:
    write_json(project / "data/raw/source.json", origin)
    calls = {**make_calls(0), "model": model}
    label = build_label(change(project, "teacher", generate=calls, zeroshot=calls))
    told = " ".join(label.warning)
    assert bool(told) == bool(parts)
    assert [part for part in parts if part not in told] == []
    assert ("rules" in told) == model.startswith("embedded-rules")
    assert (label.writer, label.summarizer) == (model, model)


def test_one_use_of_the_embedded_teacher_is_enough_for_the_label(project: Path) -> None:
    write_json(project / "data/raw/source.json", {"source": "files"})
    facts = change(project, "teacher", generate={**make_calls(0), "model": "gpt-6-luna"})
    assert "set of rules" in " ".join(build_label(facts).warning)


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ({"source": "sample"}, "an invented corpus"),
        ({"source": "files", "files": {}}, "your own files"),
        (
            {"source": "hub", "dataset": "team/news", "config": "3.0.0", "revision": "a" * 40},
            "team/news 3.0.0, revision aaaaaaaaaaaa",
        ),
    ],
)
def test_the_corpus_is_named(origin: dict[str, Any], name: str, project: Path) -> None:
    write_json(project / "data/raw/source.json", origin)
    assert build_label(gather(100)).corpus == name


def explained(*shares: float | None) -> dict[str, Any]:
    """metrics/length.json with these shares, students in order."""
    found = {}
    for (name, row), share in zip(make_length().items(), shares, strict=True):
        kept = {key: value for key, value in row.items() if key != "explained"}
        found[name] = kept if share is None else {**kept, "explained": share}
    return found


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ([50.0, 50.0, 50.0, 50.0], "Length explains 50.0% of the differences"),
        ([20.0, None, 63.25, 140.0], "Length explains between 20.0% and 100.0% of"),
        ([-138.0, None, -5.0, -1.0], "Length does not explain it"),
        ([-138.0, None, 12.0, -1.0], "Length explains between 0.0% and 12.0% of"),
        ([None, None, None, None], "there is nothing to explain"),
    ],
)
def test_the_length_explanation_is_told_as_it_was_found(
    shares: list[float | None], told: str, project: Path
) -> None:
    assert told in tell_length(change(project, "length", **explained(*shares)))


def test_a_student_is_shown_as_it_is_and_cut(project: Path) -> None:
    shares = explained(-138.0, None, 63.25, 140.0)
    del shares["t5-gold"]["correlation"]
    _, rows = build_length(change(project, "length", **shares))
    assert [row.explained for row in rows] == [
        "length explains nothing: cutting widens it",
        "no difference in F1 to explain",
        "length explains 63.2%",
        "length explains all of it, and more",
    ]
    first = rows[0]
    assert (first.words, first.zeroshot_words) == ("22.0", "40.0")
    assert (first.as_is["f1"], first.as_is["interval"]) == ("+8.0", "+6.0 to +10.0")
    assert (first.cut["recall"], first.cut["precision"]) == ("+3.0", "+5.0")
    assert [row.correlation for row in rows] == ["–", "+0.31", "+0.31", "+0.31"]
