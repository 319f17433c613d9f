"""What ROUGE misses in a summary: length, novelty, copying, unsupported facts, repetition."""

import re
from collections.abc import Sequence
from statistics import fmean

from understudy.texts.fragments import find_fragments
from understudy.texts.sentences import split_sentences
from understudy.texts.words import count_words, list_grams, split_words

SIZES = (1, 2, 3, 4)
REPEATED = 3
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
NAME = re.compile(r"[^\W\d_][\w’'-]+")
NUMERALS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
SPELLED = {word: str(number) for number, word in enumerate(NUMERALS.split())}


def measure_traits(articles: Sequence[str], summaries: Sequence[str]) -> dict[str, float]:
    """Means over the summaries, each against its article.

    Returns:
        `words`; `compression`, article words a summary word; `novel1` to `novel4`, percent of a
        summary's n-grams that its article lacks; `coverage` in percent and `density` in words
        (Grusky et al. 2018); `repeated`, percent of its 3-grams that occurred in it before;
        `unsupported_numbers` and `unsupported_names`, percent of summaries with one that the
        article lacks; `empty`, how many have no word. Empty summaries count only in `words` and
        `empty`.
    """
    pairs = [(a, s) for a, s in zip(articles, summaries, strict=True) if count_words(s)]
    rows = [_measure(article, summary) for article, summary in pairs]
    names = ("compression", *(f"novel{size}" for size in SIZES), "coverage", "density", "repeated")
    means = {"words": fmean(map(count_words, summaries))}
    for name in (*names, "unsupported_numbers", "unsupported_names"):
        known = [value for row in rows if (value := row[name]) is not None]
        means[name] = fmean(known) if known else 0.0
    return {**means, "empty": len(summaries) - len(pairs)}


def _measure(article: str, summary: str) -> dict[str, float | None]:
    source, words = split_words(article), split_words(summary)
    fragments, grams = find_fragments(source, words), list_grams(words, REPEATED)
    return {
        "compression": len(source) / len(words),
        **{f"novel{size}": _share_novel(source, words, size) for size in SIZES},
        "coverage": 100 * fragments.coverage,
        "density": fragments.density,
        "repeated": 100 * (1 - len(set(grams)) / len(grams)) if grams else None,
        "unsupported_numbers": 100.0 * bool(find_unsupported_numbers(article, summary)),
        "unsupported_names": 100.0 * bool(find_unsupported_names(article, summary)),
    }


def _share_novel(source: Sequence[str], words: Sequence[str], size: int) -> float | None:
    known, grams = set(list_grams(source, size)), list_grams(words, size)
    return 100 * sum(gram not in known for gram in grams) / len(grams) if grams else None


def find_unsupported_numbers(article: str, summary: str) -> list[str]:
    """Numbers in digits that the article has neither in digits nor, up to twenty, in words."""
    known = {number.replace(",", "") for number in NUMBER.findall(article)}
    known |= {SPELLED[word] for word in split_words(article) if word in SPELLED}
    return [number for number in NUMBER.findall(summary) if number.replace(",", "") not in known]


def find_unsupported_names(article: str, summary: str) -> list[str]:
    """Capitalized words that the article lacks in any case, without the first of each sentence."""
    known = set(_list_parts(article))
    return [
        name
        for sentence in split_sentences(summary)
        for name in NAME.findall(sentence)[1:]
        if name[0].isupper() and not known.issuperset(_list_parts(name))
    ]


def _list_parts(text: str) -> list[str]:
    """Parts of words; single letters after an apostrophe or a hyphen are left out."""
    return re.findall(r"\w{2,}", text.casefold())
