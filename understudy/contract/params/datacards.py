"""The params section `datacards`: what counts as near, contaminated and copied."""

from pydantic import Field

from understudy.core.params import Section


class DatacardsParams(Section):
    """The params section `datacards`."""

    near_duplicate: float = Field(gt=0, le=1)
    """Articles with so much of their shingles in common (Jaccard similarity) are near copies; a
    training article with so much of a test article's shingles contaminates it."""
    shingle_words: int = Field(gt=0)
    """Words of a shingle."""
    permutations: int = Field(ge=16, le=4096)
    """Hash values of a MinHash; more of them name fewer candidates in vain."""
    copied_words: int = Field(gt=0)
    """A run of so many words of the highlights that stands in their article is copied."""
    seed: int = Field(ge=0, lt=2**32)
    """Of the hash functions of MinHash."""
