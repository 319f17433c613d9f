"""Opens the source of rows that params choose: the sample, a dataset on the Hub, or files."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, starmap
from pathlib import Path

from understudy.contract import origin
from understudy.contract.kind import this_kind
from understudy.contract.pairs import SPLITS
from understudy.contract.params.fetch import NO_FILE, FetchParams, FilesParams
from understudy.core.errors import DataError
from understudy.rows.fields import read_inputs
from understudy.rows.hub import open_hub
from understudy.rows.raw import RawRow
from understudy.rows.reader import check_file, hash_file
from understudy.rows.sample.article import sample_rows
from understudy.rows.sample.messages import sample_messages

INPUTS = "inputs"


@dataclass(frozen=True)
class Source:
    """Rows by split, or INPUTS for those that a hash shares out; read only when asked for."""

    rows: Mapping[str, Iterator[RawRow]]
    make_origin: Callable[..., origin.Origin]
    """Takes what is only known when the rows are read."""
    fields: tuple[str, ...] = ()
    """Columns of the rows beside id, input and output."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """Of validation and test, for INPUTS."""
    by: str | None = None
    """The column that is hashed for INPUTS instead of the input."""


def open_source(params: FetchParams) -> Source:
    """Opens the chosen source.

    Raises:
        DataError: it cannot be read.
    """
    if params.source == "files":
        return _open_files(params.files, params.limit)
    if params.source == "hub":
        hub = params.hub
        found, commit = open_hub(hub.dataset, hub.config, hub.revision)
        rows = {split: islice(found[split], params.limit) for split in SPLITS}
        return Source(rows, partial(
            origin.HubOrigin, source="hub", dataset=hub.dataset, config=hub.config, revision=commit
        ))  # fmt: skip
    seed, rows = params.sample.seed, {}
    compose = sample_messages if this_kind().has_labels else sample_rows
    for split in SPLITS:
        values = enumerate(compose(split, getattr(params.sample, split), seed), start=1)
        rows[split] = islice(starmap(partial(RawRow, "sample"), values), params.limit)
    return Source(rows, partial(origin.SampleOrigin, source="sample", seed=seed))


def _open_files(files: FilesParams, limit: int | None) -> Source:
    paths = _choose_paths(files)
    kind, fields, columns = this_kind(), files.columns.fields, files.columns.by_name
    inputs = {name: value for name, value in columns.items() if name != kind.output}
    rows = {}
    for name, path in paths.items():
        check_file(path, columns | dict.fromkeys(fields, ""))
        if name == INPUTS:
            rows[name] = read_inputs(path, inputs, fields, limit, files.split.by)
        else:
            rows[name] = read_inputs(path, columns, fields, limit)
    hashes = {n: origin.OriginFile(path=str(p), sha256=hash_file(p)) for n, p in paths.items()}
    split = files.split
    test = 0.0 if "test" in paths else split.test
    return Source(
        rows, partial(origin.FilesOrigin, source="files", files=hashes),
        fields, {"validation": split.validation, "test": test}, split.by,
    )  # fmt: skip


def _choose_paths(files: FilesParams) -> dict[str, Path]:
    """The files that are given, by the split or INPUTS."""
    given = {name: getattr(files, name) for name in (INPUTS, *SPLITS)}
    paths = {name: Path(path) for name, path in given.items() if path != NO_FILE}
    for split in SPLITS if INPUTS not in paths else ():
        if split not in paths:
            raise DataError(
                f"fetch.files.{split} = {NO_FILE}: it stands for no file; name yours, or give "
                "inputs without references in fetch.files.inputs"
            )
    return paths
