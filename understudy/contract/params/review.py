"""The params section `review`: gates that a branch must hold."""

from typing import Annotated

from pydantic import Field

from understudy.core.params import Section


class ReviewParams(Section):
    """Gates: `understudy review` exits with 1 where one is not held."""

    minimum: dict[str, float] = Field(default_factory=dict)
    """The least that a metric must be, by its dotted name: file, then keys, such as
    `systems.t5-written.rouge1.f1: 30` for metrics/systems.json. Lower bounds are metrics too:
    `systems.t5-written.rouge1.f1_low` holds for other articles, `seeds.t5-written.rouge1.f1_low`
    for training again too; the latter needs two seeds."""
    largest_drop: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """The most that a metric may be lower than it was at the base, such as
    `systems.bart-written.rouge1.f1: 1.0`."""
    shown_drop: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    """The same of the part of a drop that is shown: the lower bound of its 95% interval, for other
    seeds and articles where both sides have two seeds or more, else for other articles. For scores
    of metrics/systems.json, such as `systems.t5-written.rouge1.f1: 0`, which only a drop beyond
    noise fails."""
