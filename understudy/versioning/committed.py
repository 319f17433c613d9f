"""Earlier versions of a stage's output, wherever DVC keeps them.

An output that is about to be replaced is gone from the workspace, but DVC's cache or remote still
has it under the hash that a dvc.lock names. Versions are found by the path in dvc.lock, so that an
output is also found where dvc.yaml calls it something else by now.
"""

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from understudy.versioning.repository import NoProjectError, inside, open_repo

LOCK = "dvc.lock"
REVISIONS = (None, "HEAD", "HEAD^")
"""The workspace, and the last commits."""


@dataclass(frozen=True)
class Version:
    """One version of an output."""

    path: Path
    revision: str | None
    """The first of REVISIONS whose dvc.lock names it."""
    params: Mapping[str, Any]
    """Those of its stage in dvc.lock, by dotted key."""
    out: Mapping[str, Any]
    """Its own entry there, with its `md5`."""
    repo: Any

    @property
    def is_replaced(self) -> bool:
        """Whether the last commit names another one: this one was replaced on purpose."""
        return self.revision == REVISIONS[-1]

    def fetch(self, target: Path) -> None:
        """Writes the file to `target`, from the cache or else from the remote.

        Raises:
            Exception: neither has it; of whatever type the remote's client raises.
        """
        cache, oid = self.repo.cache.local, self.out["md5"]
        if cache.exists(oid):
            cache.fs.get_file(cache.oid_to_path(oid), str(target))
            return
        remote = self.repo.cloud.get_remote(self.out.get("remote"))
        if remote.fs.version_aware or remote.worktree:  # such remotes keep paths, not hashes
            from dvc.api import DVCFileSystem

            files = DVCFileSystem(os.curdir, rev=self.revision)
            files.get_file(inside(self.path), str(target))
        else:
            remote.fs.get_file(remote.odb.oid_to_path(oid), str(target))


def committed_versions(paths: Sequence[Path]) -> Generator[Version, None, None]:
    """Yields the versions of an output that the last dvc.lock files name, newest first.

    Args:
        paths: the names that the output has or had, relative to the project.
    """
    seen = set()
    with suppress(NoProjectError), open_repo() as repo:
        for revision in REVISIONS:
            for stage in read_lock(repo, revision).get("stages", {}).values():
                params = stage.get("params", {}).get("params.yaml", {})
                for out in stage.get("outs", ()):
                    if Path(out["path"]) in paths and out.get("md5") not in seen:
                        seen.add(out.get("md5"))
                        yield Version(Path(out["path"]), revision, params, out, repo)


def read_lock(repo: Any, revision: str | None) -> dict[str, Any]:
    """The dvc.lock here in the workspace (None) or at a commit; empty where there is none."""
    from dvc.fs import GitFileSystem
    from dvc.scm import NoSCM, SCMError
    from scmrepo.exceptions import SCMError as GitError

    try:
        if revision is None:
            text = Path(LOCK).read_text(encoding="utf-8")
        elif isinstance(repo.scm, NoSCM):
            return {}
        else:
            files = GitFileSystem(scm=repo.scm, rev=revision)
            folders = repo.fs.relparts(str(Path.cwd()), repo.scm.root_dir)
            text = files.read_text(files.join("/", *folders, LOCK), encoding="utf-8")
        found = YAML(typ="safe").load(text)
    except (OSError, SCMError, GitError, YAMLError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}
