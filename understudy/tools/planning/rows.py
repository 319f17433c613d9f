"""The filtered rows that a run would have, wherever they are now, or by rehearsing it."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

from understudy.contract.pairs import GOLD, SPLITS
from understudy.contract.params.fetch import FetchParams
from understudy.contract.params.filter import FilterParams
from understudy.core.errors import DataError
from understudy.core.params import load_section
from understudy.rows.fetching import fetch
from understudy.rows.filtering import filter_splits
from understudy.versioning.snapshots import copy_tracked, open_files
from understudy.versioning.status import Stage


@contextmanager
def planned_rows(stages: list[Stage]) -> Iterator[Path | None]:
    """Yields the folder with the filtered splits that a run would see.

    Fetching and filtering cost no call, so that they are rehearsed in a folder of their own where
    they are to run. None for a dataset on the Hub, which would have to be downloaded.
    """
    states = {stage.name: stage.state for stage in stages}
    settled = {states["fetch"], states["filter"]} <= {"up to date", "missing"}
    if settled and all((GOLD / f"{split}.parquet").exists() for split in SPLITS):
        yield GOLD
        return
    with tempfile.TemporaryDirectory(prefix="understudy-plan-") as scratch:
        folder = Path(scratch)
        if settled and _get_committed(folder / "gold"):
            yield folder / "gold"
        else:
            yield _rehearse(folder)


def _get_committed(folder: Path) -> bool:
    """Gets the rows that dvc.lock names from DVC's cache or remote."""
    folder.mkdir()
    files = open_files()
    try:
        for name in (f"{split}.parquet" for split in SPLITS):
            copy_tracked(files, GOLD / name, folder / name)
    except DataError:
        return False
    return True


def _rehearse(folder: Path) -> Path | None:
    params = load_section("fetch", FetchParams)
    if params.source == "hub":
        return None
    with redirect_stderr(io.StringIO()):  # progress bars of stages that don't run
        try:
            fetch(params, folder / "raw")
        except DataError as error:  # it names a file of the rehearsal
            there = str(error).replace(str(folder / "raw"), "data/raw")
            raise DataError(f"{there} once `dvc repro fetch` has run") from None
        filter_splits(load_section("filter", FilterParams), folder / "raw", folder / "rehearsed")
    return folder / "rehearsed"
