"""Summarizes one file after the other with a model that is loaded once; whoever does the work."""

import io
import json
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from understudy.core.errors import DataError, StudentError, UnderstudyError
from understudy.core.reading import HEAD, check_encoding
from understudy.core.tables import readable_parquet
from understudy.texts.redaction import Redactor
from understudy.tools.bulk.records import File, Recipe, finish, hash_model, is_finished
from understudy.tools.bulk.scratch import scratch_of
from understudy.tools.bulk.storage import Folder, FullError
from understudy.tools.summarize import HINTS, Summarizer, open_output

TAIL = 1 << 16
"""Bytes at the end of a file in which its last line is looked for first."""


@dataclass(frozen=True)
class Work:
    """What a worker has to know; another process, or another machine, gets a copy."""

    model: Path
    inputs: Folder
    output: Folder
    recipe: Recipe
    run: str
    """Names the scratch folder."""
    redactor: Redactor | None = None
    threads: int | None = None
    """Cores for one batch; None for all cores, or the GPU."""


class Outcome(NamedTuple):
    """How it went with one file."""

    name: str
    problem: str | None = None
    """Why it has no output."""
    notes: str = ""
    """What a worker elsewhere has said about it, such as which rows have no summary."""
    is_last: bool = False
    """Whether no other file will fare better: the model cannot be used, or the disk is full."""


class Worker:
    """Holds the model, in the process of the run or in another."""

    def __init__(self, work: Work) -> None:
        """Takes the work; the model is loaded by `load`, or with the first file."""
        self._work = work

    @cached_property
    def summarizer(self) -> Summarizer:
        """The model folder; a StudentError says why it cannot be used."""
        work, recipe = self._work, self._work.recipe
        return Summarizer(
            work.model, recipe.column, recipe.tokens_per_batch, work.redactor, work.threads
        )

    def load(self) -> str | None:
        """Loads the model on another machine than the run's; returns why it cannot be used."""
        model = self._work.model
        if hash_model(model) != self._work.recipe.model:
            return (
                f"{model}: on {socket.gethostname()}, not the model that this run was started "
                "with; copy the same folder to each machine, and do not change it meanwhile"
            )
        try:
            _ = self.summarizer.engine
        except UnderstudyError as error:
            return str(error)
        return None

    def summarize(self, name: str) -> Outcome:
        """Makes one output, unless another run has finished it by now."""
        try:
            self._summarize(name)
        except UnderstudyError as error:
            is_last = isinstance(error, StudentError | FullError)
            return Outcome(name, str(error), is_last=is_last)
        return Outcome(name)

    def report(self, name: str) -> Outcome:
        """Makes one output, and hands back what is said on the way: logs of Ray may come late."""
        with redirect_stderr(io.StringIO()) as notes:
            outcome = self.summarize(name)
        return outcome._replace(notes=notes.getvalue())

    def _summarize(self, name: str) -> None:
        work = self._work
        source = work.inputs.stat(name)
        if source is None:
            raise DataError(f"{work.inputs.address(name)}: no such file any more")
        made = work.output.stat(name)
        if made and is_finished(work.inputs, work.output, name, source, made, work.recipe):
            return
        with _scratch(work) as scratch:
            out = scratch / f"out{Path(name).suffix}"
            self._write(name, work.inputs.fetch(name, scratch), out)
            read = File.of(work.inputs, name, source)
            if work.inputs.stat(name) != source:
                raise DataError(
                    f"{work.inputs.address(name)}: changed while it was read; run the same command "
                    "again when it is whole"
                )
            finish(work.output, name, out, read, work.recipe)

    def _write(self, name: str, source: Path, out: Path) -> None:
        work, kind = self._work, source.suffix.lower()
        try:
            with work.inputs.explained(name):
                empty = kind == ".parquet" and _is_empty(source)
                if kind == ".jsonl":
                    _check_end(source)
            with work.output.explained(name):
                if empty:  # as Spark writes them: a part like any other
                    with open_output(out):
                        return
                self.summarizer.summarize(source, out, name)
        except DataError as error:  # of a copy, under the name of what was copied
            message = str(error).replace(str(source), work.inputs.address(name))
            raise type(error)(message) from None


def work_here(work: Work, names: Sequence[str]) -> Iterator[Outcome]:
    """Summarizes files in this process."""
    worker = Worker(work)
    for name in names:
        yield worker.summarize(name)


@contextmanager
def _scratch(work: Work) -> Iterator[Path]:
    """A folder for one file."""
    parent = scratch_of(work.output, work.run)
    with work.output.explained():
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_empty(path: Path) -> bool:
    with readable_parquet(path, hint=HINTS.file) as file:
        return bool(file.metadata.num_rows == 0)


def _check_end(path: Path) -> None:
    """Refuses a file of JSON lines whose last one is not whole."""
    size, length = path.stat().st_size, TAIL
    with path.open("rb") as file:
        check_encoding(path, file.read(HEAD))
        while True:
            file.seek(max(0, size - length))
            tail = file.read()
            if b"\n" in tail or length >= size:
                break
            length *= 2
    last = tail.rpartition(b"\n")[2]
    try:
        json.loads(last if last.strip() else b"{}")
    except (ValueError, RecursionError):
        raise DataError(
            f"{path}: ends in the middle of a line; run the same command again when it is whole"
        ) from None
