"""Brings rows from the chosen source into one form, and lists those that cannot be used."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from understudy.contract.kind import this_kind
from understudy.contract.label_reader import LabelReader
from understudy.contract.origin import FetchedRows, FetchedSplits, SampleOrigin
from understudy.contract.pairs import RAW, RAW_REJECTS_SCHEMA, REJECTS, SPLITS, pairs_schema
from understudy.contract.params.fetch import FetchParams
from understudy.core.errors import DataError
from understudy.core.progress import track
from understudy.core.tables import TableWriter, read_table, table_writer, text_columns
from understudy.rows.fields import BY
from understudy.rows.raw import RawRow, find_problem, normalize_id
from understudy.rows.redacting import clean_errors, count_redacted, open_redactor, redact_values
from understudy.rows.sources import INPUTS, Source, open_source
from understudy.rows.splitting import choose_split
from understudy.texts.redaction import Redactor

UNLISTED_LABEL = "unlisted_label"
"""Why a row is rejected whose label is none of `task.labels`, nor a synonym."""


def fetch(params: FetchParams, folder: Path = RAW, labels: LabelReader | None = None) -> None:
    """Writes the chosen source's usable rows, its rejects and its identity under `folder`.

    Args:
        params: the section `fetch`.
        folder: for the splits, rejects and identity.
        labels: reads outputs as labels; None where they are texts.

    Raises:
        DataError: the source cannot be read, or more than `max_rejected` of a split's rows, or of
            the inputs, cannot be used.
    """
    redactor = open_redactor(params.redact)
    with clean_errors(redactor):
        _fetch(params, folder, redactor, labels)


def _fetch(
    params: FetchParams, folder: Path, redactor: Redactor | None, labels: LabelReader | None
) -> None:
    source = open_source(params)
    schema = pairs_schema() | text_columns(*source.fields)
    with ExitStack() as stack:
        rejects = stack.enter_context(table_writer(folder / REJECTS, RAW_REJECTS_SCHEMA))
        kept = {
            split: stack.enter_context(table_writer(folder / f"{split}.parquet", schema))
            for split in SPLITS
        }
        sorter = Sorter(source, kept, rejects, redactor, labels)
        for name, rows in source.rows.items():
            sorter.take(name, track(rows, f"fetch {name}"))
    sorter.check(params.max_rejected, folder / REJECTS)
    redacted = redactor and count_redacted(sorter.replaced)
    counts = FetchedSplits(**sorter.count_splits())
    source.make_origin(rows=counts, redacted=redacted).write(folder / SampleOrigin.PATH.name)


class Sorter:
    """Writes each row to its split, or to the rejects."""

    def __init__(
        self,
        source: Source,
        kept: Mapping[str, TableWriter],
        rejects: TableWriter,
        redactor: Redactor | None = None,
        labels: LabelReader | None = None,
    ) -> None:
        self._source, self._kept, self._rejects = source, kept, rejects
        self._redactor, self._labels = redactor, labels
        self._kind = this_kind()
        self.replaced: Counter[str] = Counter()
        """Personal data in rows that were kept, by kind."""
        self._parts: dict[str, Counter[tuple[str, bool]]] = {}
        """By name of what was read: how many rows of a split were kept, and were not."""

    def take(self, name: str, rows: Iterator[RawRow]) -> None:
        """Takes the rows of a split, or INPUTS."""
        seen, counts = set[str](), self._parts.setdefault(name, Counter())
        for row in rows:
            values, replaced, problem = self._prepare(row, has_output=name != INPUTS)
            split = self._choose_split(values, problem) if name == INPUTS else name
            identity = values["id"] or f"{split}-{row.number:06d}"
            if problem is None and identity in seen:
                problem = f"id: repeats {identity}"
            counts[split, problem is None] += 1
            if problem is None:
                seen.add(identity)
                self.replaced += replaced
                self._kept[split].add({**values, "id": identity})
            else:
                known = {"split": split, "file": row.file, "row": row.number}
                self._rejects.add({**known, "reason": problem})

    def _prepare(
        self, row: RawRow, has_output: bool
    ) -> tuple[dict[str, Any], Counter[str], str | None]:
        """A row's values, how much personal data was replaced in them, and its problem."""
        if self._labels and has_output and row.problem is None:
            row = _with_label(row, self._kind.output, self._labels)
        texts = self._kind.columns[1:] if has_output else (self._kind.input,)
        problem, values = find_problem(row, texts), {**row.values, "id": None}
        if problem is None:
            values["id"] = normalize_id(row.values.get("id"))
            problem = self._find_group_problem(values)
        if self._redactor is None:
            return values, Counter(), problem
        if problem is not None:  # it may quote what stands there
            return {"id": None}, Counter(), self._redactor.redact(problem)[0]
        return *redact_values(values, self._source.fields, self._redactor), None

    def _find_group_problem(self, values: Mapping[str, Any]) -> str | None:
        try:
            normalize_id(values.get(BY))
        except ValueError as error:
            return f"{self._source.by}: {error}"
        return None

    def _choose_split(self, values: Mapping[str, Any], problem: str | None) -> str:
        """The split of an input; one that cannot be used counts to train."""
        if problem is not None:
            return "train"
        group = normalize_id(values.get(BY)) or values[self._kind.input]
        return choose_split(group, **self._source.shares)

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


def _with_label(row: RawRow, column: str, labels: LabelReader) -> RawRow:
    """The row with the label that its text stands for; a class may be a number or a truth value."""
    value = row.values.get(column)
    if isinstance(value, int | float):
        value = str(value).removesuffix(".0")
    if not isinstance(value, str) or not value.strip():
        return row
    label = labels.read(value)
    problem = None if label else f"{column}: {UNLISTED_LABEL}: {value!r:.60}"
    return replace(row, values={**row.values, column: label}, problem=problem)


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
