"""Brings rows from the chosen source into one form, and lists those that cannot be used."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from understudy.contract.origin import FetchedRows, FetchedSplits, SampleOrigin
from understudy.contract.pairs import PAIRS_SCHEMA, RAW, RAW_REJECTS_SCHEMA, REJECTS, SPLITS
from understudy.contract.params.fetch import FetchParams
from understudy.core.errors import DataError
from understudy.core.progress import track
from understudy.core.tables import TableWriter, read_table, table_writer, text_columns
from understudy.rows.fields import BY
from understudy.rows.raw import INPUT, PAIR, RawRow, find_problem, normalize_id
from understudy.rows.sources import INPUTS, Source, open_source
from understudy.rows.splitting import choose_split


def fetch(params: FetchParams, folder: Path = RAW) -> None:
    """Writes the chosen source's usable rows, its rejects and its identity under `folder`.

    Raises:
        DataError: the source cannot be read, or more than `max_rejected` of a split's rows, or of
            the inputs, cannot be used.
    """
    source = open_source(params)
    schema = PAIRS_SCHEMA | text_columns(*source.fields)
    with ExitStack() as stack:
        rejects = stack.enter_context(table_writer(folder / REJECTS, RAW_REJECTS_SCHEMA))
        kept = {
            split: stack.enter_context(table_writer(folder / f"{split}.parquet", schema))
            for split in SPLITS
        }
        sorter = Sorter(source, kept, rejects)
        for name, rows in source.rows.items():
            sorter.take(name, track(rows, f"fetch {name}"))
    sorter.check(params.max_rejected, folder / REJECTS)
    counts = FetchedSplits(**sorter.count_splits())
    source.make_origin(rows=counts).write(folder / SampleOrigin.PATH.name)


class Sorter:
    """Writes each row to its split, or to the rejects."""

    def __init__(
        self, source: Source, kept: Mapping[str, TableWriter], rejects: TableWriter
    ) -> None:
        self._source, self._kept, self._rejects = source, kept, rejects
        self._parts: dict[str, Counter[tuple[str, bool]]] = {}
        """By name of what was read: how many rows of a split were kept, and were not."""

    def take(self, name: str, rows: Iterator[RawRow]) -> None:
        """Takes the rows of a split, or INPUTS."""
        seen, counts = set[str](), self._parts.setdefault(name, Counter())
        for row in rows:
            split, problem = name, find_problem(row, INPUT if name == INPUTS else PAIR)
            if name == INPUTS:
                split, problem = self._choose_split(row, problem)
            identity = None if problem else normalize_id(row.values.get("id"))
            identity = identity or f"{split}-{row.number:06d}"
            if problem is None and identity in seen:
                problem = f"id: repeats {identity}"
            counts[split, problem is None] += 1
            if problem is None:
                seen.add(identity)
                self._kept[split].add({**row.values, "id": identity})
            else:
                known = {"split": split, "file": row.file, "row": row.number}
                self._rejects.add({**known, "reason": problem})

    def _choose_split(self, row: RawRow, problem: str | None) -> tuple[str, str | None]:
        """The split of a row of INPUTS and its problem; one that cannot be used counts to train."""
        if problem is not None:
            return "train", problem
        try:
            group = normalize_id(row.values.get(BY))
        except ValueError as error:
            return "train", f"{self._source.by}: {error}"
        return choose_split(group or row.values["article"], self._source.shares), None

    def count_splits(self) -> dict[str, FetchedRows]:
        """How many rows of each split were kept and rejected."""
        total = sum(self._parts.values(), Counter[tuple[str, bool]]())
        return {
            split: FetchedRows(kept=total[split, True], rejected=total[split, False])
            for split in SPLITS
        }

    def check(self, max_rejected: float, path: Path) -> None:
        """Raises DataError where too many rows were rejected, or a split has none."""
        for name, counts in self._parts.items():
            kept = sum(count for (_, is_kept), count in counts.items() if is_kept)
            rejected = counts.total() - kept
            if not kept or rejected / counts.total() > max_rejected:
                raise DataError(_say_rejected(name, kept, rejected, max_rejected, path))
        if INPUTS in self._parts:
            self._check_shares()

    def _check_shares(self) -> None:
        counts = {split: count.kept for split, count in self.count_splits().items()}
        for split, count in counts.items():
            if not count:
                shares = ", ".join(f"{name} {number}" for name, number in counts.items())
                raise DataError(
                    f"{split}: no input fell to it ({shares}); give more inputs, or raise its "
                    f"share in fetch.files.split"
                )


def _say_rejected(name: str, kept: int, rejected: int, max_rejected: float, path: Path) -> str:
    table = read_table(path)
    if name != INPUTS:
        table = table.query("split == @name")
    rows: Any = table.head(3).itertuples()
    first = "; ".join(f"{row.file} row {row.row}: {row.reason}" for row in rows)
    read = kept + rejected
    problem = (
        f"{rejected} of {read} rows cannot be used, more than "
        f"fetch.max_rejected = {max_rejected:g} allows"
        if kept
        else f"none of {read} rows can be used"
    )
    return f"{name}: {problem} ({first or 'empty'}); all are listed in {path}"
