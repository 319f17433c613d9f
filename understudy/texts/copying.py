"""How much of a summary is copied from its article, in runs too long for coincidence."""

from collections.abc import Sequence

from understudy.texts.words import list_grams

COPIED_WORDS = 8
"""Length of a copied run to the filter: independent texts rarely share so many words in a row."""


def copied_share(article: Sequence[str], summary: Sequence[str], run: int = COPIED_WORDS) -> float:
    """The share of a summary's words in runs of at least `run` words that its article has too.

    Args:
        article: its words.
        summary: its words; fewer than `run` count as one run.
        run: words in a row, at least 1.

    Returns:
        From 0 to 1; 0 for a summary without words.
    """
    size = min(run, len(summary))
    if not size:
        return 0.0
    known = set(list_grams(article, size))
    copied: set[int] = set()
    for start, words in enumerate(list_grams(summary, size)):
        if words in known:
            copied.update(range(start, start + size))
    return len(copied) / len(summary)
