"""Verdicts in words."""

import re
from pathlib import Path
from typing import Any

import pytest

from stages.report.claims import build_headlines, build_questions
from stages.report.inputs import ReportFacts, gather
from stages.report.notice import build_label
from stages.report.length import build_length, describe_length
from stages.report.page import render
from tests.contract.examples import (
    make_calls,
    make_difference,
    make_lengths,
    make_origin,
    make_pair,
    make_recipe_gap,
    make_recipes,
    make_teacher,
)
from tests.stages.report.inputs import make_articles, write_json, write_project
from understudy.contract.names import TRAINED
from understudy.contract.recipes import RecipeDifference, RecipeGap, Recipes
from understudy.core.files import read_json

ARTICLES = make_articles(3)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, ARTICLES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def change(project: Path, name: str, **parts: Any) -> ReportFacts:
    """The facts after some keys of a metrics file got other values."""
    path = project / "metrics" / f"{name}.json"
    write_json(path, {**read_json(path), **parts})
    return gather(100)


def judge(project: Path, verdict: str, f1: float = 3.0) -> ReportFacts:
    first = make_difference(verdict, f1)
    pair = make_pair("worse").model_copy(update={"rouge1": first})
    return change(project, "gap", **{"t5-written-minus-t5-gold": pair.model_dump()})


@pytest.mark.parametrize(
    ("verdict", "f1", "sentence"),
    [
        (
            "worse",
            -12.88,
            "This T5 learned less from written articles: 12.9 points below gold ones.",
        ),
        ("better", 2.04, "This T5 learned more from written articles: 2.0 points above gold ones."),
        (
            "equivalent",
            -0.2,
            "This T5 learned as much from written articles as from gold ones, within 1 point.",
        ),
        (
            "undecided",
            0.9,
            "This T5: 3 test articles don’t tell whether written articles teach as well as gold "
            "ones.",
        ),
        ("identical", 0.0, "This T5 writes the same from written articles as from gold ones."),
        ("void", 0.0, "This T5: written articles against gold ones is void, both are empty."),
    ],
)
def test_the_main_claim_follows_its_verdict(
    verdict: str, f1: float, sentence: str, project: Path
) -> None:
    first = build_headlines(judge(project, verdict, f1))[0]
    assert (first.student, first.sentence) == ("t5", sentence)
    assert first.verdict.figures.verdict == verdict


def test_the_page_shows_difference_interval_p_and_how_many_articles_would_decide(
    project: Path,
) -> None:
    page = render(judge(project, "undecided", 0.25))
    assert "<b>+0.2</b> points of" in page
    assert "95% interval −1.2 to +1.8,\np 0.400." in page
    assert "Undecided, would need about 1,700 test articles." in page
    assert "\np &lt;0.001 for equivalence." in render(judge(project, "equivalent"))
    page = render(judge(project, "void", 0.0))
    assert "Void, both are empty." in page
    assert "∅</span> void</span> <small>both are empty</small>" in page


def test_other_rouge_types_are_named_where_they_differ(project: Path) -> None:
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


def test_one_answer_for_all_is_given_once(project: Path) -> None:
    pairs = {
        f"{system}-minus-lead-3": make_pair("better").model_dump()
        for system in ("t5-gold", "t5-written", "bart-gold", "bart-written", "zeroshot")
    }
    answers = [q.answer for q in build_questions(change(project, "gap", **pairs), "rouge1")]
    assert answers[-1] == "Better: all 5."


WRITTEN = ("t5-written", "t5-gold")


def retrain(verdict: str, seeds: int = 3) -> ReportFacts:
    """The facts after recipes got this verdict where students learn from written articles."""
    make_recipes(seeds).write()
    make_recipe_gap(seeds, {WRITTEN: verdict}).write()
    return gather(100)


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        ("worse", "T5 learns less from written articles: 2.5 points below gold ones."),
        (
            "equivalent",
            "T5 learns as much from written articles as from gold ones, within 1 point.",
        ),
        (
            "undecided",
            "T5: 3 seeds on 3 test articles don’t tell whether written articles teach as well as "
            "gold ones.",
        ),
        ("void", "T5: written articles against gold ones is void, both are empty."),
    ],
)
def test_with_several_seeds_the_main_claim_is_on_the_recipe(
    verdict: str, sentence: str, project: Path
) -> None:
    first = build_headlines(retrain(verdict))[0]
    assert first.sentence == sentence
    assert first.verdict.judged.verdict == verdict
    assert first.verdict.figures.verdict == "worse"
    assert build_questions(retrain(verdict), "rouge2")[0].answer.lower().startswith(verdict)


def test_both_verdicts_are_given_and_say_what_they_cover(project: Path) -> None:
    page = " ".join(render(retrain("undecided")).split())
    assert (
        '<b>This recipe</b> <span class="soft">(trained again, on articles like these)</span>: '
        '<span class="verdict undecided"><span aria-hidden="true">?</span> undecided</span> '
        '<b>−2.5</b> points of <span class="unbroken">ROUGE-1 F1</span>, 95% interval −6.0 to '
        "+1.0, p 0.021. Undecided, would need about 1,700 test articles."
    ) in page
    assert (
        '<b>This model</b> <span class="soft">(these weights, on articles like these)</span>: '
        '<span class="verdict worse"><span aria-hidden="true">▼</span> worse</span> <b>−12.9</b>'
    ) in page
    # 12 pairs with a student, in each ROUGE type
    for subject in ("this recipe", "this model"):
        assert page.count(f'class="word"><small>{subject}</small>') == 48
    assert page.count('rowspan="2">') == 2 * 48 + len(TRAINED)
    assert "</span> <small>would need about 1,700 test articles</small>" in page
    assert "make profile" not in page


