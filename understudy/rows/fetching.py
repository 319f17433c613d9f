"""Brings rows from the chosen source into one form, and lists those that cannot be used."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice, starmap
from pathlib import Path

from understudy.contract import origin
from understudy.contract.pairs import PAIRS_SCHEMA, RAW, RAW_REJECTS_SCHEMA, REJECTS, SPLITS
from understudy.contract.params.fetch import FetchParams
from understudy.core.errors import DataError
from understudy.core.progress import track
from understudy.core.tables import TableWriter, read_table, table_writer
from understudy.rows.hub import open_hub
from understudy.rows.raw import RawRow, find_problem, normalize_id
from understudy.rows.reader import check_file, hash_file, read_file
from understudy.rows.sample.article import sample_rows


def fetch(params: FetchParams, folder: Path = RAW) -> None:
    """Writes the chosen source's usable rows, its rejects and its identity under `folder`.

    Raises:
        DataError: the source cannot be read, or more than `max_rejected` of a split's rows cannot
            be used.
    """
    rows, to_origin = _open_source(params)
    counts: dict[str, origin.FetchedRows] = {}
    with table_writer(folder / REJECTS, RAW_REJECTS_SCHEMA) as rejects:
        for split in SPLITS:
            read = track(islice(rows[split], params.limit), f"fetch {split}")
            counts[split] = _fetch_split(split, read, rejects, folder)
    for split, count in counts.items():
        _check_rejects(split, count, params.max_rejected, folder / REJECTS)
    to_origin(rows=origin.FetchedSplits(**counts)).write(folder / origin.SampleOrigin.PATH.name)


def _open_source(
    params: FetchParams,
) -> tuple[Mapping[str, Iterator[RawRow]], Callable[..., origin.Origin]]:
    """Rows of each split, read only when asked for, and their origin, which lacks `rows` yet."""
    if params.source == "hub":
        hub = params.hub
        rows, commit = open_hub(hub.dataset, hub.config, hub.revision)
        return rows, partial(
            origin.HubOrigin, source="hub", dataset=hub.dataset, config=hub.config, revision=commit
        )
    if params.source == "files":
        columns = params.files.columns.model_dump()
        paths = {split: Path(getattr(params.files, split)) for split in SPLITS}
        for path in paths.values():
            check_file(path, columns)
        files = {s: origin.OriginFile(path=str(p), sha256=hash_file(p)) for s, p in paths.items()}
        rows = {split: read_file(path, columns) for split, path in paths.items()}
        return rows, partial(origin.FilesOrigin, source="files", files=files)
    seed, rows = params.sample.seed, {}
    for split in SPLITS:
        values = enumerate(sample_rows(split, getattr(params.sample, split), seed), start=1)
        rows[split] = starmap(partial(RawRow, "sample"), values)
    return rows, partial(origin.SampleOrigin, source="sample", seed=seed)


def _fetch_split(
    split: str, rows: Iterator[RawRow], rejects: TableWriter, folder: Path
) -> origin.FetchedRows:
    before = rejects.count
    seen: set[str] = set()
    with table_writer(folder / f"{split}.parquet", PAIRS_SCHEMA) as kept:
        for row in rows:
            reason = find_problem(row)
            if reason is None:
                given = normalize_id(row.values.get("id"))
                identity = given or f"{split}-{row.number:06d}"
                if identity in seen:
                    reason = f"id: repeats {identity}"
            if reason is None:
                seen.add(identity)
                kept.add({**row.values, "id": identity})
            else:
                rejects.add({"split": split, "file": row.file, "row": row.number, "reason": reason})
    return origin.FetchedRows(kept=kept.count, rejected=rejects.count - before)


def _check_rejects(split: str, count: origin.FetchedRows, max_rejected: float, path: Path) -> None:
    read = count.kept + count.rejected
    if read and count.rejected / read <= max_rejected and count.kept:
        return
    rejects = read_table(path).query("split == @split")
    first = "; ".join(f"{r.file} row {r.row}: {r.reason}" for r in rejects.head(3).itertuples())
    problem = (
        f"{count.rejected} of {read} rows cannot be used, more than "
        f"fetch.max_rejected = {max_rejected:g} allows"
        if count.kept
        else f"none of {read} rows can be used"
    )
    raise DataError(f"{split}: {problem} ({first or 'empty'}); all are listed in {path}")
