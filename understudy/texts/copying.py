"""How much of a summary stands word for word in its article, where that is no chance."""

from collections.abc import Sequence

from understudy.texts.words import list_grams

COPIED_WORDS = 8
"""What the filter calls a copied run: texts of their own rarely share so many words in a row."""


def copied_share(article: Sequence[str], summary: Sequence[str], run: int = COPIED_WORDS) -> float:
    """The share of a summary's words that stand in runs of that many words, or longer ones.

    Args:
        article: its words.
        summary: its words; where they are fewer than `run`, all of them are one run.
        run: words in a row that the article has too, at least 1.

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
