"""Vocabulary, by hand."""

from stages.datacards.vocabulary import VocabularyCounter
from understudy.contract.survey import SEGMENT, Vocabulary


def count(*texts: list[str]) -> Vocabulary:
    counter = VocabularyCounter()
    for words in texts:
        counter.add(words)
    return counter.describe()


def test_words_are_counted_over_all_texts() -> None:
    # a three times, b twice, c and d once: 4 of 7 words are distinct, 2 of 4 occur once
    assert count("a b c".split(), "a b a d".split()) == Vocabulary(
        words=7, distinct=4, type_token=57.1429, once=50
    )
    assert count([], []) == Vocabulary(words=0, distinct=0, type_token=0, once=0)


def test_distinct_words_are_counted_in_segments_whatever_the_length() -> None:
    words = [f"w{number % 400}" for number in range(3 * SEGMENT // 2)]
    once = [f"x{number}" for number in range(SEGMENT // 2 + 7)]
    found = count(words, once)  # segments of 400 and 400 + 100 ... and 7 words left over
    second = len({*words[SEGMENT:], *once[: SEGMENT // 2]})
    assert found.type_token == 100 * (400 + second) / (2 * SEGMENT)
    assert count(words + once).type_token == found.type_token
    words = [f"w{number % 300}" for number in range(SEGMENT)]
    assert count(words).type_token == count(*[words] * 5).type_token == 30
