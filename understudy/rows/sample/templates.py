"""Reads templates/: one text file per kind of event, and general.txt for what suits them all.

A file is made of lines::

    @ homes = int 20 90      a slot and its spec (see slots.py)
    [openers]                sentences to begin an article with
    [filler]                 sentences that any article of this kind may hold
    [fact]                   a fact, the most important first
    - sentences              a phrasing for the article
    > sentence               a phrasing for the highlights, the usual one first
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "templates"


@dataclass
class Section:
    """The lines under one [heading]."""

    phrasings: list[str] = field(default_factory=list)
    highlights: list[str] = field(default_factory=list)


@dataclass
class Kind:
    """A kind of event: its slots and its texts."""

    name: str
    specs: dict[str, str] = field(default_factory=dict)
    openers: list[str] = field(default_factory=list)
    filler: list[str] = field(default_factory=list)
    facts: list[Section] = field(default_factory=list)


def parse(name: str, text: str) -> Kind:
    """Returns the kind that a file's text describes; raises ValueError for a line unknown to it."""
    kind, section = Kind(name), Section()
    for number, line in enumerate(text.splitlines(), start=1):
        mark, _, rest = line.partition(" ")
        if line in ("[openers]", "[filler]", "[fact]"):
            section = Section(kind.openers if line == "[openers]" else kind.filler)
            if line == "[fact]":
                section = Section()
                kind.facts.append(section)
        elif mark == "@":
            slot, _, spec = rest.partition(" = ")
            kind.specs[slot] = spec
        elif mark in ("-", ">"):
            (section.phrasings if mark == "-" else section.highlights).append(rest)
        elif line:
            raise ValueError(f"{name}.txt, line {number}: expected @, -, > or a heading: {line!r}")
    return kind


@cache
def general() -> Kind:
    """The slots, openers and filler that suit every kind."""
    return parse("general", (_FOLDER / "general.txt").read_text(encoding="utf-8"))


@cache
def kinds() -> tuple[Kind, ...]:
    """All kinds of event, by name."""
    paths = sorted(path for path in _FOLDER.glob("*.txt") if path.stem != "general")
    return tuple(parse(path.stem, path.read_text(encoding="utf-8")) for path in paths)
