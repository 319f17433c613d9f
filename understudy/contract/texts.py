"""What evaluate writes of texts: their traits, and what their lengths explain."""

from pathlib import Path
from typing import ClassVar

from understudy.contract.document import Count, Figure, KeyedMetrics, Record
from understudy.contract.evaluation import F1Difference


class TextTraits(Record):
    """What ROUGE does not see in some texts; means over those that have a word."""

    words: Figure
    """Over all texts."""
    compression: Figure
    """Words of the article for each of the text."""
    novel1: Figure
    """Percent of the text's words that the article lacks; `novel2` and so on of its n-grams."""
    novel2: Figure
    novel3: Figure
    novel4: Figure
    coverage: Figure
    """Percent of the text's words in fragments of the article (Grusky et al. 2018)."""
    density: Figure
    """Words of the fragment that a word stands in (Grusky et al. 2018)."""
    repeated: Figure
    """Percent of the text's 3-grams that it has said before."""
    unsupported_numbers: Figure
    """Percent of texts with a number that the article lacks."""
    unsupported_names: Figure
    """Percent of texts with a name that the article lacks."""
    empty: Count
    """Texts without a word."""


class Texts(KeyedMetrics[TextTraits]):
    """metrics/texts.json: every system, and the reference texts under REFERENCE."""

    PATH: ClassVar = Path("metrics/texts.json")


class LengthEffect(Record):
    """A student minus zero-shot in ROUGE-1, with zero-shot answers as they are and cut."""

    words: Figure
    """Mean words per summary of the student."""
    zeroshot_words: Figure
    as_is: F1Difference
    cut: F1Difference
    """The same with each answer cut to as many words as the student wrote."""
    explained: Figure | None = None
    """Percent of the difference in F1; None where there is none to explain."""
    correlation: Figure | None = None
    """Spearman's, of differences in length and in F1, -1 to 1; None where one does not vary."""


class LengthEffects(KeyedMetrics[LengthEffect]):
    """metrics/length.json: every student."""

    PATH: ClassVar = Path("metrics/length.json")
