"""Verdicts in words."""

import re
from pathlib import Path
from typing import Any

import pytest

from stages.report.claims import build_headlines, build_questions
from stages.report.inputs import ReportFacts, gather
from stages.report.page import render
from tests.contract.examples import (
    SYSTEMS,
    TRAINED,
    make_difference,
    make_pair,
    make_recipe_gap,
    make_recipes,
)
from tests.stages.report.inputs import write_json
from understudy.contract.recipes import RecipeDifference, RecipeGap, Recipes
from understudy.core.files import read_json


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
            "This T5 learned less from written articles: 12.9 points below gold pairs.",
        ),
        (
            "better",
            2.04,
            "This T5 learned more from written articles: 2.0 points above gold pairs.",
        ),
        (
            "equivalent",
            -0.2,
            "This T5 learned as much from written articles as from gold pairs, within 1 point.",
        ),
        (
            "undecided",
            0.9,
            "This T5: 3 test articles don’t tell whether written articles teach as well as gold "
            "pairs.",
        ),
        ("identical", 0.0, "This T5 writes the same from written articles as from gold pairs."),
        ("void", 0.0, "This T5: written articles against gold pairs is void, both are empty."),
    ],
)
def test_the_main_claim_is_its_verdict(
    verdict: str, f1: float, sentence: str, project: Path
) -> None:
    first = build_headlines(judge(project, verdict, f1))[0]
    assert (first.student, first.sentence) == ("t5", sentence)
    assert first.verdict.figures.verdict == verdict


def test_the_page_shows_difference_interval_p_and_what_would_decide(project: Path) -> None:
    page = render(judge(project, "undecided", 0.25))
    assert "<b>+0.2</b> points of" in page
    assert "95% interval −1.2 to +1.8,\np 0.400." in page
    assert "Undecided, would need about 1,700 test articles." in page
    assert "\np &lt;0.001 for equivalence." in render(judge(project, "equivalent"))
    page = render(judge(project, "void", 0.0))
    assert "Void, both are empty." in page
    assert "∅</span> void</span> <small>both are empty</small>" in page


def test_each_source_has_a_claim_and_other_rouge_types_where_they_differ(project: Path) -> None:
    headlines = build_headlines(gather(100))
    assert [(one.student, one.sentence) for one in headlines] == [
        ("t5", "This T5 learned less from written articles: 12.9 points below gold pairs."),
        ("t5", "This T5 learned more from the teacher’s labels: 4.0 points above gold pairs."),
        (
            "bart",
            "This BART learned as much from written articles as from gold pairs, within 1 point.",
        ),
        ("bart", "This BART learned more from the teacher’s labels: 4.0 points above gold pairs."),
    ]
    assert {one.verdict.second.partition("-")[2] for one in headlines} == {"gold"}
    same, *_ = build_headlines(gather(100))
    assert same.others == "The same in ROUGE-2, ROUGE-L and ROUGE-Lsum."
    other, *_ = build_headlines(judge(project, "better"))
    assert other.others == "ROUGE-2: worse; ROUGE-L: worse; ROUGE-Lsum: worse."


def test_comparisons_stand_by_question_and_one_answer_for_all_stands_once(project: Path) -> None:
    questions = build_questions(gather(100), "rouge2")
    assert [len(question.verdicts) for question in questions] == [6, 6, 3, 7]
    pairs = [(v.first, v.second) for v in questions[0].verdicts]
    assert pairs == [
        (f"{student}-{later}", f"{student}-{earlier}")
        for student in ("t5", "bart")
        for later, earlier in (("written", "gold"), ("labelled", "gold"), ("labelled", "written"))
    ]
    assert [question.answer for question in questions] == [
        "Worse: t5-written against t5-gold; better: t5-labelled against t5-gold, t5-labelled "
        "against t5-written, bart-labelled against bart-gold and bart-labelled against "
        "bart-written; equivalent: bart-written against bart-gold.",
        "Better: t5-gold, t5-labelled, bart-gold and bart-labelled; worse: t5-written; equivalent: "
        "bart-written.",
        "Better: bart-gold and bart-labelled; equivalent: bart-written.",
        "Better: t5-gold, t5-labelled, bart-gold, bart-labelled and zeroshot; worse: t5-written; "
        "equivalent: bart-written.",
    ]
    better = {
        f"{system}-minus-lead-3": make_pair("better").model_dump()
        for system in set(SYSTEMS) - {"lead-3"}
    }
    answers = [q.answer for q in build_questions(change(project, "gap", **better), "rouge1")]
    assert answers[-1] == "Better: all 7."


WRITTEN = ("t5-written", "t5-gold")


def retrain(verdict: str, seeds: int = 3) -> ReportFacts:
    """The facts after recipes got this verdict where students learn from written articles."""
    make_recipes(seeds).write()
    make_recipe_gap(seeds, {WRITTEN: verdict}).write()
    return gather(100)


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        ("worse", "T5 learns less from written articles: 2.5 points below gold pairs."),
        (
            "equivalent",
            "T5 learns as much from written articles as from gold pairs, within 1 point.",
        ),
        (
            "undecided",
            "T5: 3 seeds on 3 test articles don’t tell whether written articles teach as well as "
            "gold pairs.",
        ),
        ("void", "T5: written articles against gold pairs is void, both are empty."),
    ],
)
def test_with_several_seeds_the_claim_is_on_recipes(
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
    # 21 pairs with a student, in each ROUGE type
    for subject in ("this recipe", "this model"):
        assert page.count(f'class="word"><small>{subject}</small>') == 84
    assert page.count('rowspan="2">') == 2 * 84 + len(TRAINED)
    assert "</span> <small>would need about 1,700 test articles</small>" in page
    assert "make profile" not in page


def test_with_one_seed_the_recipe_is_not_known_and_nothing_more_is_said(project: Path) -> None:
    page = " ".join(render(gather(100)).split())
    assert (
        "Every verdict is on <b>this model</b> (these weights, on articles like these). On <b>this "
        "recipe</b> (trained again, on articles like these) it is not known: one seed. "
        "With <code>seeds: [13, 14, 15]</code> in params.yaml, three of each are trained."
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
    first, _, second, _ = build_headlines(gather(100))
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
    # models score 47, 46, 45 and 42, 41, 40; the axis goes from -15 to 15
    (path,) = re.findall(r'd="([^"]*)" class="dots t5-written"', source.verdicts[0].chart)
    places = sorted(float(place) for place in re.findall(r"M(\S+) 50h0", path))
    assert places == [60, 63.33, 63.33, 66.67, 66.67, 66.67, 70, 70, 73.33]
    (path,) = re.findall(r'd="([^"]*)" class="dots t5-gold"', teacher.verdicts[0].chart)
    assert path.count("h0") == 3
