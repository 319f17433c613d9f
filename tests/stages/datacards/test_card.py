"""A data card: what the Hub reads in it, and what people read in it."""

import pytest
from huggingface_hub import DatasetCard

from stages.datacards.card import build_card
from tests.contract.examples import make_origin
from tests.stages.datacards.examples import (
    EACH_SOURCE,
    PROMPT,
    Surveys,
    answered_by,
    change_survey,
    drop_answers,
    facts_of,
    front_matter,
    teacher_at,
)
from tests.stages.datacards.planted import DATASET, LABELLER, WRITER
from understudy.contract.answered import HarvestedCounts
from understudy.contract.dataset import Dataset
from understudy.contract.origin import Redacted
from understudy.contract.params.sources import SOURCES


def cells(card: str, beginning: str) -> list[str]:
    """The other cells of the one row that begins so."""
    [found] = [line for line in card.splitlines() if line.startswith(f"| {beginning} |")]
    return [cell.strip() for cell in found.split("|")[2:-1]]


@EACH_SOURCE
def test_the_hubs_library_reads_the_card_and_writes_it_the_same(
    surveys: Surveys, source: str
) -> None:
    text = build_card(facts_of(surveys, source))
    card, data = DatasetCard(text), front_matter(text)
    assert str(card) == text
    assert card.text.startswith(f"\n# {source}\n")
    assert data.task_categories == ["summarization"]
    assert data.size_categories == ["n<1K"]
    assert data["tags"][0] == "understudy"
    files = data["configs"][0]["data_files"]
    assert {file["split"]: file["path"] for file in files} == {
        split: f"{split}.parquet"
        for split in ("train", "validation", "test")[: 3 if source == "gold" else 2]
    }


@pytest.mark.parametrize(
    ("pairs", "size"),
    [(999, "n<1K"), (1000, "1K<n<10K"), (63_423, "10K<n<100K"), (10**6, "1M<n<10M")],
)
def test_the_size_is_one_of_the_hubs_categories(surveys: Surveys, pairs: int, size: str) -> None:
    counts = {"train.pairs": pairs, "validation.pairs": 0, "test.pairs": 0}
    text = build_card(facts_of(change_survey(surveys, "gold", counts), "gold"))
    assert front_matter(text).size_categories == [size]
    assert f"{pairs:,} for train, 0 for validation and 0 for test" in text


def test_written_articles_are_called_that_and_gold_ones_have_no_writer(surveys: Surveys) -> None:
    text = build_card(facts_of(surveys))
    assert "**the articles were written by `writer-1`**, from the highlights alone" in text
    assert '`writer` at `https://chat.example`, asked with `{"top_p": 0.5}`.' in text
    assert "5 for train and 2 for validation." in text
    assert f"```text\n{PROMPT}\n```" in text
    assert front_matter(text)["tags"] == ["understudy", "synthetic-data"]
    assert front_matter(text).language_creators == ["machine-generated"]
    text = build_card(facts_of(surveys, "gold"))
    assert "Both are as the data set has them." in text
    assert not any(model in text for model in (WRITER, LABELLER))
    assert front_matter(text)["tags"] == ["understudy"]
    assert front_matter(text).language_creators is None


def test_pairs_of_served_requests_are_told_with_their_days(surveys: Surveys) -> None:
    answered = answered_by("labelled")
    assert answered.train
    asked, validation = answered.train.asked, answered.validation
    assert validation
    assert "served" not in build_card(facts_of(surveys, "labelled"))
    days = {"first_day": "2026-11-02", "last_day": "2026-11-28"}
    served = HarvestedCounts(rows=5, left_out=2, asked=3, kept=1, **days)
    facts = facts_of(
        surveys, "labelled", answered=answered.model_copy(update={"harvested": served})
    )
    text = build_card(facts)
    assert "as kept in `data/gold`, and of served requests. " in text
    assert (
        f"{asked - 3} of the training and {validation.asked} of the validation split were put into "
        "this prompt, and 3 served inputs:"
    ) in text
    assert (
        "\n\n**1 training pairs are from served requests**, first asked from 2026-11-02 to "
        "2026-11-28 while a student was on stage (`understudy harvest`): 3 of 5 inputs were asked "
        "about, 2 were left out, since"
    ) in text


