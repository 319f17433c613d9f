"""Kinds of tasks: all that is different between them in files, names and on pages, a value a kind.

What a kind does with texts is in the rooms: docs/architecture.md lists where.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from understudy.core.params import PARAMS, read_params

KindName = Literal["summarization", "classification"]


@dataclass(frozen=True)
class Kind:
    """One kind of task: an input, and what is to be answered."""

    name: KindName
    input: str
    """The column of the inputs, in every table and prompt."""
    output: str
    """The column of what is to be answered."""
    inputs: str
    """What pages call them, in the plural."""
    an_input: str
    """One of them, with its article."""
    outputs: str
    """What pages call what is to be answered, in the plural."""
    answer: str
    """What pages call an answer of a system."""
    answers: str
    """The same in the plural."""
    baseline: str
    """What the first of `baselines` answers, in words."""
    students: tuple[str, ...]
    """Each has a stage train-STUDENT and a section of params of that name."""
    sizes: tuple[tuple[str, str], ...]
    """Students that are compared on the same source, the first minus the second."""
    baselines: tuple[str, ...]
    """Systems that neither learn from a source nor ask; the first is what all are compared with."""
    types: Mapping[str, str]
    """Types of scores and their titles; the first decides where only one can."""
    measures: Mapping[str, str]
    """What each type has of every row, and its title."""
    judged: str
    """The measure that intervals, tests and verdicts are about."""
    has_labels: bool
    """Whether an answer is one of `task.labels`, and nothing else."""

    @cached_property
    def columns(self) -> tuple[str, str, str]:
        """Those of every table of pairs."""
        return ("id", self.input, self.output)

    @cached_property
    def score_columns(self) -> tuple[str, ...]:
        """Columns of a table or an array with all scores of a row."""
        return tuple(f"{one}_{measure}" for one in self.types for measure in self.measures)

    def title(self, one: str | None = None, measure: str | None = None) -> str:
        """What pages call a measure of a type of scores, by default that which decides."""
        shown = self.measures[measure or self.judged]
        return shown if len(self.types) == 1 else f"{self.types[one or self.main]} {shown}"

    @cached_property
    def words(self) -> Mapping[str, str]:
        """Its nouns, to be filled into sentences of pages."""
        names = ("input", "inputs", "an_input", "output", "outputs", "answer", "answers")
        return {name: getattr(self, name) for name in names}

    @cached_property
    def main(self) -> str:
        """The type of scores that decides where only one can."""
        return next(iter(self.types))


SUMMARIZATION = Kind(
    name="summarization",
    input="article",
    output="highlights",
    inputs="articles",
    an_input="an article",
    outputs="highlights",
    answer="summary",
    answers="summaries",
    baseline="the article’s first three sentences",
    students=("t5", "bart"),
    sizes=(("bart", "t5"),),
    baselines=("lead-3",),
    types=MappingProxyType(
        {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougel": "ROUGE-L", "rougelsum": "ROUGE-Lsum"}
    ),
    measures=MappingProxyType({"recall": "recall", "precision": "precision", "f1": "F1"}),
    judged="f1",
    has_labels=False,
)
CLASSIFICATION = Kind(
    name="classification",
    input="text",
    output="label",
    inputs="texts",
    an_input="a text",
    outputs="labels",
    answer="label",
    answers="labels",
    baseline="the most frequent label",
    students=("gbdt", "lstm", "bert", "t5"),
    sizes=(("lstm", "gbdt"), ("bert", "gbdt"), ("t5", "bert")),
    baselines=("majority", "keywords"),
    types=MappingProxyType({"labels": "labels"}),
    measures=MappingProxyType({"accuracy": "accuracy", "balanced": "balanced accuracy"}),
    judged="accuracy",
    has_labels=True,
)
KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (SUMMARIZATION, CLASSIFICATION)}
)


def this_kind(path: Path = PARAMS) -> Kind:
    """The kind of task that the project in the working folder has, as params.yaml says.

    Summarization where nothing is said. A kind that is unknown is told where the section `task`
    is read.
    """
    try:
        found = path.stat()
    except OSError:
        return SUMMARIZATION
    return _read_kind(path, Path.cwd(), found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8)
def _read_kind(path: Path, _folder: Path, _changed: int, _size: int) -> Kind:
    task = read_params(path).get("task")
    name = task.get("kind") if isinstance(task, dict) else None
    return KINDS.get(str(name), SUMMARIZATION)
