"""Near copies: nothing is found that is not one, and hardly one is overlooked."""

import json
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from tests.imports import ROOT
from understudy.texts.similarity import (
    FOUND,
    MOST_COMPARED,
    HeldOut,
    Neighbours,
    Shingler,
    Sketch,
    Sketcher,
    chance_found,
    choose_bands,
    find_pairs,
    jaccard,
)
from understudy.texts.words import split_words

REAL = ROOT.parent / "shared" / "data" / "cnndm"
SHINGLE = Shingler(2)


def make_texts(count: int, words: int, vocabulary: int, seed: int) -> list[list[str]]:
    """Texts of random words; a small vocabulary makes them alike."""
    numbers = np.random.default_rng(seed).integers(vocabulary, size=(count, words))
    return [[f"w{number}" for number in row] for row in numbers]


def change(words: list[str], count: int, seed: int = 0) -> list[str]:
    """The text with some of its words changed, at even distances."""
    changed = list(words)
    for place in np.linspace(0, len(words) - 1, count, dtype=int):
        changed[place] = f"new{seed}"
    return changed


def exact_pairs(sketches: list[Sketch], similarity: float) -> set[tuple[int, int]]:
    return {
        (one, other)
        for one, other in combinations(range(len(sketches)), 2)
        if jaccard(sketches[one].shingles, sketches[other].shingles) >= similarity
    }


# Shingles


def test_shingles_are_the_distinct_runs_of_words_or_a_short_text() -> None:
    assert SHINGLE("a b c".split()).size == 2
    assert SHINGLE("a b a b a".split()).size == 2  # "a b" and "b a"
    assert SHINGLE("b a".split()).tolist() != SHINGLE("a b".split()).tolist()
    for longer in ("a b c", "x a b"):
        assert np.isin(SHINGLE("a b".split()), SHINGLE(longer.split())).all()
    shingle = Shingler(5)
    assert shingle(["a"]).size == shingle("a b c d e".split()).size == 1
    assert shingle([]).size == 0
    words = ["é", "e", "漢", "🦀", "\ud800", "\udfff", "a" * 10_000]
    assert len({int(Shingler(1)([word])[0]) for word in words}) == len(words)


def test_jaccard_is_what_both_share_of_what_either_has() -> None:
    # a b, b c, c d against b c, c d, d e, e f
    first, second = SHINGLE("a b c d".split()), SHINGLE("b c d e f".split())
    assert jaccard(first, second) == jaccard(second, first) == 2 / 5
    assert jaccard(first, first) == 1
    assert jaccard(first, SHINGLE([])) == jaccard(SHINGLE([]), SHINGLE([])) == 0


