"""data/harvested.parquet: inputs out of served requests that `label` asks about too.

`understudy harvest` writes it, and keeps the rows that are there: it only grows, newest last.
"""

from collections.abc import Collection

import pyarrow as pa

from understudy.contract.kind import this_kind
from understudy.contract.pairs import DATA
from understudy.core.tables import text_columns

HARVESTED = DATA / "harvested.parquet"
FIRST_SERVED = "first_served"


def harvested_schema(fields: Collection[str] = ()) -> dict[str, pa.DataType]:
    """The columns.

    id: a hash of the input, as in the file that `understudy inputs` writes.
    article, or what this kind of task calls it: the input, as the student reads it.
    first_served, times_served: when it came first, and how often, by the harvest that took it.
    request: the key of the teacher's answer in the ledger.

    Args:
        fields: columns that the input is made of, if any; they follow it.
    """
    return {
        **text_columns("id", this_kind().input, *fields),
        FIRST_SERVED: pa.timestamp("ms", tz="UTC"),
        "times_served": pa.int64(),
        "request": pa.string(),
    }
