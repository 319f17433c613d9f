"""The list `sources` in params.yaml: the ways to training pairs that the pipeline runs."""

from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, RootModel, ValidationError, field_validator

from understudy.core.errors import ParamsError, say_expected
from understudy.core.params import PARAMS, read_params

Source = Literal["gold", "written", "labelled"]
"""Whose pairs a student learns from.

gold: real inputs and outputs; written: the teacher writes an input for a gold output; labelled: the
teacher writes the output for a real input.
"""
SOURCES: tuple[Source, ...] = get_args(Source)
KEY = "sources"
MADE_BY = {"generate": "written", "label": "labelled"}
"""The stage that makes the pairs of a source; gold pairs are those that `filter` keeps."""


class Sources(RootModel[list[Source]]):
    """Which arms of the experiment run: gold, written, labelled, or any of them."""

    root: list[Source] = Field(default=[*SOURCES], min_length=1)

    @field_validator("root")
    @classmethod
    def _are_different(cls, sources: list[Source]) -> list[Source]:
        if len(set(sources)) < len(sources):
            raise ValueError("expected each source once")
        return [source for source in SOURCES if source in sources]


def load_sources(path: Path = PARAMS) -> tuple[Source, ...]:
    """Reads the list, in the order of SOURCES.

    Raises:
        ParamsError: it is no list of sources, a stage's own list says something else, or the rows
            that are fetched cannot make the pairs of a source.
    """
    document = read_params(path)
    given = document.get(KEY, [*SOURCES])
    try:
        sources = tuple(Sources.model_validate(given).root)
    except ValidationError as error:
        expected = f"expected some of [{', '.join(SOURCES)}]: {say_expected(error.errors()[0])}"
        raise ParamsError(f"{path}: {KEY} = {given!r}: {expected}") from None
    shown = f"{KEY} = [{', '.join(sources)}]"
    for stage, source in MADE_BY.items():
        own = _look_up(document, [stage, KEY], [source])
        wanted = [source] if source in sources else []
        if own != wanted:
            raise ParamsError(
                f"{path}: {stage}.{KEY} = {own!r}: expected {wanted!r}, since {shown}; DVC makes "
                f"the stage {stage} for what its own list names"
            )
    from understudy.contract.params.fetch import NO_FILE  # it loads pyarrow

    inputs = _look_up(document, ["fetch", "files", "inputs"], NO_FILE)
    is_files = _look_up(document, ["fetch", "source"], "") == "files"
    if is_files and inputs != NO_FILE and sources != ("labelled",):
        raise ParamsError(
            f"{path}: {shown}: expected [labelled], since fetch.files.inputs = {inputs} has no "
            "outputs: gold pairs, and articles written from them, need fetch.files.train"
        )
    return sources


def _look_up(document: Any, names: list[str], default: Any) -> Any:
    """A key of a params document that nobody has checked yet."""
    for name in names:
        if not isinstance(document, dict) or name not in document:
            return default
        document = document[name]
    return document
