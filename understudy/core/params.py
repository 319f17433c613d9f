"""params.yaml, parsed once into strict typed sections.

A section is a subclass of `Section` in understudy/contract/params. Each of its fields has a default
and, beneath it, its meaning, which `understudy params` prints. What params.yaml leaves out takes
the default; only keys that dvc.yaml names must stand there, as DVC knows no defaults.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from understudy.core.errors import DataError, ParamsError, one_line, say_expected, suggest
from understudy.core.reading import read_text

PARAMS = Path("params.yaml")
PIPELINE = Path("dvc.yaml")


class Section(BaseModel):
    """A part of params.yaml: unknown keys and wrong types are refused, values don't change."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


S = TypeVar("S", bound=Section)


def load_section(name: str, kind: type[S], path: Path = PARAMS) -> S:
    """Reads one section of params.yaml.

    Args:
        name: the section's key.
        kind: the typed section it must fit.
        path: the params file.

    Returns:
        The section, checked, with defaults for what the file leaves out.

    Raises:
        ParamsError: one line per problem, with dotted key, value and expectation.
    """
    document = read_params(path)
    section = parse_section(name, kind, document, path)
    if missing := find_missing(name, document):
        hint = f"{PIPELINE} names it, and DVC knows no defaults: `understudy params {name}` has it"
        lines = [f"{path}: {key}: this key is missing; {hint}" for key in missing]
        raise ParamsError("\n".join(lines))
    return section


def parse_section(name: str, kind: type[S], document: Mapping[str, Any], path: Path = PARAMS) -> S:
    """Checks one section of a params document; see `load_section`."""
    try:
        return kind.model_validate(document.get(name, {}))
    except ValidationError as error:
        lines = [_explain(path, name, kind, problem) for problem in error.errors()]
        raise ParamsError("\n".join(lines)) from None


def read_params(path: Path = PARAMS) -> dict[str, Any]:
    """Reads the whole file as plain values.

    Raises:
        ParamsError: the file is absent, is no YAML of sections, or has a merge conflict in it.
    """
    try:
        document = _parse(path, read_text(path))
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file; `make profile NAME=sample` writes it") from None
    except DataError as error:
        raise ParamsError(str(error)) from None
    if not isinstance(document, Mapping):
        raise ParamsError(f"{path}: expected sections such as 'fetch:', found {document!r}")
    return dict(document)


def find_missing(section: str, document: Mapping[str, Any]) -> list[str]:
    """Keys of a section that dvc.yaml names and a params document lacks, the outermost ones."""
    missing = dict[str, None]()
    for key in _named_keys(read_text(PIPELINE)) if PIPELINE.exists() else ():
        names, values = key.split("."), document
        for depth, name in enumerate(names if names[0] == section else (), start=1):
            if name not in values:
                missing[".".join(names[:depth])] = None
                break
            values = values[name]
    return list(missing)


@lru_cache(maxsize=1)
def _named_keys(pipeline: str) -> list[str]:
    """Dotted keys that dvc.yaml interpolates, such as `${generate.prompt}`, or tracks as params."""
    stages = (_parse(PIPELINE, pipeline) or {}).get("stages", {}).values()
    tracked = [key for stage in stages for key in stage.get("params", ()) if isinstance(key, str)]
    return re.findall(r"\$\{([\w.-]+)\}", pipeline) + tracked


@lru_cache(maxsize=4)  # each section of a stage is read from the same two files
def _parse(path: Path, text: str) -> Any:
    try:
        return YAML(typ="safe").load(text)
    except YAMLError as error:
        raise ParamsError(f"{path}: not valid YAML: {one_line(error)}") from None


def _explain(path: Path, section: str, kind: type[Section], problem: ErrorDetails) -> str:
    location, expected = [str(part) for part in problem["loc"]], say_expected(problem)
    if problem["type"] == "extra_forbidden":
        *above, name = location
        deeper = [key for key in _fields_at(kind, above) if name in _fields_at(kind, [*above, key])]
        home = ".".join([section, *above, *deeper, name])
        hint = f"; it is {home}" if deeper else suggest(name, _fields_at(kind, above))
        expected = f"unknown key{hint}"
    elif problem["type"] == "model_type":
        expected = f"expected keys such as {_fields_at(kind, location)[0]}: …"
    return f"{path}: {'.'.join([section, *location])} = {problem['input']!r}: {expected}"


def _fields_at(kind: type[Section], location: Sequence[str]) -> list[str]:
    """Names of the fields of the (nested) section at a location."""
    fields = kind.model_fields
    for part in location:
        inner = fields[part].annotation if part in fields else None
        if not (isinstance(inner, type) and issubclass(inner, Section)):
            return []
        fields = inner.model_fields
    return list(fields)
