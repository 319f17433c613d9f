"""Prompts: templates in which `$article`, `$text` or another column stands for a row's text."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

from understudy.contract.answers import Answer
from understudy.contract.kind import this_kind
from understudy.contract.label_reader import LabelReader
from understudy.contract.pairs import GOLD
from understudy.contract.params.task import TaskParams
from understudy.contract.params.usable import NO_FIELD, NOT_JSON
from understudy.core.errors import suggest
from understudy.core.params import load_section
from understudy.core.tables import iterate_table, list_columns
from understudy.teacher.errors import PromptError
from understudy.teacher.json_answers import read_text
from understudy.teacher.matching import Matcher
from understudy.teacher.prompt_files import read_prompt_file
from understudy.teacher.requests import Message, Question, canonical

ARTICLE = "article"
"""The variable for a row's whole input."""


class Prompt:
    """A template with variables, and how its answers are read."""

    variables: tuple[str, ...]
    """Those that it uses, in their order."""
    settings: Mapping[str, Any]
    """What goes into a request beside its messages."""
    field: str | None
    """The dotted path of the text in a JSON answer; None where the answer is the text."""

    def __init__(
        self,
        param: str,
        path: str | Path,
        allowed: Sequence[str] | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        """Reads a template.

        Args:
            param: the dotted key that names the file, for messages.
            path: a text file, or YAML (see `read_prompt_file`).
            allowed: columns of the rows; it must use one of them, and nothing else. None for any,
                where there are no rows to look at.
            labels: what $labels stands for; None for task.labels of params.yaml.

        Raises:
            PromptError: the file is no template, or uses no variable, or another one.
        """
        kind = this_kind()
        if labels is None and kind.has_labels:
            labels = load_section("task", TaskParams).labels
        file = read_prompt_file(param, path, labels or ())
        self._given = f"{param} = {path}"
        self._messages = file.messages
        found = (one.template.get_identifiers() for one in file.messages)
        self._vary = file.vary
        names = dict.fromkeys(name for names in found for name in names)
        self.variables = tuple(name for name in names if name not in file.vary)
        self.settings = file.settings
        self.field = file.field
        allowed = allowed or self.variables or (kind.input,)
        if taken := [name for name in file.vary if name in (*allowed, *kind.columns)]:
            raise PromptError(f"{self._given}: vary.{taken[0]}: rows have this column; rename it")
        if not self.variables or not set(self.variables) <= set(allowed):
            raise PromptError(f"{self._given}: {_explain(self.variables, allowed)}")

    def fill(self, row: Mapping[str, Any]) -> tuple[Message, ...]:
        """Returns the messages for one row; null counts as an empty text.

        Raises:
            PromptError: a column that it uses has no text.
        """
        texts = {name: _as_text(name, row[name]) for name in self.variables}
        for name, values in self._vary.items():
            texts[name] = _draw(name, row.get("id"), values)
        return tuple(
            {"role": one.role, "content": one.template.substitute(texts)} for one in self._messages
        )

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why its answers may have no text."""
        return () if self.field is None else (NOT_JSON, NO_FIELD)

    @property
    def own_text(self) -> str:
        """What its messages say without the text of any row."""
        empty = self.fill(dict.fromkeys(self.variables, ""))
        return "\n".join(message["content"] for message in empty)

    def match(self, messages: object) -> dict[str, str] | None:
        """The variables in the messages of a logged call, or None where they don't fit.

        The inverse of `fill`, see understudy/teacher/matching.py.

        Raises:
            PromptError: its own variables can't be told apart.
        """
        found = self._matcher.match(messages)
        if found is None or any(found[name] not in self._vary[name] for name in self._vary):
            return None
        return {name: value for name, value in found.items() if name not in self._vary}

    def explain(self, messages: object) -> str | None:
        """Why messages don't fit, one of the reasons of understudy/teacher/matching.py; or None.

        Raises:
            PromptError: as in `match`.
        """
        return self._matcher.explain(messages)

    @cached_property
    def _matcher(self) -> Matcher:
        try:
            return Matcher(self._messages)
        except PromptError as error:
            raise PromptError(f"{self._given}: {error}") from None

    def read(self, answer: Answer, labels: LabelReader | None = None) -> tuple[str, str | None]:
        """Returns the text of an answer, and why it cannot be used, if so; see `read_text`."""
        return read_text(answer, self.field, labels)


def _draw(name: str, identity: Any, values: Sequence[str]) -> str:
    """A row's value of a variable of `vary`, whatever other rows there are."""
    data = f"{name} {identity}".encode("utf-8", "replace")
    return values[int.from_bytes(hashlib.blake2b(data, digest_size=8).digest()) % len(values)]


def _as_text(name: str, value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise PromptError(f"${name}: the column has {value!r:.60}, expected text; write it as text")


def _explain(found: Sequence[str], allowed: Sequence[str]) -> str:
    """Why these variables can't be used."""
    known = " or ".join(f"${name}" for name in allowed)
    expected = f"just {known}" if len(allowed) == 1 else f"one or more of {known}"
    shown = ", ".join(f"${name}" for name in sorted(found)) or "no variable"
    others = [name for name in found if name not in allowed]
    hint = suggest(others[0], allowed) if others and len(allowed) > 1 else ""
    hint = hint if "did you mean" in hint else ""
    way = f"write ${allowed[0]} where the row's text belongs"
    return f"found {shown}, expected {expected}{hint or f'; {way}'}"


@dataclass(frozen=True)
class Questions:
    """What a stage asks: its prompt about each of its rows, which each iteration reads anew."""

    prompt: Prompt
    limits: Mapping[str, int | None]
    """How many of the first rows of which splits; null takes all."""
    folder: Path = GOLD
    samples: int = 1
    """How often each row is asked; its answers follow each other."""
    more: Mapping[str, Iterable[Mapping[str, Any]]] = field(default_factory=dict)
    """Rows of a split beside those of the folder, after them and not limited."""
    labels: LabelReader | None = None
    """Reads the answers, where they are labels."""

    def __iter__(self) -> Iterator[Question]:
        """Yields the questions about each row, split by split.

        Rows of one class have equal messages, where a prompt asks for a text of it: they are asked
        as samples of that prompt, so that each gets a text of its own.
        """
        columns = tuple(dict.fromkeys((*this_kind().columns, *self.prompt.variables)))
        settings, path = self.prompt.settings, self.prompt.field
        kind, seen = this_kind(), Counter[bytes]()
        are_alike = kind.has_labels and kind.output in self.prompt.variables
        for split, limit in self.limits.items():
            rows = islice(iterate_table(self.folder / f"{split}.parquet", columns), limit)
            for row in chain(rows, self.more.get(split, ())):
                messages, before = self.prompt.fill(row), 0
                if are_alike:
                    key = hashlib.sha256(canonical(list(messages))).digest()
                    before = seen[key]
                    seen[key] += self.samples
                for sample in range(before + 1, before + self.samples + 1):
                    yield Question(messages, row, split, settings, sample, path, self.labels)


def input_columns(tables: Sequence[Path]) -> tuple[str, ...]:
    """What a prompt about inputs may use: the input, and columns of every table that no pair has.

    Raises:
        DataError: a table is absent or not Parquet.
    """
    found = [list_columns(table) for table in tables]
    own = (name for name in found[0] if name not in this_kind().columns)
    return (this_kind().input, *(name for name in own if all(name in names for names in found)))
