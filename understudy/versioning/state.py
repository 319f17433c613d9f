"""Where to keep what outlives a run and is no stage's output."""

from pathlib import Path


def beside_cache(name: str) -> Path:
    """A folder beside DVC's cache.

    DVC gives the experiments that it runs in other folders the same cache, so they share it.
    """
    from dvc.exceptions import NotDvcRepoError
    from dvc.repo import Repo
    from dvc.scm import SCMError

    try:
        with Repo() as repo:
            return Path(repo.cache.local.path).parent.parent / name
    except (NotDvcRepoError, SCMError):
        return Path(".dvc/cache", name)
