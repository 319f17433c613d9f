"""Which two states of the project a review compares, as Git knows them."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from understudy.core.errors import DataError

REMOTE = "origin"


@dataclass(frozen=True)
class Revisions:
    """The workspace, and the commit that it is compared with."""

    base: str
    """What the user named: a branch, a tag, a commit."""
    commit: str
    """The merge base of `base` and HEAD, which the workspace is compared with, as GitHub does."""
    head: str
    """The workspace's last commit."""
    branch: str | None
    """The workspace's branch; None where HEAD is detached, as on a CI machine."""
    changed: tuple[str, ...]
    """Tracked files that differ from the last commit."""


def find_revisions(base: str, folder: Path = Path()) -> Revisions:
    """Finds the commits to compare.

    Args:
        base: any name of a revision.
        folder: inside the Git repository.

    Raises:
        DataError: Git is absent, there is no such revision, or no common commit.
    """
    head = _resolve("HEAD", folder)
    if head is None:
        raise DataError(_explain_no_head(folder))
    tip = _resolve(base, folder)
    if tip is None:
        raise DataError(f"BASE = {base!r}: no such revision{_suggest(base, folder)}")
    common = _ask(folder, "merge-base", tip, head)
    if common is None:
        raise DataError(_explain_no_merge_base(base, folder))
    changed = _ask(folder, "diff", "--name-only", "-z", "HEAD") or ""
    return Revisions(
        base=base,
        commit=common.strip(),
        head=head,
        branch=(_ask(folder, "symbolic-ref", "--short", "--quiet", "HEAD") or "").strip() or None,
        changed=tuple(name for name in changed.split("\0") if name),
    )


def read_committed(path: str, commit: str, folder: Path = Path()) -> str | None:
    """A file's text at a commit; None where the commit has no such file.

    Args:
        path: as seen from `folder`.
        commit: its full name.
        folder: inside the Git repository.
    """
    return _ask(folder, "show", f"{commit}:./{path}")


def _resolve(name: str, folder: Path) -> str | None:
    """The commit that a name means; a name that looks like an option stays a name."""
    found = _ask(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )
    return found.strip() if found else None


def _suggest(base: str, folder: Path) -> str:
    if _resolve(f"{REMOTE}/{base}", folder):
        return f"; did you mean '{REMOTE}/{base}'?"
    return "; `git fetch` gets what is new, `git branch --all` lists branches"


def _explain_no_head(folder: Path) -> str:
    done = _run(folder, "rev-parse", "--git-dir")
    if done.returncode == 0:
        return "HEAD: no commit yet; a review compares with a commit: `git commit` first"
    problem = " ".join(done.stderr.split()).removeprefix("fatal: ")
    return f"no use of Git here ({problem}); run it in a clone of the project"


def _explain_no_merge_base(base: str, folder: Path) -> str:
    problem = f"BASE = {base!r}: it has no commit in common with HEAD"
    if (_ask(folder, "rev-parse", "--is-shallow-repository") or "").strip() == "true":
        return f"{problem} in this shallow clone; `git fetch --unshallow` gets the others"
    return f"{problem}; name a branch that HEAD grew from"


def _ask(folder: Path, *arguments: str) -> str | None:
    """What git prints, None where it fails."""
    done = _run(folder, *arguments)
    return done.stdout if done.returncode == 0 else None


def _run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("git")
    if program is None:
        raise DataError("git: no such program here; a review compares two revisions: install it")
    return subprocess.run(  # noqa: S603 - no shell, and no name is taken for an option
        [program, *arguments],
        cwd=folder,
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
