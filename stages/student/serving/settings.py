"""The params sections `export` and `predict`, and where a model folder has its converted model."""

from typing import Literal

from pydantic import Field

from stages.params import Section

CONVERTED = "ctranslate2"
"""The converted model's folder inside the model's."""
CHECK = "check.json"
"""In that folder: how it compares with the trained model."""


class ExportParams(Section):
    """The params section `export`."""

    quantization: Literal["int8", "int8_float32", "int8_bfloat16", "bfloat16", "float32"]
    """Of the converted weights; not float16, in which T5's activations overflow."""
    limit: float = Field(gt=0)
    """Largest mean difference, in nats a token, between the log-probabilities of the converted
    and the trained model. int8 is off by a few hundredths, a wrong scale by more than 1."""
    rows: int = Field(gt=0)
    """Validation pairs on which they are compared."""


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