def test_the_embedded_rules_are_called_that_and_the_sample_is_no_study(surveys: Surveys) -> None:
    text = build_card(facts_of(surveys, teacher=teacher_at("embedded")))
    assert "written by the sample's embedded rules (`writer-1`, no language model)**" in text
    assert "The teacher is a set of rules behind a chat endpoint" in text
    for source in SOURCES:
        assert "an invented corpus.** They show that" in build_card(facts_of(surveys, source))
        hub = facts_of(surveys, source, origin=make_origin("hub"))
        assert "an invented corpus" not in build_card(hub)


@EACH_SOURCE
def test_a_dataset_of_the_hub_is_named_with_its_commit(surveys: Surveys, source: str) -> None:
    text = build_card(facts_of(surveys, source, origin=make_origin("hub")))
    assert f"`team/news` on the Hugging Face Hub (config `3.0.0`, commit `{'d' * 40}`)" in text
    assert front_matter(text).source_datasets == ["team/news"]
    assert front_matter(text).language is None


@EACH_SOURCE
def test_own_files_are_shown_by_name_and_hash_alone(surveys: Surveys, source: str) -> None:
    text = build_card(facts_of(surveys, source, origin=make_origin("files")))
    assert f"`train.jsonl` (SHA-256 `{'t' * 64}`)" in text
    assert ("`test.jsonl`" in text) == (source == "gold")
    assert "/private" not in text


def test_what_was_dropped_and_why_adds_up_to_what_was_read(surveys: Surveys) -> None:
    text = build_card(facts_of(surveys, "gold"))
    assert cells(text, "rows read")[1:] == ["1,009", "3", "4"]
    assert cells(text, "dropped as `unusable`")[1:] == ["2", "0", "0"]
    assert cells(text, "dropped as `duplicate`") == [
        "the article stood in the split already",
        *("997", "0", "0"),
    ]
    assert cells(text, "dropped as `in_test`")[1:] == ["0", "1", "0"]
    assert cells(text, "kept")[1:] == ["8", "2", "4"]
    written = build_card(facts_of(surveys))
    assert cells(written, "rows asked about")[1:] == ["8", "2"]
    assert cells(written, "dropped as `refused`") == ["the teacher refused", "1", "0"]
    assert "`cut_off`" not in written
    assert cells(written, "kept")[1:] == ["5", "2"]


def test_the_endpoints_words_and_reasoning_stand_below_the_table(surveys: Surveys) -> None:
    words = {"stop": 5, "length": 2, "error": 1}
    answered = answered_by("written", finish_reasons=words, reasoning_stripped=4)
    text = build_card(facts_of(surveys, answered=answered))
    assert "the endpoint named `length` (2), `error` (1).\n" in text
    assert "\n4 answers began with the teacher's reasoning, which was taken off.\n" in text
    assert "reasoning" not in build_card(facts_of(surveys))


def test_every_reason_is_explained_and_others_are_counted_too(surveys: Surveys) -> None:
    on = {"near_test": 0.7, "near_duplicates": 0.8, "max_copied": 0.5}
    drops = ("drop_copies", "same_language", "drop_refusals", "drop_longer")
    strict = {**dict.fromkeys(drops, True), "min_words": 9, "samples": 3, "min_agreement": 0.5}
    facts = facts_of(surveys)
    reasons = {
        "written": facts.generate.model_copy(update=on).reasons,
        "labelled": (*facts.label.model_copy(update=strict).reasons, "not_json", "no_field"),
    }
    assert "disagree" in reasons["labelled"]
    for source, own in reasons.items():
        for reason in own:
            text = build_card(facts_of(surveys, source, answered=drop_answers(source, reason)))
            why, *counts = cells(text, f"dropped as `{reason}`")
            assert why.startswith("the "), reason
            assert counts == ["1", "0"]
    text = build_card(facts_of(surveys, answered=drop_answers("written", "of another version")))
    assert cells(text, "dropped as `of another version`") == ["", "1", "0"]


