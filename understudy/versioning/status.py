"""Which stages `dvc repro` would run now, and why.

In: dvc.yaml, params.yaml, dvc.lock, the workspace and DVC's local cache.
Out: one `Stage` each, in the order of `dvc repro`. Nothing is run, sent, fetched or printed. Unlike
`dvc status`, it goes on behind a stale stage, and a clone without data is not stale.
"""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from understudy.core.errors import DataError, ParamsError, UnderstudyError

CACHED_RUN = "(the run cache has it: nothing is computed)"
_ABSENT = object()


@dataclass(frozen=True)
class Stage:
    """What `dvc repro` would do with one stage.

    Attributes:
        name: as DVC writes it, such as `train-t5@gold`.
        state: `stale` would run for a reason of its own; `waits` runs if what a stage before it
            writes changes; `missing` is unchanged, but its data is not all here.
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
        return _Survey(repo).stages()


@contextlib.contextmanager
def open_repo(folder: Path) -> Iterator[Any]:
    """Yields DVC's view of the folder: silent, its failures as ours."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    logger = logging.getLogger("dvc")
    before = logger.level
    logger.setLevel(logging.CRITICAL)  # it logs to stdout, and draws bars down to ERROR
    try:
        with warnings.catch_warnings(), Repo(str(folder)) as repo:
            warnings.simplefilter("ignore", DeprecationWarning)  # of libraries, in DVC's own code
            yield repo
    except DvcException as error:
        raise _translated(error) from None
    finally:
        logger.setLevel(before)


def _load_index(repo: Any) -> Any:
    try:
        return repo.index
    except (AssertionError, AttributeError, TypeError):  # so DVC meets null or 3 as a path
        raise ParamsError("params.yaml: a path that dvc.yaml takes from it is not text") from None


def _translated(error: Exception) -> UnderstudyError:
    from dvc.parsing import ResolveError

    line = " ".join(str(error).split())
    if isinstance(error, ResolveError):
        line = f"params.yaml does not fit dvc.yaml: {line}"
    return ParamsError(line) if "params.yaml" in line else DataError(line)


class _Survey:
    def __init__(self, repo: Any) -> None:
        from dvc.repo.reproduce import get_active_graph, plan_repro

        index = _load_index(repo)
        own = [s for s in index.stages if Path(s.path) == Path(repo.root_dir, "dvc.yaml")]
        self.repo = repo
        self.graph = get_active_graph(index.graph)
        self.order: list[Any] = plan_repro(self.graph, own) if own else []
        self.made = {out.fs_path: out for stage in index.stages for out in stage.outs}
        self.found: dict[str, Stage] = {}

    def stages(self) -> list[Stage]:
        for stage in self.order:
            self.found[self.name(stage)] = self.judge(stage)
        # Last, because asking the run cache changes what DVC holds of a stage.
        return [self.with_cached_run(stage) for stage in self.order]

    def name(self, stage: Any) -> str:
        """The stage's name, wherever the process stands; a .dvc file has its path."""
        return str(getattr(stage, "name", None) or Path(stage.path).relative_to(self.repo.root_dir))

    def judge(self, stage: Any) -> Stage:
        name = self.name(stage)
        if own := list(self.own_reasons(stage)):
            return Stage(name, "stale", tuple(own))
        lost = _lost_outs(stage)
        if before := self.unsettled(stage):
            return Stage(name, "waits", (f"depends on {', '.join(before)}", *lost))
        return Stage(name, "missing" if lost else "up to date", tuple(lost))

    def unsettled(self, stage: Any) -> list[str]:
        """Names of the stages just before this one that run or may run."""
        before = {self.name(other) for other in self.graph.successors(stage)}
        return [n for n, s in self.found.items() if n in before and s.state in ("stale", "waits")]

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
                yield from _out_reasons(out)

    def dep_reasons(self, dep: Any) -> Iterator[str]:
        from dvc.dependency.param import ParamsDependency

        if isinstance(dep, ParamsDependency):
            yield from _param_reasons(dep)
        elif dep.protocol != "local":
            return  # its host would have to be asked
        elif (now := self.hash_of(dep)) is None:
            yield f"{_path(dep)} is absent"
        elif not dep.hash_info:
            yield f"{_path(dep)} is a new dependency"
        elif now != dep.hash_info:
            yield f"{_path(dep)} changed"

    def hash_of(self, dep: Any) -> Any:
        """The hash the input has now, or will have once the stages before it are in order.

        A stage's out counts by its record: where the workspace lacks it or has another, DVC
        restores it or runs that stage before this one.
        """
        out = self.made.get(dep.fs_path)
        if out is not None and (out.stage.cmd or not dep.exists):
            return out.hash_info or dep.hash_info
        if dep.exists:
            return dep.get_hash()
        inside = dep.fs.isin
        partly = any(inside(dep.fs_path, path) or inside(path, dep.fs_path) for path in self.made)
        return dep.hash_info if partly else None

    def with_cached_run(self, stage: Any) -> Stage:
        """The judged stage, with a reason more where DVC need not compute it."""
        judged = self.found[self.name(stage)]
        if judged.state == "stale" and not self.unsettled(stage) and self.is_cached_run(stage):
            return replace(judged, reasons=(*judged.reasons, CACHED_RUN))
        return judged

    def is_cached_run(self, stage: Any) -> bool:
        """Whether DVC would restore the outs of an earlier run with the inputs of now."""
        from dvc.exceptions import DvcException

        if not stage.cmd or any(dep.protocol != "local" for dep in stage.deps):
            return False
        unchanged = not stage.changed_stage() and stage.deps_cached()
        # DVC looks for dvc.yaml where the process stands, and raises where nothing fits.
        with contextlib.suppress(DvcException), contextlib.chdir(self.repo.root_dir):
            stage.save_deps()  # in memory; a dry restore would ask with the old hashes
            for out in [] if unchanged else stage.outs:
                out.clear()  # or the lock's outs would pass for those of the new inputs
            self.repo.stage_cache.restore(stage, dry=True)
            return True
        return False