def test_shingles_are_the_same_in_every_process() -> None:
    code = (
        "from understudy.texts.similarity import Shingler, Sketcher; "
        "words = 'a b c d e f g'.split();"
        "print(Shingler()(words).tolist(), Sketcher()(words).minhash.hashvalues.tolist())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


# MinHash


@pytest.mark.parametrize("similarity", [0.3, 0.5, 0.7, 0.8, 0.9, 1.0])
@pytest.mark.parametrize("permutations", [64, 128, 256])
def test_bands_find_what_is_just_similar_enough(similarity: float, permutations: int) -> None:
    bands, rows = choose_bands(similarity, permutations)
    assert bands >= 2
    assert bands * rows <= permutations
    assert chance_found(similarity, bands, rows) >= FOUND
    longer = rows + 1
    assert 2 * longer > permutations or (
        chance_found(similarity, permutations // longer, longer) < FOUND
    )


def test_where_no_bands_are_enough_each_hash_value_is_one() -> None:
    assert choose_bands(0.05, 16) == (16, 1)


@pytest.mark.parametrize("similarity", [0.2, 0.5, 0.8])
def test_pairs_are_those_of_an_exhaustive_comparison(similarity: float) -> None:
    texts = make_texts(150, 60, 2000, seed=1)
    texts += [change(words, 1 + place % 7) for place, words in enumerate(texts[:60])]
    sketch = Sketcher(3)
    sketches = [sketch(words) for words in texts]
    expected = exact_pairs(sketches, similarity)
    found = list(find_pairs(sketches, Neighbours(similarity)))
    assert len(found) == len(set(found))
    assert set(found) <= expected
    assert len(expected) >= 8
    assert len(found) >= 0.97 * len(expected)


def test_texts_that_are_alike_but_not_enough_are_no_pairs() -> None:
    """Nine words of twelve: any two texts share many of them."""
    sketch = Sketcher(1)
    sketches = [sketch(words) for words in make_texts(60, 9, 12, seed=2)]
    expected = exact_pairs(sketches, 0.8)
    assert set(find_pairs(sketches, Neighbours(0.8))) == expected
    assert 0 < len(expected) < 60 * 59 / 2


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_any_seed_finds_the_same(seed: int) -> None:
    texts = make_texts(40, 80, 5000, seed=3)
    texts += [change(words, 2) for words in texts]
    sketch = Sketcher(5, seed=seed)
    found = list(find_pairs([sketch(words) for words in texts], Neighbours(0.7)))
    assert found == [(place, 40 + place) for place in range(40)]


def test_copies_are_found_at_a_similarity_of_one_and_no_words_near_nothing() -> None:
    texts = make_texts(20, 50, 1000, seed=4)
    sketch, known = Sketcher(), Neighbours(1.0)
    sketches = [sketch(words) for words in (*texts, texts[3], change(texts[5], 1))]
    assert list(find_pairs(sketches, known)) == [(3, 20)]
    sketch = Sketcher()
    assert list(find_pairs([sketch([]), sketch([]), sketch(["a"])], Neighbours(0.1))) == []


def test_form_letters_are_compared_with_so_many_others_and_all_are_found() -> None:
    letter = make_texts(1, 100, 5000, seed=5)[0]
    count = 3 * MOST_COMPARED
    sketch = Sketcher()
    sketches = [sketch([*letter, f"name{number}"]) for number in range(count)]
    found = list(find_pairs(sketches, Neighbours(0.8)))
    assert {place for pair in found for place in pair} == set(range(count))
    most = max(sum(later == place for _, later in found) for place in range(count))
    assert most == MOST_COMPARED
    assert max(earlier for earlier, _ in found) < MOST_COMPARED  # no more of them are kept


def test_the_likeliest_of_many_candidates_are_compared() -> None:
    letter = make_texts(1, 60, 5000, seed=6)[0]
    sketch, known = Sketcher(1), Neighbours(0.8)
    for number in range(2 * MOST_COMPARED):  # each shares 45 of 75 words with the letter
        known.add(sketch(change(letter, 15, seed=number)), number)
    known.add(sketch(letter), 999)
    assert known.find(sketch(change(letter, 1, seed=-1))) == [999]


# Held-out texts


def test_a_text_is_held_by_each_that_has_enough_of_its_shingles() -> None:
    held = HeldOut([SHINGLE("a b c d e".split()), SHINGLE("x y".split())])
    longer = SHINGLE("z a b c d z z".split())  # 3 of 4 shingles
    assert held.find(longer, 0.75) == [0]
    assert held.find(longer, 0.76) == []
    assert held.find(SHINGLE("x y z a b c d e".split()), 1.0) == [0, 1]
    held = HeldOut([SHINGLE("a b c".split()), SHINGLE("b c d".split()), SHINGLE("q r".split())])
    assert held.find(SHINGLE("a b c d".split()), 1.0) == [0, 1]
    assert held.find(SHINGLE("b c".split()), 0.5) == [0, 1]


@pytest.mark.parametrize("texts", [[], [""], ["", "a b"]])
def test_what_has_no_words_is_not_held(texts: list[str]) -> None:
    held = HeldOut([SHINGLE(text.split()) for text in texts])
    assert held.find(SHINGLE("c d".split()), 0.1) == []
    assert held.find(SHINGLE([]), 0.1) == []


def test_holding_is_exact_on_random_texts() -> None:
    texts = [SHINGLE(words) for words in make_texts(40, 30, 12, seed=7)]
    held = HeldOut(texts[:20])
    for other in texts[20:]:
        for share in (0.2, 0.5):
            expected = [
                place
                for place, text in enumerate(texts[:20])
                if np.isin(text, other).sum() / text.size >= share
            ]
            assert held.find(other, share) == expected


# Real articles


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real CNN/DailyMail rows at {REAL}")
def test_planted_copies_of_real_articles_are_found_and_nothing_else() -> None:
    articles = {
        split: [
            split_words(json.loads(line)["article"])
            for line in (REAL / f"{split}.jsonl").read_text("utf-8").strip().split("\n")
        ]
        for split in ("train", "test")
    }
    near = change(articles["test"][7], 5)
    train = [*articles["train"], articles["test"][3], near, articles["train"][0]]
    sketch = Sketcher()
    sketches = [sketch(words) for words in train]
    expected = exact_pairs(sketches[-3:] + sketches[:200], 0.8)
    assert expected == {(2, 3)}
    count = len(articles["train"])
    assert (0, count + 2) in set(find_pairs(sketches, Neighbours(0.8)))
    held = HeldOut([sketch(words).shingles for words in articles["test"]])
    found = [held.find(one.shingles, 0.8) for one in sketches]
    assert found[count : count + 2] == [[3], [7]]
    assert all(places == [] for places in found[:count])
