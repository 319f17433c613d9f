"""Plans which files are to be done, has them done, and says what is left.

Every file ends in an output or in a line on stderr, and the counts add up.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from understudy.contract.params.fetch import NO_FILE, FetchParams
from understudy.core.errors import DataError, ParamsError
from understudy.core.params import PARAMS, load_section
from understudy.core.progress import open_progress
from understudy.rows.redacting import open_model_redactor
from understudy.tools.bulk.finding import choose_shard, find_inputs
from understudy.tools.bulk.records import Recipe, find_finished, hash_model, write_recipe
from understudy.tools.bulk.scratch import name_run, run_scratch
from understudy.tools.bulk.storage import Folder
from understudy.tools.bulk.working import Outcome, Work, work_here
from understudy.tools.summarize import check_model

Engine = Callable[[Work, Sequence[str]], Iterator[Outcome]]
NAMED = 5
"""Files that the last line names."""


class Request(NamedTuple):
    """What the command line asks for."""

    model: Path
    inputs: Sequence[str]
    output: str
    column: str = "article"
    tokens_per_batch: int = 8192
    names: Path | None = None
    shard: tuple[int, int] = (1, 1)


def summarize_files(request: Request, engine: Engine = work_here) -> None:
    """Summarizes files into files of the same names in another folder.

    What is finished, and was made of the same input by the same model and settings, is left as it
    is. A file that cannot be used is named on stderr, and the others are done.

    Args:
        request: see there.
        engine: who does the work.

    Raises:
        DataError: there is nothing to do it with or for, or some files are left.
        StudentError: the model cannot be used.
    """
    output = Folder(request.output)
    found = find_inputs(request.inputs, output)
    redactor = open_model_redactor(request.model, request.names)
    run, recipe = name_run(), make_recipe(request)
    with run_scratch(output, run) as scratch:
        write_recipe(output, scratch, recipe)
        ours = {name: found.files[name] for name in choose_shard(found.files, request.shard)}
        done = find_finished(found.folder, output, ours, recipe)
        names = [name for name in ours if name not in done]
        _announce(request, len(found.files), len(ours), len(done), found.describe_others())
        for problem in found.problems:
            print(f"error: {problem}", file=sys.stderr)
        model = request.model.absolute()  # other machines are in other folders
        work = Work(model, found.folder, output, recipe, run, redactor)
        left = _follow(engine(work, names), names) if names else []
    _conclude(left, len(found.problems), len(ours))


def make_recipe(request: Request) -> Recipe:
    """Everything but the input that the outputs depend on.

    Raises:
        StudentError: there is no model folder.
    """
    check_model(request.model)
    names = request.names or _find_names()
    known = names is not None and names.is_file()
    return Recipe(
        model=hash_model(request.model),
        column=request.column,
        tokens_per_batch=request.tokens_per_batch,
        names=hashlib.sha256(names.read_bytes()).hexdigest() if names and known else None,
    )


def _find_names() -> Path | None:
    """The list that `open_model_redactor` takes where none is given, if it takes one."""
    try:
        params = load_section("fetch", FetchParams).redact if PARAMS.exists() else None
    except ParamsError:
        return None
    return None if params is None or params.names == NO_FILE else Path(params.names)


def _announce(request: Request, total: int, ours: int, done: int, others: str | None) -> None:
    if others:
        print(f"note: {others}", file=sys.stderr)
    number, count = request.shard
    share = f", {ours:,} of them in shard {number}/{count}" if count > 1 else ""
    print(
        f"{total:,} files{share}: {done:,} finished before, {ours - done:,} to do", file=sys.stderr
    )


def _follow(outcomes: Iterator[Outcome], names: Sequence[str]) -> list[str]:
    """Shows progress, and a line for each problem; returns which files are left."""
    left, failed = dict.fromkeys(names), 0
    with open_progress("predict", len(names), "files") as bar:
        for outcome in outcomes:
            bar.update()
            if outcome.notes:
                bar.write(outcome.notes.rstrip("\n"), file=sys.stderr)
            if outcome.problem is None:
                left.pop(outcome.name, None)
                continue
            failed += 1
            bar.write(f"error: {outcome.problem}", file=sys.stderr)
            if outcome.is_last:
                break
    return list(left)


def _conclude(left: Sequence[str], absent: int, total: int) -> None:
    if not left and not absent:
        return
    named = ", ".join(left[:NAMED]) + (", …" if len(left) > NAMED else "")
    parts = [f"{len(left):,} of {total:,} files are left: {named}"] if left else []
    parts += [f"{absent:,} of the inputs are not there"] if absent else []
    raise DataError(f"{'; '.join(parts)}; see above, and run the same command again")
