"""A data card: what the Hub reads in it, what people read in it, and that texts stay texts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from huggingface_hub import DatasetCard, DatasetCardData

from stages.datacards.card import build_card
from stages.datacards.facts import Asking, Dataset, Facts, Filtering, Generated, Writing
from stages.datacards.lengths import describe_lengths
from stages.datacards.survey import Split, Survey, survey_pairs
from tests.imports import ROOT
from tests.stages.datacards import DATASET, FILES, GENERATED, HUB, SAMPLE, WRITER, fill_project
from understudy.contract.origin import FilesOrigin, HubOrigin, SampleOrigin
from understudy.contract.params.datacards import DatacardsParams
from understudy.core.params import load_section

PROFILE = ROOT / "profiles" / "sample.yaml"
PROMPT = "Please write an article. '$highlights'"
PARAMS = load_section("datacards", DatacardsParams, PROFILE)
EACH_SOURCE = pytest.mark.parametrize("source", ["gold", "written"])
HOSTILE = (
    "x`y``z\n---\nlicense: mit\n\n# Title\n| a | b |\n```\n~~~\n<b>\u2028\u202e*'\"$[a](b): {} #"
    "\ud800"
)


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    folder = tmp_path_factory.mktemp("datacard")
    fill_project(folder)
    return survey_pairs(folder / "data", PARAMS)


def facts_of(survey: Survey, source: Any = "written", **changes: Any) -> Facts:
    """Facts as the stage gathers them; an OpenAI-compatible endpoint taught on the sample."""
    facts = Facts(
        source=source,
        survey=survey,
        origin=SampleOrigin.model_validate(SAMPLE),
        dataset=Dataset.model_validate(DATASET),
        generated=Generated.model_validate(GENERATED),
        writer=WRITER,
        prompt=PROMPT,
        asking=Asking(base_url="https://chat.example/v1", model="writer", request={"top_p": 0.5}),
        filtering=load_section("filter", Filtering, PROFILE),
        writing=load_section("generate", Writing, PROFILE),
        params=PARAMS,
    )
    return replace(facts, **changes)


def front_matter(card: str) -> DatasetCardData:
    data = DatasetCard(card).data
    assert isinstance(data, DatasetCardData)
    return data


def cells(card: str, beginning: str) -> list[str]:
    """The other cells of the one row that begins so."""
    [found] = [line for line in card.splitlines() if line.startswith(f"| {beginning} |")]
    return [cell.strip() for cell in found.split("|")[2:-1]]


def shape(markdown: str) -> list[str]:
    """The beginnings of all lines, which say what is a heading, a list, a table or code."""
    return [re.sub(r"\w+$", "", line[:2]) for line in markdown.splitlines()]


@EACH_SOURCE
def test_the_hubs_library_reads_the_front_matter_and_writes_the_same_bytes(
    survey: Survey, source: str
) -> None:
    text = build_card(facts_of(survey, source))
    card, data = DatasetCard(text), front_matter(text)
    assert str(card) == text
    assert card.text.startswith(f"\n# {source}\n")
    assert data.task_categories == ["summarization"]
    assert data.size_categories == ["n<1K"]
    assert data["tags"][0] == "understudy"
    files = data["configs"][0]["data_files"]
    assert {file["split"]: file["path"] for file in files} == {
        split: f"{split}.parquet" for split in survey.sources[source].splits
    }


@pytest.mark.parametrize(
    ("pairs", "size"),
    [(999, "n<1K"), (1000, "1K<n<10K"), (63_423, "10K<n<100K"), (10**6, "1M<n<10M")],
)
def test_the_size_is_one_of_the_hubs_categories(survey: Survey, pairs: int, size: str) -> None:
    gold = survey.sources["gold"]
    split = Split(pairs, gold.splits["train"].article, gold.splits["train"].highlights)
    changed = replace(gold, splits={"train": split, "test": replace(split, pairs=0)})
    sources = {**survey.sources, "gold": changed}
    text = build_card(facts_of(replace(survey, sources=sources), "gold"))
    assert front_matter(text).size_categories == [size]
    assert f"{pairs:,} for train and 0 for test" in text


def test_written_articles_are_called_that_with_their_writer(survey: Survey) -> None:
    text = build_card(facts_of(survey))
    assert "**the articles were written by `writer-1`**, from the highlights alone" in text
    assert '`writer` at `https://chat.example`, asked with `{"top_p": 0.5}`.' in text
    assert "5 for train and 2 for validation." in text
    assert f"```text\n{PROMPT}\n```" in text
    assert front_matter(text)["tags"] == ["understudy", "synthetic-data"]
    assert front_matter(text).language_creators == ["machine-generated"]


def test_gold_articles_have_no_writer(survey: Survey) -> None:
    text = build_card(facts_of(survey, "gold"))
    assert "Both are as the data set has them." in text
    assert WRITER not in text
    assert front_matter(text)["tags"] == ["understudy"]
    assert front_matter(text).language_creators is None


def test_the_embedded_rules_are_called_that_and_the_sample_is_no_study(survey: Survey) -> None:
    rules = Asking(base_url="embedded", model="embedded-rules", request={})
    text = build_card(facts_of(survey, asking=rules))
    assert "written by the sample's embedded rules (`writer-1`, no language model)**" in text
    assert "The teacher is a set of rules behind a chat endpoint" in text
    for source in ("gold", "written"):
        assert "an invented corpus.** They show that" in build_card(facts_of(survey, source))
        hub = facts_of(survey, source, origin=HubOrigin.model_validate(HUB))
        assert "an invented corpus" not in build_card(hub)


@EACH_SOURCE
def test_a_dataset_of_the_hub_is_named_with_its_commit(survey: Survey, source: str) -> None:
    text = build_card(facts_of(survey, source, origin=HubOrigin.model_validate(HUB)))
    assert f"`team/news` on the Hugging Face Hub (config `3.0.0`, commit `{'d' * 40}`)" in text
    assert front_matter(text).source_datasets == ["team/news"]
    assert front_matter(text).language is None


@EACH_SOURCE
def test_own_files_are_shown_by_name_and_hash_without_their_folder(
    survey: Survey, source: str
) -> None:
    text = build_card(facts_of(survey, source, origin=FilesOrigin.model_validate(FILES)))
    assert f"`train.jsonl` (SHA-256 `{'t' * 64}`)" in text
    assert ("`test.jsonl`" in text) == (source == "gold")
    assert "/private" not in text


def test_what_was_dropped_and_why_adds_up_to_what_was_read(survey: Survey) -> None:
    text = build_card(facts_of(survey, "gold"))
    assert cells(text, "rows read")[1:] == ["1,009", "3", "4"]
    assert cells(text, "dropped as `unusable`")[1:] == ["2", "0", "0"]
    assert cells(text, "dropped as `duplicate`") == [
        "the article stood in the split already",
        *("997", "0", "0"),
    ]
    assert cells(text, "dropped as `in_test`")[1:] == ["0", "1", "0"]
    assert cells(text, "kept")[1:] == ["8", "2", "4"]
    written = build_card(facts_of(survey))
    assert cells(written, "answers asked for")[1:] == ["8", "2"]
    assert cells(written, "dropped as `refused`") == ["the teacher refused", "1", "0"]
    assert "`cut_off`" not in written
    assert cells(written, "kept")[1:] == ["5", "2"]


@pytest.mark.parametrize("reason", ["near_test", "near_duplicate", "copied"])
def test_every_reason_is_explained(survey: Survey, reason: str) -> None:
    dropped = {**GENERATED["train"]["dropped"], reason: 1}
    generated = {**GENERATED, "train": {**GENERATED["train"], "dropped": dropped}}
    text = build_card(facts_of(survey, generated=Generated.model_validate(generated)))
    why, *counts = cells(text, f"dropped as `{reason}`")
    assert why.startswith("the article ")
    assert counts == ["1", "0"]


def test_table_1_of_the_study_stands_beside_rows_of_the_hub(survey: Survey) -> None:
    study = {"train": {"under_limit": 39_626}, "test": {"under_limit": 1_900}}
    counted = "1,005 for train, 3 for validation, 4 for test"
    text = build_card(facts_of(survey, "gold"))
    assert f"{counted}." in text
    assert "Table 1" not in text
    dataset = Dataset.model_validate({**DATASET, "study": study})
    text = build_card(facts_of(survey, "gold", dataset=dataset))
    assert f"{counted}; in Table 1 of the study (Ding et al. 2024) they are 39,626 for" in text


def test_lengths_are_those_that_were_counted(survey: Survey) -> None:
    article = survey.sources["gold"].splits["train"].article
    lengths = replace(article, words=describe_lengths([1000, 2000, 3000]))
    split = replace(survey.sources["gold"].splits["train"], article=lengths)
    splits = {**survey.sources["gold"].splits, "train": split}
    sources = {**survey.sources, "gold": replace(survey.sources["gold"], splits=splits)}
    text = build_card(facts_of(replace(survey, sources=sources), "gold"))
    shown = cells(text, "train article")
    assert shown[:5] == ["2,000", "1,100", "2,000", "2,900", "3,000"]
    assert shown[5] == f"{article.characters.mean:,.0f}"


@EACH_SOURCE
def test_planted_copies_and_pasted_highlights_are_told_for_both_sources(
    survey: Survey, source: str
) -> None:
    text = build_card(facts_of(survey, source))
    assert cells(text, "test articles that a training article holds") == ["2", "1"]
    assert cells(text, "of these, word for word and whole") == ["1", "0"]
    assert cells(text, "highlights with 8 words or more in a row") == ["0.0%", "40.0%"]
    assert cells(text, "highlights with every sentence in it") == ["0.0%", "20.0%"]
    assert "Written articles repeat their highlights more than gold ones do." in text
    assert cells(text, "with a near copy among them") == ["2", "0"]
    assert cells(text, "pairs of near copies") == ["1", "0"]
    assert cells(text, "with a near copy in the other source") == ["1", "1"]
    assert "which the teacher was not shown: 1." in text


@pytest.mark.parametrize(
    ("gold", "written", "word"), [(40.0, 30.0, "less"), (30.5, 31.0, "about as much")]
)
def test_a_source_that_repeats_less_is_told_so(
    survey: Survey, gold: float, written: float, word: str
) -> None:
    sources = {
        name: replace(source, leakage=replace(source.leakage, copied_words=share))
        for (name, source), share in zip(survey.sources.items(), (gold, written), strict=True)
    }
    text = build_card(facts_of(replace(survey, sources=sources)))
    assert f"Written articles repeat their highlights {word}" in text


def test_filters_are_told_as_they_were(survey: Survey) -> None:
    text = build_card(facts_of(survey))
    assert "`generate.near_duplicates` is off" in text
    assert "`generate.near_test` is off" in text
    assert "`generate.max_copied`, which is off" in text
    on = {"near_duplicates": 0.85, "near_test": 0.7, "max_copied": 0.5}
    writing = load_section("generate", Writing, PROFILE).model_copy(update=on)
    text = build_card(facts_of(survey, writing=writing))
    assert "Those of 0.85 or more were dropped before (`generate.near_duplicates`)." in text
    assert "`generate.near_test` is 0.7: such articles were dropped before." in text
    assert "`generate.max_copied` = 0.5, which was on." in text
    assert "`filter.near_duplicates` is off" in build_card(
        facts_of(survey, "gold", writing=writing)
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://me:secret@chat.example:8443/v1",
        "https://chat.example:8443/secret?key=secret#secret",
    ],
)
def test_of_an_endpoint_only_scheme_and_host_are_shown(survey: Survey, address: str) -> None:
    asking = Asking(base_url=address, model="writer", request={})
    text = build_card(facts_of(survey, asking=asking))
    assert "at `https://chat.example:8443`," in text
    assert "secret" not in text


def hostile_changes() -> Iterator[tuple[str, Callable[[str], dict[str, Any]]]]:
    """What may hold a hostile name."""
    files = FILES["files"]["train"]
    yield "writer", lambda name: {"writer": name}
    yield "model", lambda name: {"asking": Asking(base_url="http://a", model=name, request={})}
    yield (
        "request",
        lambda name: {"asking": Asking(base_url="http://a", model="m", request={name: name})},
    )
    yield (
        "dataset",
        lambda name: {
            "origin": HubOrigin.model_validate(
                HUB | dict.fromkeys(("dataset", "config", "revision"), name)
            ),
        },
    )
    yield (
        "file",
        lambda name: {
            "origin": FilesOrigin.model_validate(
                FILES | {"files": {"train": {**files, "path": name}}}
            )
        },
    )


@pytest.mark.parametrize(
    "change", [pytest.param(change, id=place) for place, change in hostile_changes()]
)
def test_a_hostile_name_changes_neither_yaml_nor_markdown(
    survey: Survey, change: Callable[[str], dict[str, Any]]
) -> None:
    expected = DatasetCard(build_card(facts_of(survey, **change("tame"))))
    found = DatasetCard(build_card(facts_of(survey, **change(HOSTILE))))
    found.text.encode("utf-8")
    assert shape(found.text) == shape(expected.text)
    keys = [[key for key, value in vars(card.data).items() if value] for card in (expected, found)]
    assert keys[0] == keys[1]


def test_a_hostile_prompt_stays_in_its_block(survey: Survey) -> None:
    card = DatasetCard(build_card(facts_of(survey, prompt=HOSTILE)))
    card.text.encode("utf-8")
    [block] = re.findall(r"^(````+text\n.*?^````+)$", card.text, re.MULTILINE | re.DOTALL)
    assert "# Title" in block
    rest = card.text.replace(block, "```text\nPROMPT\n```")
    assert rest == DatasetCard(build_card(facts_of(survey, prompt="PROMPT"))).text
    assert "license" not in vars(card.data) or not vars(card.data)["license"]


def test_the_snippet_names_the_folder_of_the_card(survey: Survey) -> None:
    for source in ("gold", "written"):
        assert f'load_dataset("data/{source}")' in build_card(facts_of(survey, source))
