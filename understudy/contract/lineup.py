"""Who is compared with whom: the systems that the sources make, and the pairs of the study."""

from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations
from typing import Literal

from understudy.contract.names import LEAD, STUDENTS, ZEROSHOT
from understudy.contract.params.sources import SOURCES, Source

References = Literal["gold", "teacher"]
"""Whose texts the summaries are scored against: gold ones, or the teacher's own answers.

Scores against the teacher's answers say how far a system agrees with it, and nothing of quality.
"""
Pair = tuple[str, str]


@dataclass(frozen=True)
class Lineup:
    """The systems of one evaluation."""

    sources: tuple[Source, ...] = SOURCES
    references: References = "gold"

    @cached_property
    def trained(self) -> tuple[str, ...]:
        """Every student on every source, such as t5-gold."""
        return tuple(
            name_system(student, source) for student in STUDENTS for source in self.sources
        )

    @cached_property
    def untrained(self) -> tuple[str, ...]:
        """The teacher, unless its own answers are the references, and the baseline."""
        return (ZEROSHOT, LEAD) if self.references == "gold" else (LEAD,)

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
                for student in STUDENTS
                for earlier, later in combinations(self.sources, 2)
            ),
            "teacher": tuple((name, ZEROSHOT) for name in self.trained) if has_teacher else (),
            "size": tuple(
                (name_system("bart", source), name_system("t5", source)) for source in self.sources
            ),
            "lead": tuple((name, LEAD) for name in beside),
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
    return (student, source) if student in STUDENTS else (system, "")