def test_table_1_of_the_study_stands_beside_rows_of_the_hub(surveys: Surveys) -> None:
    study = {"train": {"under_limit": 39_626}, "test": {"under_limit": 1_900}}
    counted = "1,005 for train, 3 for validation, 4 for test"
    text = build_card(facts_of(surveys, "gold"))
    assert f"{counted}." in text
    assert "Table 1" not in text
    dataset = Dataset.model_validate({**DATASET.to_json(), "study": study})
    text = build_card(facts_of(surveys, "gold", dataset=dataset))
    assert f"{counted}; in Table 1 of the study (Ding et al. 2024) they are 39,626 for" in text


def test_lengths_are_those_that_were_counted(surveys: Surveys) -> None:
    lengths = {"mean": 2000.4, "p5": 1100.0, "median": 2000.0, "p95": 2900.0, "max": 3000}
    words = {f"train.article.words.{name}": value for name, value in lengths.items()}
    changed = change_survey(surveys, "gold", {**words, "train.article.characters.mean": 12345.6})
    shown = cells(build_card(facts_of(changed, "gold")), "train article")
    assert shown == ["2,000", "1,100", "2,000", "2,900", "3,000", "12,346"]


FIGURES = {
    "test articles that a training article holds": ["2", "1", "1"],
    "of these, word for word and whole": ["1", "0", "1"],
    "highlights with 8 words or more in a row": ["0.0%", "40.0%", "20.0%"],
    "highlights with every sentence in it": ["0.0%", "20.0%", "20.0%"],
    "with a near copy among them": ["2", "0", "0"],
    "pairs of near copies": ["1", "0", "0"],
}
"""Of the planted pairs, by source."""


@EACH_SOURCE
def test_planted_copies_and_copied_highlights_are_shown(surveys: Surveys, source: str) -> None:
    text = build_card(facts_of(surveys, source))
    for name, figures in FIGURES.items():
        assert cells(text, name) == [figures[SOURCES.index(source)]], name
    assert "stand side by side in `metrics/report.html`" in text


def test_copies_of_gold_articles_are_a_matter_of_written_ones_alone(surveys: Surveys) -> None:
    text = build_card(facts_of(surveys))
    assert cells(text, "with a near copy among gold articles") == ["1"]
    assert cells(text, "gold articles with a near copy here") == ["1"]
    assert "which the teacher was not shown: 1." in text
    for source in ("gold", "labelled"):
        assert "among gold articles" not in build_card(facts_of(surveys, source))


def test_filters_are_described_as_they_were(surveys: Surveys) -> None:
    text = build_card(facts_of(surveys))
    assert "`generate.near_duplicates` is off" in text
    assert "`generate.near_test` is off" in text
    assert "`generate.max_copied`, which is off" in text
    on = {"near_duplicates": 0.85, "near_test": 0.7, "max_copied": 0.5}
    generate = facts_of(surveys).generate.model_copy(update=on)
    text = build_card(facts_of(surveys, generate=generate))
    assert "Those of 0.85 or more were dropped before (`generate.near_duplicates`)." in text
    assert "`generate.near_test` is 0.7: such articles were dropped before." in text
    assert "`generate.max_copied` = 0.5, which was on." in text
    assert "`filter.near_duplicates` is off" in build_card(
        facts_of(surveys, "gold", generate=generate)
    )


def test_of_an_endpoint_only_scheme_and_host_are_shown(surveys: Surveys) -> None:
    address = "https://me:secret@chat.example:8443/secret?key=secret#secret"
    text = build_card(facts_of(surveys, teacher=teacher_at(address)))
    assert "at `https://chat.example:8443`," in text
    assert "secret" not in text


def test_the_snippet_names_the_folder_of_the_card(surveys: Surveys) -> None:
    for source in ("gold", "written"):
        assert f'load_dataset("data/{source}")' in build_card(facts_of(surveys, source))


@EACH_SOURCE
def test_personal_data_that_was_replaced_is_counted_in_words(surveys: Surveys, source: str) -> None:
    assert "Personal data" not in build_card(facts_of(surveys, source))
    redacted = Redacted(emails=1200, phones=1, cards=0, names=2)
    origin = make_origin("files").model_copy(update={"redacted": redacted})
    text = build_card(facts_of(surveys, source, origin=origin))
    assert (
        "\n\nPersonal data was replaced before anything was written or sent: 1,200 e-mail "
        "addresses, 1 phone number, 0 card numbers, 2 names in all rows that `fetch` kept "
        "(`fetch.redact`).\n\n"
    ) in text
    assert "\n\n\n" not in text
