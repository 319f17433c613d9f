"""The tokenizer without transformers does what transformers' does, or is not used."""

import json
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from understudy.students.model.families import FAMILIES
from understudy.students.model.fast import FastTokenizer, equals
from understudy.students.model.loading import train_tokenizer

TEXTS = [
    "The ferry left the pier at dawn with nine passengers.",
    "",
    "  two  spaces \n\n and\tlines ",
    "{braces} ~ <tags> – “quotes” naïve 東京 🙂",
    "<unk> </s> <pad> word",
    "ferry " * 40,
]
T5 = Path("../shared/data/tokenizers/t5/tokenizer.json")


@pytest.fixture(params=sorted(FAMILIES))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A saved tokenizer."""
    train_tokenizer(FAMILIES[request.param], TEXTS * 5).save_pretrained(tmp_path)
    return tmp_path


def test_equals_what_transformers_loads(folder: Path) -> None:
    whole = AutoTokenizer.from_pretrained(folder)
    assert equals(folder, whole, TEXTS)
    fast = FastTokenizer.load(folder)
    assert fast(TEXTS)["input_ids"] == whole(TEXTS)["input_ids"]
    assert fast.get_vocab() == whole.get_vocab()
    assert set(fast.all_special_tokens) >= set(whole.all_special_tokens)
    long = fast([TEXTS[-1]], truncation=True, max_length=9)
    assert len(long["input_ids"][0]) == 9
    assert long.encodings[0].overflowing
    assert not fast([TEXTS[0]], truncation=True, max_length=900).encodings[0].overflowing


def alter(file: Path, change: dict[str, Any]) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(content | change), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [{"post_processor": None}, {"normalizer": {"type": "Lowercase"}}, {"decoder": None}],
)
def test_another_encoding_or_spelling_is_noticed(folder: Path, change: dict[str, Any]) -> None:
    whole = AutoTokenizer.from_pretrained(folder)
    alter(folder / "tokenizer.json", change)
    assert not equals(folder, whole, TEXTS)
    alter(folder / "tokenizer_config.json", {"clean_up_tokenization_spaces": True})
    assert not equals(folder, AutoTokenizer.from_pretrained(folder), TEXTS)


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("content", [None, "{}", "not JSON"])
def test_broken_files_are_no_tokenizer(folder: Path, name: str, content: str | None) -> None:
    whole = AutoTokenizer.from_pretrained(folder)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content, encoding="utf-8")
    assert not equals(folder, whole, TEXTS)


@pytest.mark.skipif(not T5.exists(), reason="needs the tokenizer of T5")
def test_equals_t5s_own(tmp_path: Path) -> None:
    from transformers import T5TokenizerFast

    T5TokenizerFast(tokenizer_file=str(T5)).save_pretrained(tmp_path)
    assert equals(tmp_path, AutoTokenizer.from_pretrained(tmp_path), TEXTS)
