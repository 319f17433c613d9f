"""The params section `predict`: beam search, the same for every student."""

from typing import Literal

from pydantic import Field

from understudy.core.params import Section


class DecodingParams(Section):
    """Beam search, the same for every student."""

    beams: int = Field(default=4, gt=0)
    """Candidate summaries kept at each step; 1 decodes greedily."""
    max_tokens: int = Field(default=96, gt=0)
    """Longest summary, in the student's tokens."""
    length_penalty: float = 1.0
    """Exponent of the length by which a summary's log-probability is divided: above 0 favours
    longer summaries."""
    no_repeat_ngram: int = Field(default=0, ge=0)
    """No n-gram of this size occurs twice in a summary; 0 allows all."""
    max_input_tokens: int = Field(default=512, gt=1)
    """Longer articles are cut, and counted."""
    tokens_per_batch: int = Field(default=1024, gt=0)
    """Article tokens, padding included, that are decoded at once: what limits memory."""
    engine: Literal["ctranslate2", "transformers"] = "ctranslate2"
    """What runs the model: ctranslate2 takes the converted model that `export` makes; transformers
    takes the trained one, and several times as long."""
