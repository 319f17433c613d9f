"""Files of prompt templates: a text is one user message, a YAML has messages and settings.

messages:
  - {role: system, content: You summarize tickets.}
  - {role: user, content: "$article"}
response_format: {type: json_object}    # sent as it is
field: summary                          # what to take out of a JSON answer
vary: {tone: [polite, angry]}           # $tone is one of these, drawn for each row by its id

In a classification, $labels is the list of task.labels, and `enum: $labels` in response_format too.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as make_field
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from understudy.core.errors import DataError, one_line, say_expected, suggest
from understudy.core.params import Section
from understudy.core.reading import read_text
from understudy.teacher.errors import PromptError

LABELS = "labels"
"""The variable that stands for the list of task.labels, a line each."""
SUFFIXES = (".yaml", ".yml")
"""Of templates that are YAML; any other file is a text."""


class _Message(Section):
    role: Literal["system", "developer", "user", "assistant"]
    content: str


class _Document(Section):
    messages: list[_Message] = Field(min_length=1)
    response_format: dict[str, Any] | None = None
    vary: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(default={})
    field: str | None = Field(default=None, pattern=r"^[^.]+(\.[^.]+)*$")


@dataclass(frozen=True)
class MessageTemplate:
    """One message, with variables."""

    role: str
    template: Template


@dataclass(frozen=True)
class PromptFile:
    """What a template's file says."""

    messages: tuple[MessageTemplate, ...]
    response_format: Mapping[str, Any] | None = None
    """Passed to the API as it is."""
    field: str | None = None
    """The dotted path of the text in a JSON answer; None where the answer is the text."""
    vary: Mapping[str, Sequence[str]] = make_field(default_factory=dict)
    """Variables of which each row draws a value, with what there is to draw."""

    @property
    def settings(self) -> dict[str, Any]:
        """What goes into a request beside the messages."""
        return {} if self.response_format is None else {"response_format": self.response_format}


def read_prompt_file(param: str, path: str | Path, labels: Sequence[str] = ()) -> PromptFile:
    """Reads a template; white space around a message is no part of it.

    Args:
        param: the dotted key that names the file, for messages.
        path: a text file, or YAML by its SUFFIXES; `$$` stands for a dollar sign.
        labels: what $labels stands for; where there are none, it is a variable like others.

    Raises:
        PromptError: the file is absent, not UTF-8, or not such a template.
    """
    given, path = f"{param} = {path}", Path(path)
    try:
        text = read_text(path)
    except DataError as error:
        raise PromptError(f"{param}: {error}") from None
    except OSError as error:
        problem = f"not a readable prompt template ({error}); name a UTF-8 text file"
        raise PromptError(f"{given}: {problem}") from None
    if path.suffix.lower() in SUFFIXES:
        return _read_document(given, text, labels)
    return PromptFile((MessageTemplate("user", _template(given, text, labels)),))


def _read_document(given: str, text: str, labels: Sequence[str]) -> PromptFile:
    document = _parse(given, text)
    messages = tuple(
        MessageTemplate(one.role, _template(f"{given}: messages.{place}", one.content, labels))
        for place, one in enumerate(document.messages)
    )
    used = {name for one in messages for name in one.template.get_identifiers()}
    if unused := [name for name in document.vary if name not in used]:
        raise PromptError(f"{given}: vary.{unused[0]}: write ${unused[0]} in a message, or drop it")
    if messages[-1].role != "user":
        raise PromptError(
            f"{given}: messages.{len(messages) - 1}.role = '{messages[-1].role}': expected 'user', "
            "as the last message is the one to answer"
        )
    if not _is_json(document.response_format):
        raise PromptError(
            f"{given}: response_format = {document.response_format!r}: expected only what JSON "
            "has: text keys, text, numbers, true, false, null; put dates in quotes"
        )
    response_format = document.response_format
    if labels:
        response_format = _insert(response_format, list(labels))
    return PromptFile(messages, response_format, document.field, document.vary)


def _parse(given: str, text: str) -> _Document:
    try:
        found = YAML(typ="safe").load(text)
    except YAMLError as error:
        raise PromptError(f"{given}: not valid YAML: {one_line(error)}") from None
    if not isinstance(found, dict):
        raise PromptError(f"{given}: expected keys such as 'messages:', found {found!r:.60}")
    try:
        return _Document.model_validate(found)
    except ValidationError as error:
        problems = "; ".join(map(_explain, error.errors()))
        raise PromptError(f"{given}: {problems}") from None


def _explain(problem: ErrorDetails) -> str:
    key = ".".join(map(str, problem["loc"]))
    if problem["type"] == "missing":
        return f"{key}: this key is missing"
    if problem["type"] == "extra_forbidden":
        kind = _Message if problem["loc"][0] == "messages" else _Document
        return f"{key}: unknown key{suggest(str(problem['loc'][-1]), tuple(kind.model_fields))}"
    expected = say_expected(problem)
    if key == "field":
        expected = "expected a path into the JSON answer, such as summary or result.summary"
    return f"{key} = {problem['input']!r:.60}: {expected}"


def _insert(value: Any, labels: list[str]) -> Any:
    """A part of response_format with the labels where $labels stands alone."""
    if isinstance(value, dict):
        return {name: _insert(inner, labels) for name, inner in value.items()}
    if isinstance(value, list):
        return [_insert(inner, labels) for inner in value]
    return labels if value in (f"${LABELS}", f"${{{LABELS}}}") else value


def _template(given: str, text: str, labels: Sequence[str] = ()) -> Template:
    lines = "\n".join(f"- {label}" for label in labels).replace("$", "$$")

    def write(mark: re.Match[str]) -> str:
        return lines if labels and LABELS in (mark["named"], mark["braced"]) else mark[0]

    template = Template(Template.pattern.sub(write, text.strip()))
    if not template.template:
        raise PromptError(f"{given}: found no text; write what to ask")
    if not template.is_valid():
        raise PromptError(f"{given}: a lone '$'; write '$$' for a dollar sign")
    return template


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):
        return False
