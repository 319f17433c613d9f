"""The list `sources` in params.yaml: the ways to training pairs that the pipeline runs."""

from pathlib import Path
from typing import Literal, get_args

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
        ParamsError: it is no list of sources, or a stage's own list says something else.
    """
    document = read_params(path)
    given = document.get(KEY, [*SOURCES])
    try:
        sources = Sources.model_validate(given).root
    except ValidationError as error:
        first = error.errors()[0]
        expected = f"expected some of [{', '.join(SOURCES)}]: {say_expected(first)}"
        raise ParamsError(f"{path}: {KEY} = {given!r}: {expected}") from None
    for stage, source in MADE_BY.items():
        section = document.get(stage)
        own = section.get(KEY, [source]) if isinstance(section, dict) else [source]
        wanted = [source] if source in sources else []
        if own != wanted:
            raise ParamsError(
                f"{path}: {stage}.{KEY} = {own!r}: expected {wanted!r}, since {KEY} = "
                f"[{', '.join(sources)}]; the stage {stage} exists for what its own list names"
            )
    return tuple(sources)
