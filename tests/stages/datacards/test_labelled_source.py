"""The data card of labelled pairs: whose words they are, and how they were asked for."""

from typing import Any

import pytest

from stages.datacards.card import DataCardFacts, build_card
from stages.datacards.survey import survey_source
from tests.contract.examples import make_answered, make_origin
from tests.stages.carding import check_blocks
from tests.stages.datacards.examples import (
    PARAMS,
    PROMPT,
    Surveys,
    answered_by,
    facts_of,
    front_matter,
    teacher_at,
)
from tests.stages.datacards.planted import ANSWERED, fill_project, list_rows, write_rows
from understudy.contract.origin import FilesOrigin


def labelled(surveys: Surveys, **changes: Any) -> DataCardFacts:
    return facts_of(surveys, "labelled", **changes)


def test_labels_are_called_the_teachers_or_the_rules_and_no_gold(surveys: Surveys) -> None:
    text = build_card(labelled(surveys))
    assert (
        "The articles are as the data set has them; **the highlights were written by `labeller-1`**"
        ", which was asked with the task's own prompt: they are its answers, not gold."
    ) in text
    assert f"were put into this prompt:\n\n```text\n{PROMPT}\n```" in text
    assert "`writer` at `https://chat.example`, asked with" in text
    assert "A usable answer became the highlights of a pair." in text
    assert "a student learns to agree with the teacher" in text
    assert "The highlights are gold" not in text
    assert "Written articles" not in text
    assert "generate." not in text
    assert front_matter(text)["tags"] == ["understudy", "synthetic-data"]
    assert front_matter(text).language_creators == ["machine-generated"]
    assert front_matter(text)["pretty_name"].endswith(
        "highlights that a chat model wrote from them"
    )
    text = build_card(labelled(surveys, teacher=teacher_at("embedded")))
    assert "written by the sample's embedded rules (`labeller-1`, no language model)**" in text
    assert "an invented corpus.** They show that" in text


def test_the_filters_named_are_those_that_chose_the_articles(surveys: Surveys) -> None:
    chosen = labelled(surveys).filter.model_copy(update={"near_duplicates": 0.85, "near_test": 0.7})
    text = build_card(labelled(surveys, filter=chosen))
    assert "Those of 0.85 or more were dropped before (`filter.near_duplicates`)." in text
    assert "`filter.near_test` is 0.7: such articles were dropped before." in text


@pytest.mark.parametrize("source", ["written", "labelled"])
def test_answers_out_of_logs_are_counted(surveys: Surveys, source: str) -> None:
    imported = answered_by(source, imported=1100, calls=1200)
    text = build_card(facts_of(surveys, source, answered=imported))
    assert "1,100 of 1,200 answers were imported from logs, the others were asked for." in text
    assert "imported" not in build_card(facts_of(surveys, source))
    imported = answered_by(source, imported=1200, calls=1200)
    text = build_card(facts_of(surveys, source, answered=imported))
    assert " All answers were imported from logs." in text
    assert "asked for." not in text


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (None, "rows whose answers disagree were kept: `label.min_agreement` is off."),
        (0.6, "a row below 60% was dropped (`label.min_agreement`)."),
    ],
)
def test_with_several_samples_their_agreement_is_told(
    surveys: Surveys, limit: float | None, said: str
) -> None:
    train = {"asked": 8, "kept": 5, "dropped": {"disagree": 3}, "agreement": 71.25}
    facts = labelled(surveys, answered=make_answered("label", train=train))
    several = facts.label.model_copy(update={"samples": 3, "min_agreement": limit})
    text = build_card(labelled(surveys, answered=facts.answered, label=several))
    assert "were put into this prompt, 3 times each:" in text
    assert "\nOf a row's 3 answers, the one that agrees most with the others became" in text
    assert "They agree in 71.2% of their words on average (F1 of words, of each two); " in text
    assert said in text
    assert "| dropped as `disagree` | the samples of the row did not agree | 3 | 0 |" in text
    written = build_card(facts_of(surveys, label=several))
    assert "samples" not in written
    assert "times each" not in written


def test_inputs_without_outputs_are_named_by_their_file(surveys: Surveys) -> None:
    files = {"inputs": {"path": "/private/calls.jsonl", "sha256": "i" * 64}}
    origin = FilesOrigin.model_validate({**make_origin("files").to_json(), "files": files})
    text = build_card(labelled(surveys, origin=origin))
    assert f"The articles are those of the file `calls.jsonl` (SHA-256 `{'i' * 64}`), as" in text
    assert "/private" not in text


def test_labels_are_counted_where_articles_have_no_gold_highlights(tmp_path: Any) -> None:
    fill_project(tmp_path)
    for name, rows in list_rows().items():
        if name.startswith("gold/"):
            blank: Any = [{**one, "highlights": None} for one in rows]
            write_rows(tmp_path / f"data/{name}.parquet", blank)
    survey, bins = survey_source(tmp_path / "data", "labelled", PARAMS, ANSWERED["label"])
    assert survey.contamination.test_articles == 1
    assert survey.contamination.highlights is None
    for text in ("article", "highlights"):
        assert sum(one.pairs for one in bins if one.text == text) == 5


def test_blocks_are_set_apart_by_one_blank_line(surveys: Surveys) -> None:
    train = {"asked": 8, "kept": 5, "dropped": {}, "agreement": 71.25}
    several = labelled(surveys).label.model_copy(update={"samples": 3})
    imported = answered_by("labelled", imported=3, reasoning_stripped=2, finish_reasons={"x": 1})
    agreed = make_answered("label", train=train)
    for facts in (
        *(facts_of(surveys), facts_of(surveys, teacher=teacher_at("embedded"))),
        facts_of(surveys, "gold", origin=make_origin("hub")),
        *(labelled(surveys), labelled(surveys, answered=imported)),
        labelled(surveys, answered=agreed, label=several),
        labelled(surveys, teacher=teacher_at("embedded"), origin=make_origin("hub")),
    ):
        check_blocks(build_card(facts), 8)
        assert build_card(facts).endswith("holds.\n")
