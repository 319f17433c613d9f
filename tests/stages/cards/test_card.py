"""A model card: what the Hub reads in it, what people read in it, and that its snippets work."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard, ModelCardData

from stages.cards.card import build_card
from stages.cards.facts import (
    Calls,
    Conversion,
    Dataset,
    Facts,
    Generated,
    Scores,
    Settings,
    Teacher,
)
from tests.contract.examples import make_origin
from tests.imports import ROOT
from tests.students import tiny, toy_pairs
from understudy.contract.names import LEAD, TITLES, TRAINED, ZEROSHOT
from understudy.contract.origin import FilesOrigin, HubOrigin, SampleOrigin
from understudy.contract.params.decoding import DecodingParams
from understudy.core.params import load_section
from understudy.students.model.families import FAMILIES

EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))
SAMPLE, HUB, FILES = (make_origin(kind).to_json() for kind in ("sample", "hub", "files"))
DATASET = {"train": {"read": 1900, "kept": 1396}, "test": {"read": 260, "kept": 180}}
GENERATED = {
    "train": {"asked": 1396, "kept": 1286, "dropped": {"failed": 0, "too_long": 110}},
    "validation": {"asked": 76, "kept": 76, "dropped": {"failed": 0, "too_long": 0}},
}
TEACHER = {
    "generate": {"model": "writer-1", "failed": 0},
    "zeroshot": {"model": "writer-2", "failed": 0},
}
CONVERSION = {
    "passed": True,
    "quantization": "int8",
    "rows": 32,
    "tokens": 1234,
    "mean_difference": 0.0125,
    "largest_difference": 0.75,
    "limit": 0.1,
    "why": None,
}
FAILED = {
    **CONVERSION,
    "passed": False,
    "mean_difference": None,
    "largest_difference": None,
    "why": "the converter failed: no file '/home/someone/models/model.bin'",
}
HOSTILE = (
    "x`y``z\n---\nlicense: mit\n\n# Title\n| a | b |\n```\n<b>\u2028\u202e*'\"$[a](b): {} #\ud800"
)


def settings_of(system: str, **changes: Any) -> dict[str, Any]:
    """settings.json as a stage train-* writes it."""
    family, _, source = system.partition("-")
    return {
        "system": system,
        "family": family,
        "source": source,
        "params": {
            "model": "tiny",
            "revision": None,
            "seed": 13,
            "learning_rate": 0.003,
            "max_input_tokens": 500,
            "max_target_tokens": 96,
        },
        "commit": None,
        "parameters": 1431296,
        "device": "cpu",
        "versions": {"torch": "2.13.0+cpu", "transformers": "5.23.0"},
        "examples": {"train": 1286, "validation": 66},
        "cut": {
            "train": {"articles": 17, "highlights": 3},
            "validation": {"articles": 0, "highlights": 0},
        },
        "best_step": 644,
        "best_validation_loss": 0.92889,
        **changes,
    }


def scores_of(rank: int) -> dict[str, Any]:
    """A system of metrics/systems.json; no two of its figures are alike."""
    scores: dict[str, Any] = {"words": 30.6 + rank, "empty": 0}
    for number, kind in enumerate(TITLES):
        f1 = 10 * rank + number + 0.1234
        scores[kind] = {
            "recall": f1 + 0.2,
            "precision": f1 + 0.3,
            "f1": f1,
            "f1_low": f1 - 1.5,
            "f1_high": f1 + 1.7,
        }
    return scores


def all_scores() -> dict[str, Any]:
    """metrics/systems.json."""
    return {name: scores_of(rank) for rank, name in enumerate((*TRAINED, LEAD, ZEROSHOT), 1)}


def facts_of(system: str = "t5-written", **changes: Any) -> Facts:
    """Facts as the stage gathers them; an OpenAI-compatible endpoint taught on the sample."""
    facts = Facts(
        system=system,
        settings=Settings.model_validate(settings_of(system)),
        conversion=Conversion.model_validate(CONVERSION),
        scores={name: Scores.model_validate(scores) for name, scores in all_scores().items()},
        origin=SampleOrigin.model_validate(SAMPLE),
        dataset=Dataset.model_validate(DATASET),
        generated=Generated.model_validate(GENERATED),
        teacher=Teacher.model_validate(TEACHER),
        base_url="https://chat.example/v1",
        teacher_model="writer",
        max_characters={"gold": 2048, "written": 3000},
        decoding=load_section("predict", DecodingParams, ROOT / "profiles" / "sample.yaml"),
    )
    return replace(facts, **changes)


def from_model(model: str, commit: str | None, system: str = "t5-written") -> Settings:
    settings = settings_of(system, commit=commit)
    return Settings.model_validate({**settings, "params": {**settings["params"], "model": model}})


def on_hub(**changes: str) -> HubOrigin:
    return HubOrigin.model_validate({**HUB, **changes})


def snippets(card: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", card, re.MULTILINE | re.DOTALL)


def front_matter(card: str) -> ModelCardData:
    data = ModelCard(card).data
    assert isinstance(data, ModelCardData)
    return data


def shape(markdown: str) -> list[str]:
    """The beginnings of all lines, which say what is a heading, a list, a table or code."""
    return [re.sub(r"\w+$", "", line[:2]) for line in markdown.splitlines()]


@pytest.mark.parametrize("system", TRAINED)
def test_the_hubs_library_reads_the_front_matter_and_writes_the_same_bytes(system: str) -> None:
    text = build_card(facts_of(system))
    data, card = front_matter(text), ModelCard(text)
    assert str(card) == text
    assert card.text.startswith(f"\n# {system}\n")
    assert data.model_name == system
    assert (data.library_name, data.pipeline_tag) == ("transformers", "summarization")
    assert data.metrics == ["rouge"]
    assert (data.tags or [])[:2] == ["understudy", system.partition("-")[0]]


@pytest.mark.parametrize("system", TRAINED)
def test_the_results_are_the_systems_own_f1_on_test(system: str) -> None:
    results = front_matter(build_card(facts_of(system))).eval_results
    own = all_scores()[system]
    assert results is not None
    assert {result.metric_name: result.metric_value for result in results} == {
        f"{name} F1": own[kind]["f1"] for kind, name in TITLES.items()
    }
    assert {(r.task_type, r.metric_type, r.dataset_split) for r in results} == {
        ("summarization", "rouge", "test")
    }


@pytest.mark.parametrize("system", TRAINED)
def test_the_table_has_the_scores_beside_lead_3_and_zeroshot(system: str) -> None:
    rows = [line for line in build_card(facts_of(system)).splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [system, LEAD, ZEROSHOT]
    for row, name in zip(rows, (system, LEAD, ZEROSHOT), strict=True):
        scores, cells = all_scores()[name], [cell.strip() for cell in row.split("|")[2:-1]]
        first = scores["rouge1"]
        assert cells[:2] == [f"{first['recall']:.1f}", f"{first['precision']:.1f}"]
        for cell, kind in zip(cells[2:6], TITLES, strict=True):
            f1, low, high = (scores[kind][part] for part in ("f1", "f1_low", "f1_high"))
            assert cell == f"{f1:.1f} ({low:.1f}–{high:.1f})"
        assert cells[6] == f"{scores['words']:.0f}"


def test_articles_whose_call_failed_are_not_counted_as_scored() -> None:
    calls = {**TEACHER, "zeroshot": {"model": "writer-2", "failed": 3}}
    text = build_card(facts_of(teacher=Teacher.model_validate(calls)))
    assert "ROUGE on 177 of 180 test articles" in text
    assert "ROUGE on 180 test articles" in build_card(facts_of())


def test_a_written_student_says_who_wrote_its_articles_and_what_was_dropped() -> None:
    text = build_card(facts_of("t5-written"))
    assert "learned from articles that `writer-1` wrote" in text
    assert "from gold highlights alone, by `writer-1`" in text
    assert (
        "Of 1,396 articles asked for to learn from, 1,286 were kept (dropped: 110 `too_long`)"
        in text
    )
    assert "of 76 for validation, 76." in text
    assert "Teacher: `writer` at `https://chat.example`, which answered as `writer-1`" in text
    assert (
        "learned from articles under 3,000 characters and was tested on articles under 2,048"
        in text
    )


def test_a_gold_student_names_no_writer() -> None:
    text = build_card(facts_of("t5-gold"))
    assert "learned from the articles of the data set itself" in text
    assert "Of 1,900 training rows, 1,396 were kept: articles under 2,048 characters" in text
    assert "learned from articles under 2,048 characters" in text
    assert "writer-1" not in text
    assert "synthetic-data" not in text


def test_the_embedded_rules_are_called_that_and_the_sample_is_no_study() -> None:
    text = build_card(facts_of(base_url="embedded"))
    assert text.count("the sample's embedded rules (`writer-1`, no language model)") == 3
    assert "the sample's embedded rules (`writer-2`, no language model), asked for" in text
    assert "an invented corpus.** Its scores show that the pipeline works." in text
    assert "an invented corpus" not in build_card(facts_of(origin=on_hub()))


def test_a_model_and_a_dataset_of_the_hub_are_named_with_their_commits() -> None:
    text = build_card(
        facts_of(settings=from_model("google-t5/t5-small", "c" * 40), origin=on_hub())
    )
    data = front_matter(text)
    assert (data.base_model, data["base_model_relation"]) == ("google-t5/t5-small", "finetune")
    assert data.datasets == ["team/news"]
    assert {
        (r.dataset_type, r.dataset_config, r.dataset_revision) for r in data.eval_results or []
    } == {("team/news", "3.0.0", "d" * 40)}
    assert f"started from `google-t5/t5-small`, commit `{'c' * 40}`, and" in text
    assert f"`team/news` on the Hugging Face Hub (config `3.0.0`, commit `{'d' * 40}`)" in text


@pytest.mark.parametrize(
    ("model", "shown"),
    [("tiny", "random weights"), ("../my models/t5", "the local folder `../my models/t5`")],
)
def test_what_is_not_on_the_hub_is_no_base_model_and_no_dataset(model: str, shown: str) -> None:
    text = build_card(facts_of(settings=from_model(model, None)))
    front = text.partition("\n---\n")[0]
    assert f"It started from {shown} and" in text
    assert ("expect nothing of it on other texts" in text) == (model == "tiny")
    assert "base_model" not in front
    assert "datasets:" not in front
    assert "language:" not in front


def test_own_files_are_shown_by_name_and_hash_without_their_folder() -> None:
    text = build_card(facts_of(origin=FilesOrigin.model_validate(FILES)))
    assert f"`train.jsonl` (SHA-256 `{'t' * 64}`)" in text
    assert f"`validation.jsonl` (SHA-256 `{'v' * 64}`)" in text
    assert "/private" not in text


def test_a_converted_model_is_described_by_its_check() -> None:
    text = build_card(facts_of())
    assert "Converted weights: `int8`. On 1,234 tokens of 32 validation pairs" in text
    assert "by 0.0125 nats a token on average (limit 0.1), by 0.75 at most" in text
    assert "summaries were made by the converted model (CTranslate2)" in text


def test_a_failed_conversion_is_said_with_its_reason() -> None:
    text = build_card(facts_of(conversion=Conversion.model_validate(FAILED)))
    assert "`stages.predict` uses transformers too. Why: `the converter failed: no file" in text
    assert "summaries were made by transformers" in text
    assert "import ctranslate2" not in text
    assert "Converted weights" not in text
    assert "ctranslate2" not in (front_matter(text).tags or [])
    assert "'model.bin'`" in text
    assert "/home" not in text


def test_scores_of_the_engine_transformers_are_not_called_the_converted_models() -> None:
    decoding = facts_of().decoding.model_copy(update={"engine": "transformers"})
    assert "summaries were made by transformers" in build_card(facts_of(decoding=decoding))


def test_texts_that_were_cut_are_counted() -> None:
    text = build_card(facts_of())
    assert "17 of 1,286 articles were cut at 500 tokens and 3 of as many highlights at 96" in text
    assert "An article is cut at 512 tokens" in text


def test_the_settings_are_shown_as_they_were_used() -> None:
    text = build_card(facts_of())
    assert "seed 13" in text
    assert "step 644, validation loss 0.92889" in text
    assert "`torch` `2.13.0+cpu`, `transformers` `5.23.0`" in text
    assert '"learning_rate": 0.003' in snippets(text, "json")[0]


@pytest.mark.parametrize(
    "address",
    [
        "https://me:secret@chat.example:8443/v1",
        "https://chat.example:8443/secret?key=secret#secret",
    ],
)
def test_of_an_endpoint_only_scheme_and_host_are_shown(address: str) -> None:
    text = build_card(facts_of(base_url=address))
    assert "at `https://chat.example:8443`," in text
    assert "secret" not in text


def hostile_facts() -> Iterator[tuple[str, Facts, Facts]]:
    """What may hold a hostile name, and the facts with a tame and with a hostile one."""
    changes: dict[str, Callable[[str], dict[str, Any]]] = {
        "model": lambda name: {"settings": from_model(name, "c" * 40)},
        "folder": lambda name: {"settings": from_model(name, None)},
        "commit": lambda name: {"settings": from_model("t5", name)},
        "dataset": lambda name: {"origin": on_hub(dataset=name, config=name, revision=name)},
        "teacher": lambda name: {"teacher_model": name},
        "answers": lambda name: {
            "teacher": Teacher(
                generate=Calls(model=name, failed=0), zeroshot=Calls(model=name, failed=0)
            )
        },
        "why": lambda name: {"conversion": Conversion.model_validate({**FAILED, "why": name})},
        "version": lambda name: {
            "settings": Settings.model_validate(settings_of("t5-written", versions={name: name}))
        },
    }
    for place, change in changes.items():
        yield place, facts_of(**change("tame")), facts_of(**change(HOSTILE))


@pytest.mark.parametrize(
    ("tame", "hostile"),
    [pytest.param(tame, hostile, id=place) for place, tame, hostile in hostile_facts()],
)
def test_a_hostile_name_changes_neither_yaml_nor_markdown(tame: Facts, hostile: Facts) -> None:
    expected, found = ModelCard(build_card(tame)), ModelCard(build_card(hostile))
    found.text.encode("utf-8")
    assert shape(found.text) == shape(expected.text)
    keys = [[key for key, value in vars(card.data).items() if value] for card in (expected, found)]
    assert keys[0] == keys[1]
    assert len(front_matter(str(found)).eval_results or []) == len(TITLES)


def test_the_prefix_of_the_family_stands_in_both_snippets() -> None:
    for snippet in snippets(build_card(facts_of("t5-written")), "python"):
        assert 'tokenizer("summarize: " + article, truncation=True, max_length=512' in snippet
    for snippet in snippets(build_card(facts_of("bart-written")), "python"):
        assert "tokenizer(article, truncation=True, max_length=512" in snippet


@EACH_FAMILY
def test_the_snippets_write_what_predict_would(
    family: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from understudy.contract.params.export import CHECK, CONVERTED, ExportParams
    from understudy.students.decoding.conversion import convert
    from understudy.students.decoding.engines import open_engine
    from understudy.students.model.tokens import encode_articles

    folder, pairs = tmp_path / "models" / f"{family}-gold", toy_pairs(4)
    student = tiny(family)
    student.model.save_pretrained(folder)
    student.tokenizer.save_pretrained(folder)
    params = ExportParams(quantization="float32", limit=0.1, rows=4)
    out = folder / CONVERTED
    convert(folder, list(pairs["article"]), list(pairs["highlights"]), (64, 32), params, out)
    check = Conversion.model_validate(json.loads((out / CHECK).read_text(encoding="utf-8")))
    assert check.passed, check.why
    facts = facts_of(f"{family}-gold")
    search = facts.decoding.model_copy(update={"beams": 3, "max_tokens": 7, "max_input_tokens": 9})
    article = pairs["article"][0]
    engine = open_engine(folder, "transformers")
    encoded, _ = encode_articles(engine.tokenizer, engine.family, [article], 9)
    [(_, expected)] = engine.decode(encoded, search)
    special = set(engine.tokenizer.all_special_ids)
    words = [token for token in expected if token not in special]
    capsys.readouterr()
    found = snippets(build_card(replace(facts, decoding=search, conversion=check)), "python")
    made: list[dict[str, Any]] = [{}, {}]
    with chdir(tmp_path):
        for snippet, names in zip(found, made, strict=True):
            exec(snippet.replace('"..."', repr(article)), names)
    assert made[0]["output"][0].tolist() == expected
    # at the longest, one library counts the end token that BART is made to end with, one does not
    converted = [token for token in made[1]["ids"] if token not in special]
    assert words
    assert converted[: len(words)] == words
    summary = engine.tokenizer.decode(expected, skip_special_tokens=True).strip()
    assert capsys.readouterr().out.startswith(f"{summary}\n{summary}")
