"""The tables that hold every answer of the teacher, usable or not, with its reason if not."""

import pyarrow as pa

from understudy.contract.answers import COLUMNS
from understudy.contract.pairs import DATA, LABELLED, WRITTEN
from understudy.contract.predictions import PREDICTIONS_SCHEMA, predictions_path
from understudy.core.tables import text_columns

WRITTEN_ANSWERS = WRITTEN / "answers.parquet"
WRITTEN_ANSWERS_SCHEMA = {**text_columns("split", "id", "reason"), **COLUMNS}
"""Columns of generate's answers; an answer's text is the article."""

LABELLED_ANSWERS = LABELLED / "answers.parquet"
LABELLED_ANSWERS_SCHEMA = {
    **text_columns("split", "id"), "sample": pa.int64(), "reason": pa.string(), **COLUMNS
}  # fmt: skip
"""Columns of label's answers, one a sample; an answer's text is the label, or holds it as JSON."""

ZEROSHOT_ANSWERS = predictions_path("zeroshot")
ZEROSHOT_ANSWERS_SCHEMA = {
    **PREDICTIONS_SCHEMA,
    **text_columns("reason"),
    **COLUMNS,
}
"""Columns of zeroshot's answers; the prediction is what was read out of an answer's text."""

CALIBRATION_ANSWERS = DATA / "calibration" / "zeroshot.parquet"
"""The same of the validation articles, by which the stage calibrate compares students with it."""

ANSWERS = {
    "generate": (WRITTEN_ANSWERS,),
    "label": (LABELLED_ANSWERS,),
    "zeroshot": (ZEROSHOT_ANSWERS, CALIBRATION_ANSWERS),
}
"""Tables by the stage that asked."""
TOKEN_COLUMNS = ("prompt_tokens", "cached_tokens", "completion_tokens")
"""What answers are billed by."""
