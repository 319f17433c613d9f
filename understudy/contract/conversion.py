"""check.json of a converted model: how it compares with the trained one.

It lies in models/SYSTEM/ctranslate2, or in the folder of a classifier itself.
"""

from pathlib import Path

from understudy.contract.document import Count, Document
from understudy.contract.params.export import CHECK, CONVERTED


class ConversionCheck(Document):
    """Differences are of log-probabilities of the same tokens, or labels, in nats for each."""

    passed: bool
    quantization: str
    rows: Count = 0
    """Pairs on which the models were compared."""
    tokens: Count = 0
    mean_difference: float | None = None
    largest_difference: float | None = None
    limit: float | None = None
    """The largest mean difference that passes."""
    equal: float | None = None
    """Share of the texts that get the same label; of classifiers only."""
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