def test_with_one_seed_the_recipe_is_not_known_and_nothing_else_is_said_of_it(
    project: Path,
) -> None:
    page = " ".join(render(gather(100)).split())
    assert (
        "Every verdict is on <b>this model</b> (these weights, on articles like these). On <b>this "
        "recipe</b> (trained again, on articles like these) it is not known: one seed. "
        "<code>make profile NAME=seeds</code> trains three."
    ) in page
    assert page.lower().count("this recipe") == 2  # and a row of what each student is worth
    assert 'class="dots' not in page
    assert 'class="recipe' not in page


def test_a_student_with_one_seed_among_others_is_judged_as_it_is(project: Path) -> None:
    one, three = make_recipes(), make_recipes(3)
    mixed = {name: (three if name.startswith("t5") else one)[name] for name in TRAINED}
    Recipes.model_validate(mixed).write()
    known = dict(make_recipe_gap(3).items())
    known |= {name: pair for name, pair in make_recipe_gap().items() if "bart" in name}
    RecipeGap.model_validate(known).write()
    first, second = build_headlines(gather(100))
    assert first.sentence.startswith("T5: 3 seeds on 3 test articles")
    assert second.sentence.startswith("This BART learned as much")
    assert isinstance(second.verdict.recipe, RecipeDifference)
    assert 'class="dots' in first.verdict.chart
    assert 'class="dots' not in second.verdict.chart
    page = " ".join(render(gather(100)).split())
    assert '<span aria-hidden="true">·</span> not known: one seed</span></p>' in page
    assert '<td role="cell" class="number" data-head="p">–</td>' in page
    assert "None" not in page.partition('<script type="application/json"')[0]


def test_each_model_of_the_first_minus_each_of_the_second_is_a_dot(project: Path) -> None:
    facts = retrain("worse")
    source, teacher, *_ = build_questions(facts, "rouge1")
    # models score 47, 46, 45 and 42, 41, 40; the axis goes from -15 to 10
    (path,) = re.findall(r'd="([^"]*)" class="dots t5-written"', source.verdicts[0].chart)
    places = sorted(float(place) for place in re.findall(r"M(\S+) 50h0", path))
    assert places == [72, 76, 76, 80, 80, 80, 84, 84, 88]
    (path,) = re.findall(r'd="([^"]*)" class="dots t5-gold"', teacher.verdicts[0].chart)
    assert path.count("h0") == 3


@pytest.mark.parametrize(
    ("source", "model", "parts"),
    [
        ("sample", "embedded-rules-1", ["figures of the sample", "ChatGPT", "rules"]),
        ("sample", "gpt-6-luna", ["figures of the sample", "ChatGPT"]),
        ("files", "embedded-rules-1", ["set of rules", "ChatGPT"]),
        ("files", "gpt-6-luna", []),
        ("hub", "not-embedded-rules", []),
    ],
)
def test_a_sample_and_a_teacher_of_rules_are_called_that(
    source: str, model: str, parts: list[str], project: Path
) -> None:
    make_origin(source).write()
    make_teacher(generate=make_calls(model=model), zeroshot=make_calls(model=model)).write()
    label = build_label(gather(100))
    warning = " ".join(label.warning)
    assert bool(warning) == bool(parts)
    assert [part for part in parts if part not in warning] == []
    assert ("rules" in warning) == model.startswith("embedded-rules")
    assert (label.writer, label.summarizer) == (model, model)


def test_one_use_of_the_embedded_teacher_is_enough_for_the_label(project: Path) -> None:
    make_origin("files").write()
    make_teacher(generate=make_calls(model="gpt-6-luna")).write()
    assert "set of rules" in " ".join(build_label(gather(100)).warning)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("sample", "an invented corpus"),
        ("files", "your own files"),
        ("hub", "team/news 3.0.0, revision dddddddddddd"),
    ],
)
def test_the_corpus_is_named(source: str, name: str, project: Path) -> None:
    make_origin(source).write()
    assert build_label(gather(100)).corpus == name


def explained(*shares: float | None) -> dict[str, Any]:
    """metrics/length.json with these shares, students in order."""
    found = {}
    for (name, row), share in zip(make_lengths().to_json().items(), shares, strict=True):
        kept = {key: value for key, value in row.items() if key != "explained"}
        found[name] = kept if share is None else {**kept, "explained": share}
    return found


@pytest.mark.parametrize(
    ("shares", "finding"),
    [
        ([50.0, 50.0, 50.0, 50.0], "Length explains 50.0% of the differences"),
        ([20.0, None, 63.25, 140.0], "Length explains between 20.0% and 100.0% of"),
        ([-138.0, None, -5.0, -1.0], "Length does not explain it"),
        ([-138.0, None, 12.0, -1.0], "Length explains between 0.0% and 12.0% of"),
        ([None, None, None, None], "there is nothing to explain"),
    ],
)
def test_the_length_explanation_is_described_as_it_was_found(
    shares: list[float | None], finding: str, project: Path
) -> None:
    assert finding in describe_length(change(project, "length", **explained(*shares)))


def test_a_student_is_shown_as_it_is_and_cut(project: Path) -> None:
    shares = explained(-138.0, None, 63.25, 140.0)
    del shares["t5-gold"]["correlation"]
    facts = change(project, "length", **shares)
    _, rows = build_length(facts)
    assert [row.explained for row in rows] == [
        "length explains nothing: cutting widens it",
        "no difference in F1 to explain",
        "length explains 63.2%",
        "length explains all of it, and more",
    ]
    page = render(facts)
    assert "as it is, 40.0 words" in page
    assert "cut to 22.0 words" in page
    assert "+8.0 <small>+6.0 to +10.0</small>" in page
    assert page.count("rank correlation with extra words +0.31") == 3
    assert page.count("rank correlation with extra words –") == 1
