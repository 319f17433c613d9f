"""Has DVC track a file that no stage makes, as `dvc add` does."""

from pathlib import Path

from understudy.core.errors import DataError
from understudy.versioning.repository import open_repo


def track(path: Path) -> list[Path]:
    """Puts a file into DVC's cache, and what names it beside it.

    Returns:
        The files for Git: `path`.dvc and the .gitignore beside it.

    Raises:
        NoProjectError: DVC knows no project here.
        DataError: DVC cannot do it now, such as while `dvc repro` runs.
    """
    with open_repo() as repo:
        repo.add(str(path))
    return [pointer_of(path), path.with_name(".gitignore")]


def check_pulled(path: Path) -> None:
    """Refuses to go on where Git has what names a tracked file, but the file is not here.

    Raises:
        DataError: says how to get it.
    """
    if not path.exists() and pointer_of(path).exists():
        raise DataError(
            f"{path}: it is not here, but {pointer_of(path)} says that there is one; "
            f"`dvc pull {path}` gets it"
        )


def pointer_of(path: Path) -> Path:
    """The file for Git that names a tracked one."""
    return path.with_name(f"{path.name}.dvc")
