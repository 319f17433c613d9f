"""Which stages `dvc repro` would run now, and why.

In: dvc.yaml, params.yaml, dvc.lock, the workspace and DVC's local cache.
Out: one `Stage` each of that dvc.yaml, in the order of `dvc repro`. Nothing is run, sent, fetched
or printed. Unlike `dvc status`, it goes on behind a stale stage, and a clone without data is not
stale.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from understudy.core.errors import ParamsError
from understudy.versioning.changes import find_changes
from understudy.versioning.repository import PIPELINE, open_repo

CACHED_RUN = "(the run cache has it: nothing is computed)"


@dataclass(frozen=True)
class Stage:
    """What `dvc repro` would do with one stage.

    Attributes:
        name: as DVC writes it, such as `train-t5@gold-13`.
        state: `stale` would run for a reason of its own; `waits` runs if a stage before it writes
            something else; `missing` is unchanged, but its data is not all here.
        reasons: short phrases, each naming its thing; none when up to date.
    """

    name: str
    state: Literal["up to date", "stale", "waits", "missing"]
    reasons: tuple[str, ...]


def survey_stages(folder: Path = Path()) -> list[Stage]:
    """Says of each stage whether and why `dvc repro` would run it.

    Args:
        folder: the folder with dvc.yaml.

    Returns:
        The stages in the order of `dvc repro`; files tracked by `dvc add` among them.

    Raises:
        ParamsError: params.yaml cannot be read or lacks what dvc.yaml takes from it.
        DataError: dvc.yaml or dvc.lock cannot be used.
    """
    with open_repo(folder) as repo:
        survey = _Survey(repo, folder.resolve())
        for stage in survey.order:
            survey.found[stage] = survey.judge(stage)
        # Last, because asking the run cache changes what DVC holds of a stage.
        return [survey.with_cached_run(stage) for stage in survey.order]


class _Survey:
    def __init__(self, repo: Any, folder: Path) -> None:
        from dvc.repo.reproduce import get_active_graph, plan_repro

        try:
            index = repo.index
        except (AssertionError, AttributeError, TypeError):  # DVC meets null or 3 as a path
            raise ParamsError("params.yaml: a path that dvc.yaml uses is not text") from None
        own = [s for s in index.stages if Path(s.path) == folder / PIPELINE]
        self.repo, self.folder = repo, folder
        self.graph = get_active_graph(index.graph)
        self.order: list[Any] = plan_repro(self.graph, own) if own else []
        self.made = {out.fs_path: out for out in index.outs}
        self.found: dict[Any, Stage] = {}

    def judge(self, stage: Any) -> Stage:
        # by path and not by DVC's own address, which depends on where the process stands
        name = getattr(stage, "name", None) or os.path.relpath(stage.path, self.folder)
        if own := list(self.own_reasons(stage)):
            return Stage(str(name), "stale", tuple(own))
        lost = list(self.find_lost_outs(stage))
        if before := self.unsettled(stage):
            return Stage(str(name), "waits", (f"depends on {', '.join(before)}", *lost))
        return Stage(str(name), "missing" if lost else "up to date", tuple(lost))

    def unsettled(self, stage: Any) -> list[str]:
        """Names of the stages just before this one that run or may run."""
        before = set(self.graph.successors(stage))
        judged = [found for other, found in self.found.items() if other in before]
        return [found.name for found in judged if found.state in ("stale", "waits")]

    def own_reasons(self, stage: Any) -> Iterator[str]:
        """Why the stage runs, whatever the stages before it do."""
        if stage.is_callback or stage.always_changed:
            yield "runs every time"
        elif not any(item.hash_info for item in (*stage.deps, *stage.outs)):
            yield "never run"
        else:
            if stage.cmd and stage.changed_stage():
                yield "command changed"
            for dep in [] if stage.frozen else stage.deps:
                yield from self.dep_reasons(dep)
            for out in (out for out in stage.outs if out.protocol == "local"):
                state = out.workspace_status().get(str(out))
                if not out.hash_info:
                    yield f"{self.path(out)} is a new output"
                elif state == "modified":
                    yield f"{self.path(out)} was changed by hand"
                elif state == "deleted" and not out.use_cache:  # a cache's lost data is no change
                    yield f"{self.path(out)} is absent"

    def dep_reasons(self, dep: Any) -> Iterator[str]:
        from dvc.dependency.param import ParamsDependency

        if dep.protocol != "local":
            return  # its host would have to be asked
        if isinstance(dep, ParamsDependency):
            for change in find_changes(dep.hash_info.value or {}, dep.read_params()):
                old, new = _shorten(change.old), _shorten(change.new)
                values = {"added": f": {new}", "removed": "", "changed": f": {old} -> {new}"}
                yield f"params {change.key} {change.state}{values[change.state]}"
            return
        out, exists, changed = self.made.get(dep.fs_path), dep.exists, False
        if out is not None and (out.stage.cmd or not exists):
            # the record counts: DVC restores the out or runs its stage before this one
            changed = out.hash_info and out.hash_info != dep.hash_info
        elif exists:
            changed = dep.changed_checksum()
        elif not overlaps(dep, self.made):
            yield f"{self.path(dep)} is absent"
            return
        if not dep.hash_info:
            yield f"{self.path(dep)} is a new dependency"
        elif changed:
            yield f"{self.path(dep)} changed"

    def with_cached_run(self, stage: Any) -> Stage:
        """The judged stage, with one more reason where DVC would restore an earlier run."""
        from dvc.exceptions import DvcException

        judged = self.found[stage]
        if judged.state != "stale" or not stage.cmd or self.unsettled(stage):
            return judged
        if any(dep.protocol != "local" for dep in stage.deps):
            return judged
        unchanged = not stage.changed_stage() and stage.deps_cached()
        # DVC looks for dvc.yaml where the process stands, and raises where nothing fits.
        with contextlib.suppress(DvcException), contextlib.chdir(self.folder):
            stage.save_deps()  # in memory; a dry restore would ask with the old hashes
            for out in [] if unchanged else stage.outs:
                out.clear()  # or the lock's outs would pass for those of the new inputs
            self.repo.stage_cache.restore(stage, dry=True)
            return replace(judged, reasons=(*judged.reasons, CACHED_RUN))
        return judged

    def find_lost_outs(self, stage: Any) -> Iterator[str]:
        """What the workspace or the cache lacks, and what gets it; one phrase for each command."""
        otherwise = ", or it runs again" if stage.cmd else ""
        lost: dict[str, list[str]] = {}
        for out in (out for out in stage.outs if out.use_cache):
            if state := out.status().get(str(out)):
                where = "in the cache: dvc checkout"
                if state == "not in cache":
                    here = "here, not in the cache: dvc commit"
                    where = f"{here if out.exists else 'not in the cache: dvc pull'}{otherwise}"
                lost.setdefault(where, []).append(self.path(out))
        for where, (first, *more) in lost.items():
            yield f"{first} and {len(more)} more are {where}" if more else f"{first} is {where}"

    def path(self, item: Any) -> str:
        """The path from the folder, or as dvc.yaml has it where it lies outside the repository."""
        within = os.path.relpath(item.fs_path, self.folder) if item.is_in_repo else item.def_path
        return str(within)


def overlaps(dep: Any, paths: Iterable[str]) -> bool:
    """Whether a dep of DVC's is a part of some path, or a folder around it."""
    return any(dep.fs.isin(dep.fs_path, path) or dep.fs.isin(path, dep.fs_path) for path in paths)


def _shorten(value: Any) -> str:
    return text if len(text := repr(value)) <= 40 else f"{text[:39]}…"
