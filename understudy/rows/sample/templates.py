"""Reads templates/: one text file per kind of event, and general.txt for what suits them all.

The folder messages/ has the same form, with a file per label.

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

_NEWS = "templates"


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
def general(folder: str = _NEWS) -> Kind:
    """The slots, openers and filler that suit every kind."""
    path = Path(__file__).with_name(folder) / "general.txt"
    return parse("general", path.read_text(encoding="utf-8"))


@cache
def kinds(folder: str = _NEWS) -> tuple[Kind, ...]:
    """All kinds of event, by name; those of another folder are what its texts are about."""
    found = Path(__file__).with_name(folder).glob("*.txt")
    paths = sorted(path for path in found if path.stem != "general")
    return tuple(parse(path.stem, path.read_text(encoding="utf-8")) for path in paths)
