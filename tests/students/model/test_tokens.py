"""Texts as token ids: T5's prefix, the end token, and the count of what was cut."""

import pickle
from pathlib import Path

import pandas as pd
import pytest

from tests.students import tiny, toy_pairs
from understudy.core.errors import DataError, StudentError
from understudy.students.model import tokens
from understudy.students.model.families import FAMILIES
from understudy.students.model.tokens import (
    EncodedPairs,
    encode_pairs,
    encode_texts,
)

EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))
ARTICLE = "Anna arrived in Rome on Monday. Nobody was hurt."


@pytest.mark.parametrize(("family", "start"), [("t5", "summarize: "), ("bart", "")])
def test_a_t5_article_begins_with_the_task_prefix_and_highlights_keep_their_lines(
    family: str, start: str
) -> None:
    tokenizer, prefix = tiny(family).tokenizer, FAMILIES[family].prefix
    highlights = "Anna was in Rome .\nIt was Monday ."
    [ids], _ = encode_texts(tokenizer, [ARTICLE], 64, prefix)
    [plain], _ = encode_texts(tokenizer, [highlights], 64)
    assert tokenizer.decode(ids, skip_special_tokens=True).strip() == start + ARTICLE
    assert tokenizer.decode(plain, skip_special_tokens=True).strip() == highlights


@EACH_FAMILY
def test_only_texts_that_are_too_long_are_counted_as_cut(family: str) -> None:
    student = tiny(family)
    texts = [ARTICLE, "Anna.", f"{ARTICLE} {ARTICLE}", ""]
    whole, none = encode_texts(student.tokenizer, texts, 1000, student.family.prefix)
    longest = max(map(len, whole))
    assert none == 0
    assert encode_texts(student.tokenizer, texts, longest, student.family.prefix) == (whole, 0)
    assert encode_texts(student.tokenizer, texts, longest - 1, student.family.prefix)[1] == 1
    assert encode_texts(student.tokenizer, texts, len(whole[0]) - 1, student.family.prefix)[1] == 2


@EACH_FAMILY
@pytest.mark.parametrize("limit", [2, 5, 9])
def test_a_cut_text_keeps_its_start_and_ends_with_the_end_token(family: str, limit: int) -> None:
    tokenizer = tiny(family).tokenizer
    [whole], _ = encode_texts(tokenizer, [ARTICLE], 1000)
    [cut], count = encode_texts(tokenizer, [ARTICLE], limit)
    assert len(whole) > 9
    assert count == 1
    assert cut == [*whole[: limit - 1], tokenizer.eos_token_id]
    assert encode_texts(tokenizer, [ARTICLE], 1000) == ([whole], 0)


def encode(pairs: pd.DataFrame, folder: Path, family: str = "t5", **longest: int) -> EncodedPairs:
    folder.mkdir(exist_ok=True)
    student, file = tiny(family), folder / "pairs.parquet"
    pairs.to_parquet(file)
    limits = {"article": 64, "highlights": 32, **longest}
    sides = limits["article"], limits["highlights"]
    return encode_pairs(student, file, sides, folder / "ids", "test")


@EACH_FAMILY
def test_encoded_pairs_are_the_rows_in_order(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "ROWS", 4)
    student, pairs = tiny(family), toy_pairs(11)
    encoded = encode(pairs, tmp_path, family)
    articles, _ = encode_texts(student.tokenizer, list(pairs["article"]), 64, student.family.prefix)
    highlights, _ = encode_texts(student.tokenizer, list(pairs["highlights"]), 32)
    assert len(encoded) == 11
    assert [row.tolist() for row in (encoded.articles[i] for i in range(11))] == articles
    assert [row.tolist() for row in (encoded.highlights[i] for i in range(11))] == highlights
    assert encoded.articles.lengths.tolist() == [len(ids) for ids in articles]
    assert encoded.cut == {"inputs": 0, "outputs": 0}


def test_what_is_cut_is_counted_over_all_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "ROWS", 4)
    whole = encode(toy_pairs(11), tmp_path / "a", article=64).articles.lengths
    encoded = encode(toy_pairs(11), tmp_path / "b", article=20, highlights=4)
    assert encoded.cut == {"inputs": int((whole > 20).sum()), "outputs": 11}
    assert 0 < encoded.cut["inputs"] < 11


def test_pairs_that_are_encoded_already_are_not_read_again(tmp_path: Path) -> None:
    first = encode(toy_pairs(3), tmp_path)
    again = encode(toy_pairs(5), tmp_path)
    assert (len(first), len(again)) == (3, 3)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["ids"]


def test_no_pairs_are_an_error_and_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(StudentError, match="no pairs to learn from"):
        encode(toy_pairs(0), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.parquet"]


def test_pairs_without_a_column_are_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'highlights'"):
        encode(toy_pairs(3).drop(columns="highlights"), tmp_path)


def test_another_process_reads_the_same_rows(tmp_path: Path) -> None:
    rows = encode(toy_pairs(5), tmp_path / "tokens").articles
    expected = [row.tolist() for row in (rows[index] for index in range(5))]
    pickled = pickle.dumps(rows)
    del rows  # closes its file
    again = pickle.loads(pickled)
    assert [again[index].tolist() for index in range(5)] == expected
