"""ROUGE-1, 2, L and Lsum with recall, precision and F1, as an `evaluate` metric.

Load it with `evaluate.load("understudy/scoring/rouge.py")`, or call `Rouge()`.

The study defines ROUGE as recall (overlap / reference length), which longer predictions raise
for free; precision and F1 beside it show that. understudy/scoring/rows.py scores row by row.
"""

import sys
from collections.abc import Sequence
from typing import Any

import datasets
import numpy as np

from understudy.contract.names import KINDS
from understudy.contract.params.evaluate import Words
from understudy.scoring.rows import score_rows

# For evaluators that nothing here uses, `evaluate` imports transformers' pipelines, and so torch,
# which takes longer than the sample's scores; it does without where they are absent.
if is_absent := "transformers" not in sys.modules:
    sys.modules["transformers"] = None  # type: ignore[assignment]
try:
    import evaluate
finally:
    if is_absent:
        del sys.modules["transformers"]

DESCRIPTION = "ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum; recall, precision and F1 in points."
INPUTS = """
Args:
    predictions: summaries to score, one per row.
    references: gold summaries, one per row.
    stemmer: compare Porter stems instead of words.
    aggregate: False gives a list of scores, one per row, instead of each mean.
    kinds: some of rouge1, rouge2, rougel, rougelsum; all by default.
    words: `english`, of a to z and digits, or `unicode`, of all scripts.

Returns:
    {"rouge1": {"recall", "precision", "f1"}, "rouge2": …, "rougel": …, "rougelsum": …},
    in points of 0 to 100.
"""
CITATION = "Chin-Yew Lin. 2004. ROUGE: A Package for Automatic Evaluation of Summaries. ACL."


class Rouge(evaluate.Metric):  # type: ignore[misc]
    """The metric; see INPUTS for what `compute` takes and returns."""

    def _info(self) -> evaluate.MetricInfo:
        text = datasets.Value("string")
        return evaluate.MetricInfo(
            description=DESCRIPTION,
            citation=CITATION,
            inputs_description=INPUTS,
            features=datasets.Features({"predictions": text, "references": text}),
        )

    def _compute(
        self,
        predictions: Sequence[str],
        references: Sequence[str],
        stemmer: bool = True,
        aggregate: bool = True,
        kinds: Sequence[str] | None = None,
        words: Words = "english",
    ) -> dict[str, Any]:
        rows = score_rows(predictions, references, stemmer, kinds or KINDS, words)
        if not aggregate:
            return rows
        return {
            kind: {measure: float(np.mean(values)) for measure, values in measures.items()}
            for kind, measures in rows.items()
        }
