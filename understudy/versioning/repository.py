"""DVC's view of the project, opened silently, with its failures as this project's errors.

One repository of DVC may hold several pipelines, each in a folder with a dvc.yaml of its own: what
the process stands in is the project, and speaks of its own stages alone.
"""

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from understudy.core.errors import DataError, ParamsError, one_line
from understudy.core.reading import read_text

PIPELINE = "dvc.yaml"


class NoProjectError(DataError):
    """No DVC project is here, which some callers can do without."""


@contextlib.contextmanager
def open_repo(folder: Path = Path()) -> Iterator[Any]:
    """Yields DVC's repository object, which only this package looks into.

    Raises:
        ParamsError: params.yaml cannot be read or lacks what dvc.yaml takes from it.
        NoProjectError: DVC knows no project here.
        DataError: whatever else DVC complains about, and a merge conflict in one of its files.
    """
    for path in (folder / name for name in (PIPELINE, "dvc.lock", "params.yaml")):
        if path.is_file():
            read_text(path)  # DVC says nothing of a merge conflict that is not resolved

    from dvc.exceptions import DvcException, NotDvcRepoError
    from dvc.parsing import ResolveError
    from dvc.repo import Repo

    logger = logging.getLogger("dvc")
    before = logger.level
    logger.setLevel(logging.CRITICAL)  # it logs to stdout, and draws bars down to ERROR
    try:
        with warnings.catch_warnings(), Repo(str(folder)) as repo:
            warnings.simplefilter("ignore", DeprecationWarning)  # of libraries, in DVC's own code
            yield repo
    except DvcException as error:
        line = one_line(error)
        gitless = "is not a git repository" in line
        # What is kept outside of any project makes a folder .dvc, without a configuration in it.
        is_bare = gitless and not Path(Repo.find_root(str(folder)), ".dvc", "config").exists()
        if is_bare or isinstance(error, NotDvcRepoError):
            raise NoProjectError(f"{line}; `cd` into the project") from None
        if isinstance(error, ResolveError):
            line = f"params.yaml does not fit dvc.yaml: {line}"
        git = "`git init`, or `dvc config core.no_scm true` to do without Git"
        hint = git if gitless else "`dvc status` works once that is mended"
        raise (ParamsError if "params.yaml" in line else DataError)(f"{line}; {hint}") from None
    finally:
        logger.setLevel(before)


def inside(path: Path) -> str:
    """A path of the working folder as DVC's file systems have it at any revision."""
    from dvc.repo import Repo

    return PurePosixPath("/", os.path.relpath(path, Repo.find_root())).as_posix()


def own_path(path: str) -> str | None:
    """A path from DVC's root as the project in the working folder has it.

    Returns:
        The path from the working folder; None where it is of a pipeline around it, beside it or
        below it.
    """
    from dvc.repo import Repo

    root, here = Path(Repo.find_root()), Path.cwd()
    place = root / path
    homes = (folder for folder in place.parents if (folder / PIPELINE).is_file())
    return place.relative_to(here).as_posix() if next(homes, root) == here else None
