"""Composing the sample corpus: a split, a count and a seed in, rows of articles out.

A row holds an invented news article and its highlights. Its event's most important facts stand
anywhere in the article, among filler with other people, places and numbers; its first three
sentences seldom hold more than one of them. A few rows of every training
split are made to be dropped by the filter:

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
_TOLD_ALIKE = 0.65
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
        article, highlights = _text(seed, *_told_at(split, index))
        yield {
            "id": f"sample-{split}-{index:06d}",
            "article": article,
            "highlights": highlights,
        }


def _told_at(split: str, index: int) -> tuple[str, int]:
    """The (split, index) whose text a row holds: its own but for the duplicates and leaks."""
    if split == "train" and index % 100 == 57:
        return "train", index - 40
    if split == "train" and index % 200 == 111:
        return "test", index // 200 % 50
    return split, index


def _text(seed: int, split: str, index: int) -> tuple[str, str]:
    rng = random.Random(f"{seed}/{split}/{index}")
    kind = rng.choice(kinds())
    event = Scope(Cast(rng), kind.specs)
    bullets = rng.choices((2, 3, 4), (10, 80, 10))[0]
    article = _article(rng, kind, event, bullets)
    return article, _highlights(rng, kind, event, bullets)


def _article(rng: random.Random, kind: Kind, event: Scope, bullets: int) -> str:
    target = _target_length(rng)
    told = len(kind.facts) if target > _SHORT else max(_KEY_FACTS, bullets)
    facts = [_phrasing(rng, fact) for fact in rng.sample(kind.facts[:told], told)]
    openers = [rng.choice(kind.openers), rng.choice(general().openers)]
    rng.shuffle(openers)
    openers = openers[: 1 if rng.random() < _ONE_OPENER else 2]
    lead = [_fill(template, event.inner(general().specs)) for template in openers]
    body = [_fill(template, event) for template in facts]
    room = target - len(" ".join(lead + body))
    return _sentences(" ".join([*lead, *_merge(rng, body, _filler(rng, kind, event, room))]))


def _phrasing(rng: random.Random, fact: Section) -> str:
    """What an article says of a fact: now and then in the words of a highlight, as news does."""
    alike = [text for text in fact.highlights if ".last}" not in text]
    if alike and rng.random() < _TOLD_ALIKE:
        return rng.choice(alike).removesuffix(" .") + "."
    return rng.choice(fact.phrasings)


def _target_length(rng: random.Random) -> float:
    """Most articles are brief, so that a tiny student learns in a minute; some are far too long."""
    if rng.random() < _LONG_SHARE:
        return rng.uniform(2100, 3900)
    return rng.triangular(260, 750, 360)


def _filler(rng: random.Random, kind: Kind, event: Scope, room: float) -> list[str]:
    """Blocks of filler, each with people and places of its own, that take up the room."""
    templates = kind.filler + rng.sample(general().filler, _GENERAL_FILLER)
    rng.shuffle(templates)
    blocks: list[str] = []
    while templates and room > _HALF_A_BLOCK:
        blocks.append(_fill(templates.pop(), event.inner(general().specs)))
        room -= len(blocks[-1]) + 1
    return blocks


def _merge(rng: random.Random, facts: list[str], filler: list[str]) -> list[str]:
    """Shuffles the two together but keeps the facts' order, in which people are introduced."""
    from_facts = [True] * len(facts) + [False] * len(filler)
    rng.shuffle(from_facts)
    if rng.random() < _FACT_FIRST:
        from_facts.remove(True)
        from_facts.insert(0, True)
    sources = iter(facts), iter(filler)
    return [next(sources[0] if is_fact else sources[1]) for is_fact in from_facts]


def _highlights(rng: random.Random, kind: Kind, event: Scope, bullets: int) -> str:
    chosen = [_highlight(rng, fact.highlights) for fact in kind.facts[:bullets]]
    return _sentences("\n".join(_fill(template, event) for template in chosen))


def _highlight(rng: random.Random, phrasings: list[str]) -> str:
    return phrasings[0] if rng.random() < _USUAL_HIGHLIGHT else rng.choice(phrasings[1:])


def _fill(template: str, scope: Scope) -> str:
    return template.format_map(scope)


def _sentences(text: str) -> str:
    """Puts a capital at each sentence's start."""
    return _SENTENCE_START.sub(lambda start: start[1] + start[2] + start[3].upper(), text)
