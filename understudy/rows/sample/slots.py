"""Fills the slots of the templates: a slot's spec and a random source in, a value out.

The specs, one per kind of value::

    place | organisation | date     a name not yet used in this article; "14 March"
    person [ROLE | ROLE]            somebody not yet used, introduced by one of the roles
    int LOW HIGH [STEP]             "1,200"
    year LOW HIGH                   "1987"
    decimal LOW HIGH                "4.6"
    one | two | three               one of these texts
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NAMES = {
    heading.strip("[]"): tuple(name.strip() for name in " ".join(lines).split(","))
    for heading, *lines in map(
        str.splitlines, Path(__file__).with_name("names.txt").read_text("utf-8").split("\n\n")
    )
}
"""The invented names of the sample, by heading; all its other words are in templates/."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_CAST = 60  # names of each sort held ready for one article
_TRIES = 20  # to draw a number that this article does not hold yet


@dataclass
class Person:
    """Somebody in an article: named in full at first, by surname from then on."""

    first: str
    last: str
    role: str
    he: str
    his: str
    him: str
    introduced: bool = False

    @property
    def name(self) -> str:
        """The full name, whether introduced or not."""
        return f"{self.first} {self.last}"

    def __str__(self) -> str:
        if self.introduced:
            return self.last
        self.introduced = True
        return f"{self.role} {self.name}".strip()


class Cast:
    """Hands out names for one article, none of them twice."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        organisations = NAMES["organisations"]
        self._numbers: set[str] = set()
        self._places = rng.sample(NAMES["places"], _CAST)
        self._surnames = rng.sample(NAMES["surnames"], _CAST)
        self._first_names = rng.sample(NAMES["women"] + NAMES["men"], _CAST)
        self._organisations = rng.sample(organisations, len(organisations))

    def draw(self, spec: str) -> object:
        """Returns a value for the spec; raises KeyError for a spec it does not know."""
        sort, _, rest = spec.partition(" ")
        if sort == "person":
            role = self._rng.choice(rest.split(" | "))
            first, last = self._first_names.pop(), self._surnames.pop()
            pronouns = ("she", "her", "her") if first in NAMES["women"] else ("he", "his", "him")
            return Person(first, last, role, *pronouns)
        if " | " in spec:
            return self._rng.choice(spec.split(" | "))
        if sort in ("int", "year", "decimal"):
            return self._unused_number(sort, [int(bound) for bound in rest.split()])
        if sort == "date":
            return f"{self._rng.randint(1, 28)} {self._rng.choice(_MONTHS)}"
        return {"place": self._places, "organisation": self._organisations}[sort].pop()

    def _unused_number(self, sort: str, bounds: list[int]) -> str:
        for _ in range(_TRIES + 1):
            number = self._number(sort, *bounds)
            if number not in self._numbers:
                break
        self._numbers.add(number)
        return number

    def _number(self, sort: str, low: int, high: int, step: int = 1) -> str:
        if sort == "decimal":
            return f"{self._rng.randrange(low * 10 + 1, high * 10) / 10:.1f}"
        number = self._rng.randrange(low, high + 1, step)
        return str(number) if sort == "year" else f"{number:,}"


class Scope(dict[str, object]):
    """The values of one text's slots, each drawn when first asked for.

    A slot that the outer scope declares is the outer scope's. Digits at the end of a slot's name
    only make it another slot: {town} and {town2} both have the spec of "town".
    """

    def __init__(self, cast: Cast, specs: Mapping[str, str], outer: "Scope | None" = None) -> None:
        super().__init__()
        self._cast, self._specs, self._outer = cast, specs, outer

    def inner(self, specs: Mapping[str, str]) -> "Scope":
        """A scope of its own for one block of text, within this one."""
        return Scope(self._cast, specs, self)

    def __missing__(self, slot: str) -> object:
        if self._outer is not None and slot in self._outer._specs:
            return self._outer[slot]
        self[slot] = value = self._cast.draw(self._specs[slot.rstrip("0123456789")])
        return value
