"""Where to keep what outlives a run and is no stage's output."""

from pathlib import Path

from understudy.versioning.repository import NoProjectError, open_repo


def beside_cache(name: str) -> Path:
    """A folder beside DVC's cache.

    DVC gives the experiments that it runs in other folders the same cache, so they share it.

    Raises:
        DataError: DVC cannot say where its cache is.
    """
    try:
        with open_repo() as repo:
            return Path(repo.cache.local.path).parent.parent / name
    except NoProjectError:
        return Path(".dvc/cache", name)
