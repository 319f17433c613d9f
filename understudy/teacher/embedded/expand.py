"""Expanding: highlights in, a made-up news article that tells the same facts in other words out.

Every fact of the highlights is in the article, reworded, out of order and between sentences of
filler. The same highlights always give the same article.
"""

from collections.abc import Iterator
from random import Random

from understudy.teacher.embedded.data import FRAMES, by_topic
from understudy.teacher.embedded.facts import chains, has_speech, has_verb, mid_sentence
from understudy.teacher.embedded.scene import Scene, fill
from understudy.teacher.embedded.sentences import capitalised, tidy
from understudy.teacher.embedded.wording import reword, seeded

BRIEF, LONG = (400, 900), (2050, 2500)  # characters that an article aims at
LONG_SHARE = 0.1
_FILLER = by_topic("filler")


def expand(highlights: str) -> str:
    """A news article of one paragraph for newline-separated highlights; empty for empty ones."""
    bullets = "\n".join(tidy(bullet) for bullet in highlights.splitlines())
    rng, context = seeded(highlights), tidy(highlights)
    groups = chains(reword(bullets, rng), rng)
    if not groups:
        return ""
    scene = Scene.of(context)
    opening = groups[0]
    rng.shuffle(groups)
    if len(groups) > 1 and groups[0] is opening and rng.random() < 0.5:
        groups.append(groups.pop(0))
    blocks = [
        [_state(clause, context, bool(index), scene, rng) for clause in group]
        for index, group in enumerate(groups)
    ]
    if rng.random() < 0.25 and (again := _again(bullets, context, rng)):
        blocks.append([again])
    return _interleave(blocks, _filler(scene, rng), rng)


def _stopped(sentence: str) -> str:
    """The sentence with a capital first and a stop last, inside closing quotes."""
    sentence = capitalised(sentence)
    if sentence.endswith(('."', '?"', '!"', ".”", "?”", "!”", ".", "?", "!")):
        return sentence
    if sentence.endswith('"') and sentence.count('"') % 2 == 0 and ' "' not in sentence[:-1][-12:]:
        return sentence[:-1] + '."'
    return sentence + "."


def _state(clause: str, context: str, linked: bool, scene: Scene, rng: Random) -> str:
    """A fact as a sentence, where it fits with a frame before or after it."""
    inner = mid_sentence(clause, context)
    if clause.startswith(("However, ", "In a new", "But ", "Meanwhile, ", "And ")):
        return _stopped(clause)
    frame = rng.choice(_fitting(clause, inner, linked, clause in context, rng))
    frame = fill(frame, scene, rng) or "{}"
    return _stopped(frame.replace("{}", clause if frame.startswith("{}") else inner or clause))


def _fitting(
    clause: str, inner: str | None, linked: bool, unchanged: bool, rng: Random
) -> tuple[str, ...]:
    """Frames that a clause can stand in; one that was not reworded does not stand alone."""
    bare = () if unchanged else ("{}",)
    links = FRAMES["links"] if inner and linked else ()
    if clause.endswith(("?", "!")):
        return links or ("{}",)
    if has_speech(clause) or clause.endswith(('"', "”")):
        return bare * 20 + links or FRAMES["fragments"]
    if not has_verb(clause):
        return bare * 3 + FRAMES["fragments"]
    if inner is None:
        return bare * 4 + FRAMES["after"]
    kinds = (FRAMES["before"], FRAMES["after"], links or FRAMES["before"], bare or FRAMES["after"])
    return rng.choices(kinds, weights=(35, 25, 12, 28))[0]


def _again(bullets: str, context: str, rng: Random) -> str | None:
    """One of the short facts once more, for the end of the article."""
    clauses = [clause for group in chains(reword(bullets, rng), rng) for clause in group[:1]]
    fit = [c for c in clauses if len(c) < 110 and has_verb(c) and not has_speech(c)]
    told = mid_sentence(rng.choice(fit), context) if fit else None
    return told and _stopped(rng.choice(FRAMES["again"]).format(told))


def _filler(scene: Scene, rng: Random) -> Iterator[str]:
    """Filler that suits the scene, in random order, nothing twice."""
    speaking = () if scene.grim else FRAMES["speaking"]
    named = FRAMES["person"] + speaking if scene.people else ()
    special = _FILLER[scene.topic] if scene.topic != "general" else ()
    close = rng.sample(named, min(2, len(named)))
    close += rng.sample(FRAMES["place"], 2) if scene.places else []
    close += rng.sample(special, min(6, len(special)))
    close += rng.sample(FRAMES["quotes"], 3)
    loose = rng.sample(_FILLER["general"], 5)
    first = close + loose
    rest = [*_FILLER["general"], *special, *FRAMES["quotes"]]
    rng.shuffle(first)
    rng.shuffle(rest)
    for template in dict.fromkeys(first + rest):
        if filled := fill(template, scene, rng):
            yield capitalised(filled)


def _interleave(blocks: list[list[str]], filler: Iterator[str], rng: Random) -> str:
    """Puts filler before, between and after the blocks until the article is long enough."""
    length = sum(len(sentence) + 1 for block in blocks for sentence in block)
    aim = max(rng.triangular(*BRIEF), 1.5 * length)
    if rng.random() < LONG_SHARE:
        aim = rng.uniform(*LONG)
    chosen = []
    for sentence in filler:
        if length >= aim - 60:
            break
        chosen.append(sentence)
        length += len(sentence) + 1
    lead = rng.randint(0, 3)
    parts, rest = chosen[:lead], chosen[lead:]
    for index, block in enumerate(blocks):
        parts += block + rest[index :: len(blocks)]
    return " ".join(parts)