def _param_reasons(dep: Any) -> Iterator[str]:
    old, new = dep.hash_info.value or {}, dep.read_params()
    for key in dep.params or dict.fromkeys([*old, *new]):
        yield from _differences(key, old.get(key, _ABSENT), new.get(key, _ABSENT))


def _differences(key: str, old: Any, new: Any) -> Iterator[str]:
    """One phrase for each dotted key whose value differs."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for part in dict.fromkeys([*old, *new]):
            yield from _differences(f"{key}.{part}", old.get(part, _ABSENT), new.get(part, _ABSENT))
    elif new is _ABSENT:
        yield f"params {key} removed"
    elif old is _ABSENT:
        yield f"params {key} added: {_short(new)}"
    elif old != new:
        yield f"params {key} changed: {_short(old)} -> {_short(new)}"


def _short(value: Any) -> str:
    return text if len(text := repr(value)) <= 40 else f"{text[:39]}…"


def _out_reasons(out: Any) -> Iterator[str]:
    """How an out differs from what the stage wrote; lost data in a cache is no difference."""
    if not out.hash_info:
        yield f"{_path(out)} is a new output"
    elif out.exists and out.changed_checksum():
        yield f"{_path(out)} was changed by hand"
    elif not out.exists and not out.use_cache:
        yield f"{_path(out)} is absent"


def _lost_outs(stage: Any) -> list[str]:
    """Where the outs are that the workspace or the cache lacks; one phrase for each place."""
    otherwise = ", or it runs again" if stage.cmd else ""
    places: dict[str, list[str]] = {}
    for out in (out for out in stage.outs if out.use_cache):
        if not out.changed_cache():
            place = "" if out.exists else "in the cache: dvc checkout"
        elif out.exists:
            place = f"here, not in the cache: dvc commit{otherwise}"
        else:
            place = f"not in the cache: dvc pull{otherwise}"
        places.setdefault(place, []).append(_path(out))
    return [
        f"{first} and {len(more)} more are {place}" if more else f"{first} is {place}"
        for place, (first, *more) in places.items()
        if place
    ]


def _path(item: Any) -> str:
    """The path from the repository's root, or as dvc.yaml has it where it lies outside."""
    inside = item.fs.relpath(item.fs_path, item.repo.root_dir)
    return str(inside if item.is_in_repo else item.def_path)
