"""The params section `datacards`: what the data cards count as near, contaminated and copied."""

from pydantic import Field

from understudy.core.params import Section


class DatacardsParams(Section):
    """How the data cards count near duplicates, contamination and copied text."""

    near_duplicate: float = Field(default=0.8, gt=0, le=1)
    """Articles that share so much of their shingles (Jaccard similarity) are near duplicates; a
    training article with so much of a test article's shingles contaminates it."""
    shingle_words: int = Field(default=5, gt=0)
    """Words in a shingle."""
    permutations: int = Field(default=128, ge=16, le=4096)
    """Hash values in a MinHash; with more of them, fewer candidates turn out to differ."""
    copied_words: int = Field(default=8, gt=0)
    """Words in a row, shared by highlights and article, that count as copied."""
    seed: int = Field(default=1, ge=0, lt=2**32)
    """Seed of MinHash's hash functions."""
