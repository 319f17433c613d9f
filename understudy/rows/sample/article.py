"""Composes the sample corpus: a split, a count and a seed in, rows of articles out.

A row holds an invented news article and its highlights. Its event's most important facts come
anywhere in the article, among filler with other people, places and numbers; its first three
sentences seldom hold more than one of them. A few rows of every training split are meant to be
dropped by the filter:

* row 57 of each 100 repeats the text of the row 40 before it (1%: duplicates);
* row 111 of each 200 repeats the text of one of the first 50 test rows (0.5%: leaks).

A row depends on its seed, split and index only, never on how many rows are asked for.
"""

import random
import re
from collections.abc import Iterator

from understudy.rows.sample.slots import Cast, Scope
from understudy.rows.sample.templates import Kind, Section, general, kinds

_KEY_FACTS = 3
_USUAL_HIGHLIGHT = 0.7
_WORDED_ALIKE = 0.65
_LONG_SHARE = 0.25
_FACT_FIRST = 0.35  # chance that a fact follows the openers at once
_ONE_OPENER = 0.25  # chance that there is one opener and not two
_SHORT = 600  # characters; below that an article holds its key facts only
_HALF_A_BLOCK = 60  # characters
_GENERAL_FILLER = 24  # blocks held ready for one article, beside those of its kind

_SENTENCE_START = re.compile(r'(^|[.!?] |\." )("?)([a-z])', re.MULTILINE)


def sample_rows(split: str, count: int, seed: int) -> Iterator[dict[str, str]]:
    """Yields the first count rows of a split: {"id", "article", "highlights"}."""
    for index in range(count):
        source = choose_source(split, index)
        rng = random.Random(f"{seed}/{source[0]}/{source[1]}")
        kind = rng.choice(kinds())
        event = Scope(Cast(rng), kind.specs)
        bullets = rng.choices((2, 3, 4), (10, 80, 10))[0]
        yield {
            "id": f"sample-{split}-{index:06d}",
            "article": _capitalize(_article(rng, kind, event, bullets)),
            "highlights": _capitalize(_highlights(rng, kind, event, bullets)),
        }


def choose_source(split: str, index: int) -> tuple[str, int]:
    """The split and index of the row whose text a row has: mostly its own."""
    if split == "train" and index % 100 == 57:
        return "train", index - 40
    if split == "train" and index % 200 == 111:
        return "test", index // 200 % 50
    return split, index


def _article(rng: random.Random, kind: Kind, event: Scope, bullets: int) -> str:
    # Most articles are brief, so that a tiny student learns in a minute; some are far too long.
    long = rng.random() < _LONG_SHARE
    target = rng.uniform(2100, 3900) if long else rng.triangular(260, 750, 360)
    told = len(kind.facts) if target > _SHORT else max(_KEY_FACTS, bullets)
    facts = [_phrasing(rng, fact) for fact in rng.sample(kind.facts[:told], told)]
    openers = [rng.choice(kind.openers), rng.choice(general().openers)]
    rng.shuffle(openers)
    openers = openers[: 1 if rng.random() < _ONE_OPENER else 2]
    lead = [template.format_map(event.inner(general().specs)) for template in openers]
    body = [template.format_map(event) for template in facts]
    filler = _filler(rng, kind, event, target - len(" ".join(lead + body)))
    # Facts keep their order, in which people are introduced.
    from_facts = [True] * len(body) + [False] * len(filler)
    rng.shuffle(from_facts)
    if rng.random() < _FACT_FIRST:
        from_facts.remove(True)
        from_facts.insert(0, True)
    sources = iter(body), iter(filler)
    return " ".join([*lead, *(next(sources[0 if is_fact else 1]) for is_fact in from_facts)])


def _phrasing(rng: random.Random, fact: Section) -> str:
    """An article's words for a fact: often those of a highlight, as in real news."""
    alike = [text for text in fact.highlights if ".last}" not in text]
    if alike and rng.random() < _WORDED_ALIKE:
        return rng.choice(alike).removesuffix(" .") + "."
    return rng.choice(fact.phrasings)


def _filler(rng: random.Random, kind: Kind, event: Scope, room: float) -> list[str]:
    """Blocks of filler, each with people and places of its own, that take up the room."""
    templates = kind.filler + rng.sample(general().filler, _GENERAL_FILLER)
    rng.shuffle(templates)
    blocks: list[str] = []
    while templates and room > _HALF_A_BLOCK:
        blocks.append(templates.pop().format_map(event.inner(general().specs)))
        room -= len(blocks[-1]) + 1
    return blocks


def _highlights(rng: random.Random, kind: Kind, event: Scope, bullets: int) -> str:
    chosen = [
        fact.highlights[0] if rng.random() < _USUAL_HIGHLIGHT else rng.choice(fact.highlights[1:])
        for fact in kind.facts[:bullets]
    ]
    return "\n".join(template.format_map(event) for template in chosen)


def _capitalize(text: str) -> str:
    """Puts a capital at each sentence's start."""
    return _SENTENCE_START.sub(lambda start: start[1] + start[2] + start[3].upper(), text)
