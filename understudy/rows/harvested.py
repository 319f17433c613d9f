"""Rows of data/harvested.parquet that are to be asked about."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from understudy.contract.harvested import FIRST_SERVED
from understudy.contract.kind import this_kind
from understudy.contract.pairs import SPLITS
from understudy.core.tables import BATCH_ROWS, iterate_table, readable_parquet
from understudy.rows.splitting import fingerprint

HINT = (
    "`understudy harvest` makes it and `dvc pull` gets it; or set label.harvested: data/none.jsonl"
)


class HarvestedRows:
    """The file's rows, without those that a split has got since they were harvested.

    A test split that grew may hold one of them: a student must not learn from it. A row that was
    served when the prompt had other columns is left out, too.
    """

    def __init__(self, path: Path, gold: Path, fields: Sequence[str] = ()) -> None:
        """Takes the file, the folder of the filtered splits, and the prompt's other columns."""
        self._path, self._gold = path, gold
        self._kind = this_kind()
        self._own = ("id", self._kind.input, FIRST_SERVED)
        self._columns = (*self._own, *fields)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yields them in their order; each has `first_served`, and null for an output.

        Raises:
            DataError: the file, or a split, is absent or not readable.
        """
        for row in self._read():
            if self._is_new(row):
                yield {**row, self._kind.output: None}

    def count_left_out(self) -> int:
        """How many rows are left out.

        Raises:
            DataError: as in `__iter__`.
        """
        return sum(not self._is_new(row) for row in self._read())

    def _is_new(self, row: dict[str, Any]) -> bool:
        has_fields = None not in row.values()
        return has_fields and fingerprint(row[self._kind.input]) not in self._known

    def _read(self) -> Iterator[dict[str, Any]]:
        """Yields all rows; a column that the file lacks is null."""
        with readable_parquet(self._path, self._own, HINT) as file:
            there = [name for name in self._columns if name in file.schema_arrow.names]
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=there):
                for row in batch.to_pylist():
                    yield {**dict.fromkeys(self._columns), **row}

    @cached_property
    def _known(self) -> set[bytes]:
        return {
            fingerprint(row[self._kind.input])
            for split in SPLITS
            for row in iterate_table(self._gold / f"{split}.parquet", [self._kind.input])
        }


def open_harvested(path: Path | None, gold: Path, variables: Sequence[str]) -> HarvestedRows | None:
    """The rows of the file that label.harvested names, for a prompt with these variables.

    Args:
        path: None where it names no file.
        gold: the folder of the filtered splits.
        variables: columns that the prompt uses.
    """
    fields = [name for name in variables if name not in this_kind().columns]
    return None if path is None else HarvestedRows(path, gold, fields)
