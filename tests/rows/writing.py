"""Files of rows in each format, for the tests of what reads them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Row = dict[str, Any]
SAME = {"id": "id", "article": "article", "highlights": "highlights"}
FORMATS = pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])


def write_file(path: str | Path, rows: Sequence[Row]) -> Path:
    """Writes rows in the format of the path's suffix; keys that a row lacks are null in tables."""
    path = Path(path)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    elif path.suffix == ".csv":
        pd.DataFrame(rows, dtype=object).to_csv(path, index=False)
    else:
        names = dict.fromkeys(name for row in rows for name in row)
        pq.write_table(pa.Table.from_pylist([dict.fromkeys(names) | row for row in rows]), path)
    return path


def read_splits(folder: str | Path, *names: str) -> dict[str, list[Row]]:
    """The rows of tables in a folder."""
    return {name: pq.read_table(Path(folder) / f"{name}.parquet").to_pylist() for name in names}
