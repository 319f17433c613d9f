"""params.yaml, parsed once into strict typed sections.

Each stage declares its own section as a subclass of `Section` beside its code, so that a new
setting of one stage changes no other stage's dependencies.
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from understudy.core.errors import ParamsError

PARAMS = Path("params.yaml")
SECTIONS = (
    "fetch",
    "filter",
    "teacher",
    "generate",
    "train-t5",
    "train-bart",
    "export",
    "predict",
    "zeroshot",
    "evaluate",
    "datacards",
    "report",
    "review",
)


class Section(BaseModel):
    """A part of params.yaml: unknown keys and wrong types are refused, values don't change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


S = TypeVar("S", bound=Section)


def load_section(name: str, kind: type[S], path: Path = PARAMS) -> S:
    """Reads one section of params.yaml.

    Args:
        name: the section's key, one of SECTIONS.
        kind: the typed section it must fit.
        path: the params file.

    Returns:
        The section, whole and checked.

    Raises:
        ParamsError: one line per problem, with dotted key, value and expectation.
    """
    document = read_params(path)
    if name not in document:
        raise ParamsError(f"{path}: section '{name}' is missing; `make profile NAME=sample` has it")
    try:
        return kind.model_validate(document[name])
    except ValidationError as problems:
        lines = [_explain(path, name, kind, problem) for problem in _mendable(kind, problems)]
        raise ParamsError("\n".join(lines)) from None


def read_params(path: Path = PARAMS) -> dict[str, Any]:
    """Reads the whole file as plain values; unknown sections are refused.

    Raises:
        ParamsError: the file is absent, is not YAML, or holds a section nobody reads.
    """
    try:
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file; `make profile NAME=sample` writes it") from None
    except (YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ParamsError(f"{path}: not valid YAML: {problem}") from None
    if not isinstance(document, Mapping):
        raise ParamsError(f"{path}: expected sections such as 'fetch:', found {document!r}")
    for name in document:
        if name not in SECTIONS:
            raise ParamsError(f"{path}: {name}: unknown section{_suggest(str(name), SECTIONS)}")
    return dict(document)


def _mendable(kind: type[Section], problems: ValidationError) -> list[ErrorDetails]:
    """The problems, without the missing keys that are there under a misspelt name."""
    found = problems.errors()
    meant = {
        (*unknown["loc"][:-1], name)
        for unknown in found
        if unknown["type"] == "extra_forbidden"
        for name in _closest(str(unknown["loc"][-1]), _fields_at(kind, unknown["loc"][:-1]))
    }
    return [p for p in found if p["type"] != "missing" or p["loc"] not in meant]


def _explain(path: Path, section: str, kind: type[Section], problem: ErrorDetails) -> str:
    location = [str(part) for part in problem["loc"]]
    key = ".".join([section, *location])
    if problem["type"] == "extra_forbidden":
        known = _fields_at(kind, problem["loc"][:-1])
        return f"{path}: {key} = {problem['input']!r}: unknown key{_suggest(location[-1], known)}"
    if problem["type"] == "missing":
        return f"{path}: {key}: this key is missing; profiles/sample.yaml has it with its meaning"
    expected = problem["msg"].removeprefix("Value error, ")
    expected = expected.replace("Input should be", "expected", 1)
    return f"{path}: {key} = {problem['input']!r}: {expected}"


def _fields_at(kind: type[Section], location: Sequence[str | int]) -> list[str]:
    """Names of the fields of the (nested) section at a location."""
    fields = kind.model_fields
    for part in map(str, location):
        inner = fields[part].annotation if part in fields else None
        if not (isinstance(inner, type) and issubclass(inner, Section)):
            return []
        fields = inner.model_fields
    return list(fields)


def _closest(name: str, known: Sequence[str]) -> list[str]:
    return difflib.get_close_matches(name, known, n=1)


def _suggest(name: str, known: Sequence[str]) -> str:
    for close in _closest(name, known):
        return f"; did you mean '{close}'?"
    return f"; expected one of {', '.join(known)}" if known else ""
