"""Who is compared with whom: the systems that the sources make, and the pairs of the study."""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, combinations
from typing import Literal

from understudy.contract.kind import KINDS, Kind, this_kind
from understudy.contract.names import ZEROSHOT
from understudy.contract.params.sources import SOURCES, Source

References = Literal["gold", "teacher"]
"""Whose answers the others are scored against: gold ones, or the teacher's own.

Scores against the teacher's answers say how far a system agrees with it, and nothing of quality.
"""
Pair = tuple[str, str]


@dataclass(frozen=True)
class Lineup:
    """The systems of one evaluation."""

    sources: tuple[Source, ...] = SOURCES
    references: References = "gold"
    kind: Kind = field(default_factory=this_kind)

    @cached_property
    def trained(self) -> tuple[str, ...]:
        """Every student on every source, such as t5-gold."""
        return tuple(
            name_system(student, source)
            for student in self.kind.students
            for source in self.sources
        )

    @cached_property
    def untrained(self) -> tuple[str, ...]:
        """The teacher, unless its own answers are the references, and the baselines."""
        baselines = self.kind.baselines
        return (ZEROSHOT, *baselines) if self.references == "gold" else baselines

    @cached_property
    def systems(self) -> tuple[str, ...]:
        """Everything that is scored."""
        return (*self.trained, *self.untrained)

    @cached_property
    def questions(self) -> dict[str, tuple[Pair, ...]]:
        """The pairs by what they are compared for, the first minus the second.

        Questions that this lineup cannot ask are left out.
        """
        has_teacher = ZEROSHOT in self.untrained
        beside = (*self.trained, ZEROSHOT) if has_teacher else self.trained
        found: dict[str, tuple[Pair, ...]] = {
            "source": tuple(
                (name_system(student, later), name_system(student, earlier))
                for student in self.kind.students
                for earlier, later in combinations(self.sources, 2)
            ),
            "teacher": tuple((name, ZEROSHOT) for name in self.trained) if has_teacher else (),
            "size": tuple(
                (name_system(larger, source), name_system(smaller, source))
                for larger, smaller in self.kind.sizes
                for source in self.sources
            ),
            "lead": tuple((name, self.kind.baselines[0]) for name in beside),
        }
        return {question: pairs for question, pairs in found.items() if pairs}

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every pair that is compared."""
        return tuple(chain.from_iterable(self.questions.values()))


def name_system(student: str, source: str) -> str:
    """A student that learned from a source, such as t5-gold."""
    return f"{student}-{source}"


def split_system(system: str) -> tuple[str, str]:
    """The student and the source of a trained system's name; no source in that of another."""
    student, _, source = system.partition("-")
    known = any(student in kind.students for kind in KINDS.values())
    return (student, source) if known else (system, "")
