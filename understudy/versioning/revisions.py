"""Which two states of the project are compared, as Git knows them."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from understudy.core.errors import DataError, one_line


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


def find_revisions(base: str) -> Revisions:
    """Finds the commits to compare, in the Git repository in which the process stands.

    Raises:
        DataError: Git is absent, there is no such revision, or no common commit.
    """
    head = _resolve("HEAD")
    if head is None:
        if _ask("rev-parse", "--git-dir") is not None:
            raise DataError("HEAD: no commit yet; a review compares with a commit: `git commit`")
        problem = one_line(_run("rev-parse", "--git-dir").stderr).removeprefix("fatal: ")
        raise DataError(f"Git cannot be used here ({problem}); run it in a clone of the project")
    tip = _resolve(base)
    if tip is None:
        hint = "`git fetch` gets what is new, `git branch --all` lists branches"
        if _resolve(f"origin/{base}"):
            hint = f"did you mean 'origin/{base}'?"
        raise DataError(f"BASE = {base!r}: no such revision; {hint}")
    common = _ask("merge-base", tip, head)
    if common is None:
        hint = "; name a branch that HEAD grew from"
        if _ask("rev-parse", "--is-shallow-repository") == "true\n":
            hint = " in this shallow clone; `git fetch --unshallow` gets the others"
        raise DataError(f"BASE = {base!r}: it has no commit in common with HEAD{hint}")
    changed = _ask("diff", "--name-only", "-z", "HEAD") or ""
    return Revisions(
        base=base,
        commit=common.strip(),
        head=head,
        branch=(_ask("symbolic-ref", "--short", "--quiet", "HEAD") or "").strip() or None,
        changed=tuple(name for name in changed.split("\0") if name),
    )


def read_committed(path: Path, commit: str) -> str | None:
    """A file's text at a commit, by its path from here; None where there is no such file."""
    return _ask("show", f"{commit}:./{path.as_posix()}")


def find_untracked(paths: Sequence[Path]) -> set[Path]:
    """Which files neither Git nor `dvc add` tracks; none where there is no repository of Git."""
    if not paths or shutil.which("git") is None:
        return set()
    names = [path.as_posix() for path in paths]
    listed = _ask("ls-files", "-z", "--", *names)
    if listed is None:
        return set()
    tracked = {Path(name).resolve() for name in listed.split("\0") if name}
    return {
        path
        for path in paths
        if path.resolve() not in tracked
        and not any(Path(f"{place}.dvc").is_file() for place in (path, *path.parents))
    }


def _resolve(name: str) -> str | None:
    """The commit that a name means; a name that looks like an option stays a name."""
    found = _ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return found.strip() if found else None


def _ask(*arguments: str) -> str | None:
    """What git prints, None where it fails."""
    done = _run(*arguments)
    return done.stdout if done.returncode == 0 else None


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("git")
    if program is None:
        raise DataError("git: no such program here; a review compares two revisions: install it")
    return subprocess.run(  # noqa: S603 - no shell, and no name is taken for an option
        [program, *arguments], capture_output=True, check=False, encoding="utf-8", errors="replace"
    )
