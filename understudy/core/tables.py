"""Parquet in and out of the stages; what stands under its final name is whole.

Everything passes as Parquet with the columns `id, article, highlights` (+ what a stage adds).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from understudy.core.errors import DataError, one_line
from understudy.core.files import AGAIN, absent, replacing

if TYPE_CHECKING:
    import pandas as pd

BATCH_ROWS = 4096


def read_table(path: Path, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Reads a Parquet file whole.

    Raises:
        DataError: the file is absent, is not Parquet, or lacks a column.
    """
    with readable_parquet(path, columns) as file:
        table: pd.DataFrame = file.read(list(columns) if columns else None).to_pandas()
        return table


def iterate_table(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yields a Parquet file's rows one by one, in memory for a few thousand rows.

    Raises:
        DataError: as in `read_table`.
    """
    with readable_parquet(path, columns) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
            yield from batch.to_pylist()


def list_columns(path: Path, columns: Sequence[str] | None = None) -> list[str]:
    """Names of a Parquet file's columns, which must be there.

    Raises:
        DataError: as in `read_table`.
    """
    with readable_parquet(path, columns) as file:
        return list(file.schema_arrow.names)


@contextmanager
def readable_parquet(
    path: Path, columns: Sequence[str] | None = None, hint: str = AGAIN
) -> Iterator[pq.ParquetFile]:
    """Opens a Parquet file that must have the given columns.

    Args:
        path: the file.
        columns: what it must have.
        hint: what to do about a file that is absent, broken, in the block too, or lacks a column.

    Raises:
        DataError: as in `read_table`.
    """
    try:
        with pq.ParquetFile(path) as file:
            missing = [name for name in columns or () if name not in file.schema_arrow.names]
            if missing:
                found = ", ".join(file.schema_arrow.names)
                raise DataError(f"{path}: no column '{missing[0]}'; it has {found}; {hint}")
            yield file
    except FileNotFoundError:
        raise DataError(
            absent(path) if hint == AGAIN else f"{path}: no such file; {hint}"
        ) from None
    except (pa.ArrowException, OSError) as error:
        problem = f"not a readable Parquet file: {one_line(error)}"
        raise DataError(f"{path}: {problem}; {hint}") from None


class TableWriter:
    """Writes rows to one Parquet file in batches, in memory for one batch."""

    def __init__(self, path: Path, schema: Mapping[str, pa.DataType]) -> None:
        self._schema = pa.schema(list(schema.items()))
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[Mapping[str, Any]] = []
        self.count = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Takes one row with a value for each column of the schema."""
        self._rows.append(row)
        self.count += 1
        if len(self._rows) >= BATCH_ROWS:
            self._flush()

    def close(self) -> None:
        """Writes what is left and ends the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []


@contextmanager
def table_writer(path: Path, schema: Mapping[str, pa.DataType]) -> Iterator[TableWriter]:
    """A TableWriter whose file appears under `path` when the block succeeds."""
    with replacing(path) as partial:
        writer = TableWriter(partial, schema)
        try:
            yield writer
        finally:
            writer.close()


def text_columns(*names: str) -> dict[str, pa.DataType]:
    """A schema of string columns."""
    return {name: pa.string() for name in names}
