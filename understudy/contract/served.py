"""data/served/DAY.parquet: requests that the teacher answered while a student was on stage."""

from datetime import date
from pathlib import Path

import pyarrow as pa

from understudy.core.tables import text_columns

SERVED = Path("data/served")
INPUT = "article"
"""The column of the input, of every kind of task."""
SERVED_SCHEMA = {
    "time": pa.timestamp("ms", tz="UTC"),
    **text_columns("request", INPUT),
    "fields": pa.string(),
    **text_columns("model", "mode", "why", "teacher", "student"),
    "confidence": pa.float64(),
    "agreement": pa.float64(),
}
"""Columns, in the order of time. Personal data is replaced as in fetch, before anything is written.

request: the key of the teacher's answer in the ledger.
article: the input, as the student reads it.
fields: the columns that it was made of, as a JSON object; null where it came as `article`.
model: the student's folder.
mode: of the server.
why: `unsure`, `no_promise`, `canary`, `shadow` or `not_sampled`.
teacher: the text of the teacher's answer; null where it gave none.
student: that of the student's; null where it was not asked.
confidence: of the student's answer; null where there is none.
agreement: points of ROUGE-1 F1 between the two, of labels 100 or 0; null without both.
"""


def served_path(day: date, folder: Path = SERVED) -> Path:
    """Where a day's requests are, by UTC."""
    return folder / f"{day.isoformat()}.parquet"
