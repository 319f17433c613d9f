"""The params section `review`: gates that a branch must hold."""

from typing import Annotated

from pydantic import Field

from understudy.core.params import Section


class ReviewParams(Section):
    """The params section `review`."""

    minimum: dict[str, float]
    """The least that a metric must be, by its dotted name: file, then keys, such as
    `systems.t5-written.rouge1.f1` for metrics/systems.json."""
    largest_drop: dict[str, Annotated[float, Field(ge=0)]]
    """The most that a metric may be lower than it was at the base."""
