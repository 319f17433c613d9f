"""Cards of students that learned from labels, with gold references and with the teacher's own."""

import re

import pytest

from stages.cards.card import CardFacts, build_card
from tests.contract.examples import (
    LABELLED_ALONE,
    make_call_counts,
    make_gap,
    make_origin,
    make_recipe_gap,
    make_recipes,
    make_trained_seeds,
)
from tests.stages.carding import check_blocks
from tests.stages.cards.examples import (
    ANSWERED,
    FAILED,
    WITH_SEEDS,
    agreeing,
    distinct_systems,
    facts_of,
    front_matter,
)
from tests.stages.datacards.examples import teacher_at
from understudy.contract.answered import Answered
from understudy.contract.lineup import Lineup
from understudy.contract.names import LEAD, TITLES, ZEROSHOT

HEADINGS = (
    "Training data", "Scores", "Verdicts", "When it answers alone", "Use", "Limits", "Settings",
)  # fmt: skip


def headings(card: str) -> list[str]:
    return re.findall(r"^## (.*)$", card, re.MULTILINE)


def test_a_labelled_student_says_who_wrote_its_highlights_and_what_was_dropped() -> None:
    text = build_card(facts_of("t5-labelled"))
    assert "learned from the answers of `labeller-1` to the data set's articles." in text
    assert "The articles come from Understudy's sample, an invented corpus. The highlights" in text
    assert (
        "The highlights are the answers of `labeller-1` to the task's own prompt; no gold" in text
    )
    assert (
        "Of 1,400 rows asked about to learn from, 1,286 were kept (dropped: 14 `failed`, 100 "
        "`not_json`); of 70 for validation, 66 (dropped: 4 `not_json`)."
    ) in text
    assert "Teacher: `writer` at `https://chat.example`, which answered as `labeller-1`" in text
    assert "learned from articles under 2,048 characters and was tested on articles under 2" in text
    assert "synthetic-data" in (front_matter(text).tags or [])
    assert "writer-1" not in text


def test_against_gold_a_labelled_student_is_scored_like_any_other() -> None:
    text = build_card(facts_of("t5-labelled"))
    assert headings(text) == list(HEADINGS)
    assert "words in common with gold highlights" in text
    assert "agree" not in text.lower()
    for other in ("t5-gold", "t5-written", "zeroshot", "lead-3"):
        assert f"- `t5-labelled` is better than `{other}`: +4.0 (+2.5 to +5.5)\n" in text
    assert "- `bart-labelled` is better than `t5-labelled`: +4.0 (+2.5 to +5.5)\n" in text


def test_labels_out_of_logs_are_counted() -> None:
    calls = make_call_counts(model="labeller-1", imported=1350, calls=1400)
    answered = Answered.model_validate({**ANSWERED["label"].to_json(), "calls": calls})
    text = build_card(facts_of("t5-labelled", answered=answered))
    assert "task's own prompt, 1,350 of 1,400 imported from logs; no gold text is among" in text
    assert "logs" not in build_card(facts_of("t5-labelled"))
    calls = make_call_counts(model="labeller-1", imported=1400, calls=1400)
    answered = Answered.model_validate({**ANSWERED["label"].to_json(), "calls": calls})
    text = build_card(facts_of("t5-labelled", answered=answered))
    assert "task's own prompt, all imported from logs; no gold text is among" in text


def test_against_the_teachers_answers_every_figure_is_called_agreement() -> None:
    text = build_card(agreeing())
    assert headings(text) == [
        name.replace("Scores", "Agreement with the teacher") for name in HEADINGS
    ]
    assert (
        "There are no gold texts: the references are the teacher's own answers. Every figure and "
        "every verdict says how far a system **agrees with the teacher**; none says how good it is."
    ) in text
    assert "ROUGE against the teacher's own answers on 176 of 180 test articles" in text
    assert "The teacher is `writer-2`." in text
    assert "words in common with the teacher's own answers; it does not check facts" in text
    results = front_matter(text).eval_results or []
    assert [result.metric_name for result in results] == [
        f"{title} F1 (agreement with the teacher)" for title in TITLES.values()
    ]


def test_against_the_teachers_answers_nothing_is_called_gold_or_quality() -> None:
    for facts in (agreeing(), agreeing("bart-labelled", origin=make_origin("files"))):
        text = build_card(facts)
        assert "gold highlights" not in text
        assert "quality" not in text.lower()
        assert ZEROSHOT not in text
        rows = [line for line in text.splitlines() if line.startswith("| `")]
        assert [row.split("`")[1] for row in rows] == [facts.settings.system, LEAD]
    assert "- `t5-labelled` is better than `lead-3`" in build_card(agreeing())
    said = "On agreement with the teacher (ROUGE-1 F1), with 95% intervals, corrected for 3 compar"
    assert said in build_card(agreeing())


def test_agreement_with_the_samples_rules_is_called_that() -> None:
    text = build_card(agreeing(teacher=teacher_at("embedded")))
    assert "The teacher is the sample's embedded rules (`writer-2`, no language model)." in text


def in_lineup(system: str, lineup: Lineup, seeds: int = 1) -> CardFacts:
    systems = distinct_systems(lineup)
    return facts_of(
        system,
        seeds=make_trained_seeds(seeds),
        systems=systems,
        gap=make_gap(lineup=lineup),
        recipes=make_recipes(seeds, systems),
        recipe_gap=make_recipe_gap(seeds, lineup=lineup),
    )


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize(
    ("system", "lineup", "others", "pairs"),
    [
        ("t5-gold", Lineup(("gold",)), ["bart-gold", "lead-3", "zeroshot"], 6),
        (
            "bart-labelled",
            Lineup(("gold", "labelled")),
            ["bart-gold", "lead-3", "t5-labelled", "zeroshot"],
            13,
        ),
        ("t5-labelled", Lineup(("labelled",)), ["bart-labelled", "lead-3", "zeroshot"], 6),
        ("bart-labelled", LABELLED_ALONE, ["lead-3", "t5-labelled"], 3),
    ],
)
def test_a_card_compares_with_the_systems_that_are_there(
    system: str, lineup: Lineup, others: list[str], pairs: int, seeds: int
) -> None:
    text = build_card(in_lineup(system, lineup, seeds))
    section = text[text.index("## Verdicts") : text.index("## Use")]
    named = set(re.findall(r"`([a-z0-9]+-?[a-z0-9]*)`", section)) - {system}
    assert sorted(named) == others
    assert f"corrected for {pairs} comparisons." in section


def test_blocks_are_set_apart_by_one_blank_line() -> None:
    for facts in (
        *(facts_of(), facts_of(**WITH_SEEDS), facts_of("t5-labelled"), agreeing()),
        facts_of("bart-gold", check=FAILED, origin=make_origin("hub")),
        in_lineup("t5-gold", Lineup(("gold",))),
        in_lineup("t5-labelled", LABELLED_ALONE, 3),
    ):
        check_blocks(build_card(facts), len(HEADINGS))
        assert build_card(facts).endswith("\n```\n")
