"""The sample corpus: the same from the same seed, shaped like news, and worth summarizing."""

import re
from collections import Counter
from itertools import islice
from statistics import mean, median
from string import Formatter

import pytest

from understudy.rows.sample.article import sample_rows
from understudy.rows.sample.slots import NAMES
from understudy.rows.sample.templates import Kind, kinds, parse

Row = dict[str, str]

_NUMBER = re.compile(r"\d[\d.,]*\d|\d")
_WORD = re.compile(rf"[A-Za-z']+|{_NUMBER.pattern}")
_SENTENCE_END = re.compile(r'(?<=[.!?]) |(?<=\.") ')
_ALL_KINDS = pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(sample_rows("train", 2000, seed=7))


def _slots(template: str) -> set[str]:
    fields = (field for _, field, _, _ in Formatter().parse(template) if field)
    return {field.split(".")[0] for field in fields}


def test_the_same_seed_gives_the_same_rows() -> None:
    assert list(sample_rows("test", 50, seed=7)) == list(sample_rows("test", 50, seed=7))


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_row_does_not_depend_on_how_many_are_asked_for(split: str) -> None:
    assert list(sample_rows(split, 120, seed=7)) == list(islice(sample_rows(split, 400, 7), 120))


def test_another_seed_and_another_split_give_other_articles() -> None:
    articles = [
        row["article"]
        for split, seed in [("test", 7), ("test", 8), ("validation", 7)]
        for row in sample_rows(split, 50, seed)
    ]
    assert len(set(articles)) == 150


def test_ids_name_the_split_and_the_index(rows: list[Row]) -> None:
    assert rows[17]["id"] == "sample-train-000017"
    assert len({row["id"] for row in rows}) == len(rows)


def test_about_three_quarters_of_the_articles_pass_the_length_filter(rows: list[Row]) -> None:
    short = [len(row["article"]) for row in rows if len(row["article"]) < 2048]
    assert 0.65 < len(short) / len(rows) < 0.85
    assert 400 <= median(short) <= 600


def test_articles_are_one_paragraph_of_very_different_lengths(rows: list[Row]) -> None:
    lengths = [len(row["article"]) for row in rows]
    assert min(lengths) < 500
    assert max(lengths) > 3500
    assert not any("\n" in row["article"] for row in rows)


def test_highlights_are_two_to_four_lines_that_end_in_a_spaced_full_stop(rows: list[Row]) -> None:
    bullets = [row["highlights"].split("\n") for row in rows]
    assert all(line.endswith(" .") for lines in bullets for line in lines)
    assert set(map(len, bullets)) == {2, 3, 4}
    assert sum(len(lines) == 3 for lines in bullets) > 0.7 * len(rows)
    assert 30 < mean(len(row["highlights"].split()) for row in rows) < 45


def test_every_number_in_the_highlights_is_in_the_article(rows: list[Row]) -> None:
    for row in rows:
        assert set(_NUMBER.findall(row["highlights"])) <= set(_NUMBER.findall(row["article"]))


def test_every_name_in_the_highlights_is_in_the_article(rows: list[Row]) -> None:
    names = {
        *NAMES["places"],
        *NAMES["surnames"],
        *NAMES["women"],
        *NAMES["men"],
        *" ".join(NAMES["organisations"]).split(),
    }
    for row in rows:
        named = names & set(_WORD.findall(row["highlights"]))
        assert named <= set(_WORD.findall(row["article"])), row["id"]


@_ALL_KINDS
def test_each_phrasing_of_a_fact_tells_what_its_highlights_tell(kind: Kind) -> None:
    assert any(all("place" in _slots(p) for p in fact.phrasings) for fact in kind.facts[:2])
    for fact in kind.facts[:4]:
        told = set.intersection(*map(_slots, fact.phrasings)) | {"place"}
        people = {slot for slot in kind.specs if kind.specs[slot].startswith("person")}
        for highlight in fact.highlights:
            assert _slots(highlight) - people <= told, highlight


def test_some_highlights_stand_in_the_article_word_for_word_and_most_do_not(
    rows: list[Row],
) -> None:
    lines = [(row, line[:-2]) for row in rows for line in row["highlights"].split("\n")]
    assert 0.15 < sum(line in row["article"] for row, line in lines) / len(lines) < 0.45


def test_the_first_three_sentences_hold_few_of_the_highlighted_numbers(rows: list[Row]) -> None:
    held = told = 0
    for row in rows:
        numbers = set(_NUMBER.findall(row["highlights"]))
        lead = " ".join(_SENTENCE_END.split(row["article"])[:3])
        held += len(numbers & set(_NUMBER.findall(lead)))
        told += len(numbers)
    assert held < told / 3


def test_the_vocabulary_is_small_enough_for_a_tiny_model(rows: list[Row]) -> None:
    words = {word for row in rows for text in row.values() for word in _WORD.findall(text)}
    ids = {word for row in rows for word in _WORD.findall(row["id"])}
    assert 1500 < len(words - ids) < 2600


def test_one_training_row_in_a_hundred_repeats_an_earlier_one(rows: list[Row]) -> None:
    articles = Counter(row["article"] for row in rows)
    assert len(rows) - len(articles) == 20
    assert rows[57]["article"] == rows[17]["article"]
    assert rows[57]["highlights"] == rows[17]["highlights"]


def test_one_training_row_in_two_hundred_leaks_from_the_test_split(rows: list[Row]) -> None:
    held_out = {row["article"] for row in sample_rows("test", 50, seed=7)}
    assert sum(row["article"] in held_out for row in rows) == 10


def test_no_other_split_repeats_a_row() -> None:
    for split in ("validation", "test"):
        assert len({row["article"] for row in sample_rows(split, 400, seed=7)}) == 400


def test_the_prose_has_no_loose_ends(rows: list[Row]) -> None:
    loose = re.compile(
        r"[{}]|  |[.!?] [a-z]|\b(\w+) \1\b|\b[Aa] [aeio]\w+|\b[Aa]n [bcdfgj-np-tvwz]"
    )
    for row in rows:
        found = loose.search(row["article"])
        assert found is None, row["article"][found.start() - 40 : found.end() + 40]


def test_a_template_line_without_a_mark_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"storm\.txt, line 2: .*'A storm'"):
        parse("storm", "[openers]\nA storm\n")


@_ALL_KINDS
def test_each_kind_has_enough_phrasings(kind: Kind) -> None:
    assert len(kind.facts) >= 5
    assert all(len(fact.highlights) >= 2 for fact in kind.facts[:4])
    assert all(len(fact.phrasings) >= 3 for fact in kind.facts)
    assert len(kind.filler) >= 10
