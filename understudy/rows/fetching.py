"""Brings rows from the chosen source into one form, and lists those that cannot be used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tqdm import tqdm

from understudy.contract.origin import ORIGIN, SampleOrigin
from understudy.contract.pairs import PAIRS_SCHEMA, RAW, RAW_REJECTS_SCHEMA, REJECTS, SPLITS
from understudy.contract.params.fetch import FetchParams
from understudy.core.errors import DataError
from understudy.core.tables import TableWriter, read_table, table_writer
from understudy.rows.hub import open_hub
from understudy.rows.raw import RawRow, find_problem
from understudy.rows.reader import check_file, hash_file, read_file
from understudy.rows.sample.article import sample_rows


@dataclass(frozen=True)
class Source:
    """Rows of each split, and what identifies them."""

    rows: Mapping[str, Iterator[RawRow]]
    identity: dict[str, Any]


def open_source(params: FetchParams) -> Source:
    """Opens the chosen source; rows are read only when they are asked for."""
    if params.source == "hub":
        return Source(*open_hub(params.hub.dataset, params.hub.config, params.hub.revision))
    if params.source == "files":
        columns = params.files.columns.model_dump()
        paths = {split: Path(getattr(params.files, split)) for split in SPLITS}
        for path in paths.values():
            check_file(path, columns)
        files = {split: {"path": str(p), "sha256": hash_file(p)} for split, p in paths.items()}
        rows = {split: read_file(path, columns) for split, path in paths.items()}
        return Source(rows, {"source": "files", "files": files})
    sample = params.sample
    rows = {
        split: (
            RawRow("sample", number, row)
            for number, row in enumerate(
                sample_rows(split, getattr(sample, split), sample.seed), start=1
            )
        )
        for split in SPLITS
    }
    return Source(rows, {"source": "sample", "seed": sample.seed})


def fetch(source: Source, limit: int | None, max_rejected: float, folder: Path = RAW) -> None:
    """Writes a source's usable rows, its rejects and its identity under `folder`.

    Raises:
        DataError: more than `max_rejected` of a split's rows cannot be used.
    """
    counts = {}
    with table_writer(folder / REJECTS, RAW_REJECTS_SCHEMA) as rejects:
        for split in SPLITS:
            rows = tqdm(islice(source.rows[split], limit), f"fetch {split}", unit=" rows")
            counts[split] = _fetch_split(split, rows, rejects, folder)
    for split, count in counts.items():
        _check_rejects(split, count, max_rejected, folder / REJECTS)
    origin = ORIGIN.validate_python({**source.identity, "rows": counts})
    origin.write(folder / SampleOrigin.PATH.name)


def _fetch_split(
    split: str, rows: Iterator[RawRow], rejects: TableWriter, folder: Path
) -> dict[str, int]:
    before = rejects.count
    seen: set[str] = set()
    with table_writer(folder / f"{split}.parquet", PAIRS_SCHEMA) as kept:
        for row in rows:
            reason = find_problem(row)
            given = row.values.get("id")
            identity = f"{split}-{row.number:06d}" if given is None else str(given)
            if reason is None and identity in seen:
                reason = f"id: repeats {identity}"
            if reason is None:
                seen.add(identity)
                kept.add({**row.values, "id": identity})
            else:
                rejects.add({"split": split, "file": row.file, "row": row.number, "reason": reason})
    return {"kept": kept.count, "rejected": rejects.count - before}


def _check_rejects(split: str, count: dict[str, int], max_rejected: float, path: Path) -> None:
    read = count["kept"] + count["rejected"]
    if read and count["rejected"] / read <= max_rejected and count["kept"]:
        return
    rejects = read_table(path).query("split == @split")
    first = "; ".join(f"{r.file} row {r.row}: {r.reason}" for r in rejects.head(3).itertuples())
    problem = (
        f"{count['rejected']} of {read} rows cannot be used, more than "
        f"fetch.max_rejected = {max_rejected:g} allows"
        if count["kept"]
        else f"none of {read} rows can be used"
    )
    raise DataError(f"{split}: {problem} ({first or 'empty'}); all are listed in {path}")
