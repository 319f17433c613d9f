"""The embedded teacher's language rules: what expand() and summarize() promise."""

import json
import re
from pathlib import Path

import pytest

from understudy.teacher.embedded.expand import expand
from understudy.teacher.embedded.sentences import split_sentences, tidy, words
from understudy.teacher.embedded.summarize import summarize
from understudy.teacher.embedded.wording import NOUNS, VERBS, article_for

REAL = Path(__file__).parents[3] / "shared" / "data" / "cnndm"

HIGHLIGHTS = (
    "American being flown from Africa to Maryland hospital; to arrive Friday .\n"
    "NIH has one of only four U.S. hospital biocontainment units .",
    "Mayor Ida Renn announces a $3.5 million plan to rebuild the bridge in Oakport .\n"
    'She says: "We will not wait" .\nThe storm destroyed 41 homes in 2012 .',
    "Jane Roe: Nearly two-thirds of voters in Ohio are undecided .\n"
    "Many workers lost their jobs last year, but the company denies the report .",
    "Café Zürich reopens after 12 years, and police say the fire was an accident .",
)
ODD = (
    "", " \n ", ".", "...", "Hello", "hello", "x" * 5000, '"', "a; b; c", "; ; ;",
    "<b>Bold</b> & <i>x", "{day} {} {0}",
    "日本語の見出し。", "🙂 wins", "\ud800", "NEW: ", "Police: ", "A\tB\r\nC",
    "word " * 5000, "%s %(x)s \\1", "He said .\nShe said .", "¿Qué? ¡No!", "1 .\n2 .\n3 .",
)  # fmt: skip
ARTICLE = (
    "OAKPORT (CNN) -- The old stone bridge in Oakport collapsed on Monday after two days of rain, "
    "officials said. Nobody was hurt, but 41 homes lost their water supply. Mayor Ida Renn told "
    "reporters that the city would spend $3.5 million on a new bridge. The bridge was built in "
    '1912 and carried 9,000 cars a day. "It is a sad day," one resident said. Engineers had '
    "warned the city about cracks in the bridge in March. Dr. Paul Moss, "
    "an engineer, said that the rain "
    "had washed away the ground under two of its four pillars. Buses will take another road until "
    "June. The city has asked the state for help with the cost. Work on the new bridge is to begin "
    "in May."
)


def real(split: str, column: str) -> list[str]:
    path = REAL / f"{split}.jsonl"
    if not path.exists():
        pytest.skip("shared/data/cnndm is not here: third-party text is not part of the project")
    return [json.loads(line)[column] for line in path.read_text("utf-8").splitlines()]


def lost(highlights: str) -> list[str]:
    """Names and numbers of the highlights that the article does not have."""
    had = {word.lower() for word in words(expand(highlights))} | {"a", "an"}
    names = [word for word in words(highlights) if re.match(r"[A-Z\d]", word)]
    return [word for word in names if word.lower() not in had]


def repeats_a_bullet(highlights: str) -> bool:
    sentences = {sentence.rstrip(".") for sentence in split_sentences(expand(highlights))}
    return any(tidy(bullet).rstrip(" .") in sentences for bullet in highlights.splitlines())


def test_different_highlights_get_different_articles_and_the_same_the_same() -> None:
    assert len({expand(text) for text in HIGHLIGHTS * 2}) == len(HIGHLIGHTS)
    assert summarize(ARTICLE) == summarize(ARTICLE)


@pytest.mark.parametrize("highlights", HIGHLIGHTS)
def test_an_article_is_a_paragraph_that_tells_every_fact_in_other_words(highlights: str) -> None:
    article = expand(highlights)
    assert lost(highlights) == []
    assert not repeats_a_bullet(highlights)
    assert "\n" not in article
    assert 380 <= len(article) <= 2600
    sentences = split_sentences(article)
    assert len(sentences) == len(set(sentences))


def test_what_is_quoted_and_braces_stay_word_for_word() -> None:
    assert '"We will not wait."' in expand(HIGHLIGHTS[1])
    assert "{day}" in expand("The {day} key in {place} is shown on Monday .")


def test_facts_often_come_in_another_order() -> None:
    bullets = [
        f"Anna Berg{n} opened a shop in Oakport .\nCarl Dahl{n} sold a farm ." for n in range(99)
    ]
    articles = [expand(bullet) for bullet in bullets]
    swapped = sum(
        text.index(" sold") < text.index("Oakport") for text in articles if " sold" in text
    )
    assert swapped > 20


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_raise_nothing(text: str) -> None:
    assert "\n" not in expand(text)
    assert len(summarize(text)) <= len(text)
    assert text or not expand(text)


def test_a_summary_is_longer_than_a_reference_and_shorter_than_its_article() -> None:
    assert 60 <= len(summarize(ARTICLE).split()) <= 125
    assert len(summarize(ARTICLE)) < len(ARTICLE)
    assert "(CNN)" not in summarize(ARTICLE)  # no dateline


def test_the_summary_of_a_short_text_is_not_longer_than_it() -> None:
    for count in range(1, 12):
        short = " ".join(split_sentences(ARTICLE)[:count])
        assert len(summarize(short).split()) <= len(short.split())


def test_an_abbreviation_or_a_decimal_does_not_end_a_sentence() -> None:
    text = 'Dr. Moss paid $3.5 million in the U.S. on Monday. "Go!" he said. Then J. R. Hill left .'
    first, second, third = split_sentences(text)
    assert first.endswith("Monday.")
    assert second == '"Go!" he said.'
    assert third == "Then J. R. Hill left."


def test_a_synonym_has_the_form_of_its_word() -> None:
    assert "commenced" in VERBS["started"]
    assert "stopping" not in VERBS.get("stops", ())
    assert "agreements" in NOUNS["deals"]
    assert (article_for("hour"), article_for("union"), article_for("attack")) == ("an", "a", "an")


def test_real_highlights_keep_their_names_and_numbers() -> None:
    highlights = real("train", "highlights")[:300]
    assert sum(bool(lost(text)) for text in highlights) <= 3
    assert sum(repeats_a_bullet(text) for text in highlights) <= 15


def test_some_real_articles_are_too_long_for_the_filter_and_most_are_not() -> None:
    lengths = [len(expand(text)) for text in real("train", "highlights")[:300]]
    assert all(380 <= length <= 2600 for length in lengths)
    assert 0.03 < sum(length > 2048 for length in lengths) / len(lengths) < 0.25


def test_real_summaries_are_longer_than_their_references() -> None:
    pairs = zip(real("test", "article"), real("test", "highlights"), strict=True)
    longer = [len(summarize(article).split()) > len(text.split()) for article, text in pairs]
    assert sum(longer) >= 0.95 * len(longer)
