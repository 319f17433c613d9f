"""The params section `export`, and where a model folder has its converted model."""

from typing import Literal

from pydantic import Field

from understudy.core.params import Section

CONVERTED = "ctranslate2"
"""The converted model's folder inside the model's."""
CHECK = "check.json"
"""In that folder: how it compares with the trained model."""


class ExportParams(Section):
    """The CTranslate2 model that is deployed."""

    quantization: Literal["int8", "int8_float32", "int8_bfloat16", "bfloat16", "float32"] = (
        "float32"
    )
    """Type of the converted weights. int8 has a fourth of the size: it costs `tiny` models up to a
    ROUGE point and suits real ones. There is no float16: T5's activations overflow in it."""
    limit: float = Field(default=0.1, gt=0)
    """Largest mean difference, in nats per token, between the log-probabilities of the converted
    and the trained model. int8 is off by a few hundredths, a wrong scale by more than 1."""
    rows: int = Field(default=32, gt=0)
    """Validation pairs on which they are compared."""
