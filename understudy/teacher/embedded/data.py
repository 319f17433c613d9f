"""Reading the embedded teacher's texts: what it says, and the words that it knows.

A file is made of `[headings]` with lines below them; `#` begins a comment.
"""

from pathlib import Path


def _load(name: str) -> dict[str, tuple[str, ...]]:
    """The lines below each heading."""
    sections: dict[str, tuple[str, ...]] = {}
    heading = ""
    for line in Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            heading = line.strip("[]")
        elif line and not line.startswith("#"):
            sections[heading] = (*sections.get(heading, ()), line)
    return sections


def word_list(heading: str) -> frozenset[str]:
    """The words below a heading of lexicon.txt."""
    return frozenset(" ".join(LEXICON[heading]).split())


def entries(heading: str) -> list[str]:
    """What stands between the semicolons below a heading of lexicon.txt."""
    return [entry.strip() for entry in " ".join(LEXICON[heading]).split(";") if entry.strip()]


def by_topic(kind: str) -> dict[str, tuple[str, ...]]:
    """The lines of filler.txt below `[kind TOPIC]`, by topic in the file's order."""
    parts = {tuple(heading.split(" ", 1)): lines for heading, lines in FILLER.items()}
    return {topic: lines for (found, topic), lines in parts.items() if found == kind}


FILES = ("frames.txt", "filler.txt", "lexicon.txt", "intents.txt")
FRAMES, FILLER, LEXICON, INTENTS = map(_load, FILES)
