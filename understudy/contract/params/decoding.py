"""The params sections `export` and `predict`, and where a model folder has its converted model."""

from typing import Literal

from pydantic import Field

from understudy.core.params import Section


class DecodingParams(Section):
    """The params section `predict`: beam search, the same for every student."""

    beams: int = Field(gt=0)
    max_tokens: int = Field(gt=0)
    """Longest summary, in the student's tokens."""
    length_penalty: float
    """Exponent of the length by which a summary's log-probability is divided: above 0 favours
    longer summaries."""
    no_repeat_ngram: int = Field(ge=0)
    """No n-gram of this size occurs twice in a summary; 0 allows all."""
    max_input_tokens: int = Field(gt=1)
    """Longer articles are cut, and counted."""
    tokens_per_batch: int = Field(gt=0)
    """Article tokens, padding included, that are decoded at once: what limits memory."""
    engine: Literal["ctranslate2", "transformers"]
    """What runs the model; ctranslate2 needs the converted model that `export` makes."""
