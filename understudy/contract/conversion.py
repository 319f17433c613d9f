"""models/SYSTEM/ctranslate2/check.json: how the converted model compares with the trained one."""

from pathlib import Path

from understudy.contract.document import Count, Document
from understudy.contract.params.export import CHECK, CONVERTED


class ConversionCheck(Document):
    """Differences are of log-probabilities of the same tokens, in nats a token."""

    passed: bool
    quantization: str
    rows: Count = 0
    """Pairs on which the models were compared."""
    tokens: Count = 0
    mean_difference: float | None = None
    largest_difference: float | None = None
    limit: float | None = None
    """The largest mean difference that passes."""
    weights: str | None = None
    """Hash of the trained weights that were converted; files of older versions have none."""
    fast_tokenizer: bool = False
    """Whether the tokenizer's files encode and decode without transformers as they do with it."""
    why: str | None = None
    """What is wrong, if it did not pass."""

    @staticmethod
    def path_in(model: Path) -> Path:
        """Where a model folder has the file."""
        return model / CONVERTED / CHECK
