"""Composes the sample corpus of a classification: a split, a count and a seed in, messages out.

A row holds a customer's message to an invented shop and what it is about. Each file of messages/ is
a label: its openers mention the matter in passing, in messages about another one; its first facts
are what a message of that label asks, the others go on from there. Some messages have typing
errors. Rows that the filter is to drop are planted as in article.py.
"""

import random
import re
from collections.abc import Iterator

from understudy.rows.sample.article import choose_source
from understudy.rows.sample.slots import Cast, Scope
from understudy.rows.sample.templates import Kind, general, kinds

FOLDER = "messages"
WEIGHTS = {
    "delivery": 24, "billing": 22, "returns-and-refunds": 16, "technical-problem": 12,
    "account-access": 11, "cancellation": 8, "product-question": 5, "feedback": 2,
}  # fmt: skip
"""How often each is asked about; few shops hear as much of one matter as of another."""
_GREETED, _GOES_ON, _ENDED = 0.55, 0.4, 0.45
_IN_PASSING = 0.35  # chance that another matter is mentioned
_TWO_MATTERS = 0.14  # chance that the message asks about another one, too; the first is its label
_TYPED_BADLY = 0.35
_LOWER = 0.15  # chance that a message has no capital
_SHORTEST = 4  # letters of a word that may have a typing error
_A_VOWEL = re.compile(r"\b([Aa]) (?=[aeio])")


def sample_messages(split: str, count: int, seed: int) -> Iterator[dict[str, str]]:
    """Yields the first count rows of a split: {"id", "text", "label"}."""
    about = {kind.name: kind for kind in kinds(FOLDER)}
    for index in range(count):
        source = choose_source(split, index)
        rng = random.Random(f"message/{seed}/{source[0]}/{source[1]}")
        (name,) = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))
        others = [other for other in about.values() if other.name != name]
        yield {
            "id": f"sample-{split}-{index:06d}",
            "text": _compose(rng, about[name], rng.choice(others)),
            "label": name.replace("-", " "),
        }


def _compose(rng: random.Random, kind: Kind, other: Kind) -> str:
    shared = general(FOLDER)
    parts = [rng.choice(shared.openers)] if rng.random() < _GREETED else []
    body = [rng.choice(kind.facts[0].phrasings)]
    if rng.random() < _GOES_ON:
        body.append(rng.choice(kind.facts[1].phrasings))
    if rng.random() < _TWO_MATTERS:
        body += rng.choice(shared.facts[0].phrasings), rng.choice(other.facts[0].phrasings)
    elif rng.random() < _IN_PASSING:
        body.insert(rng.randrange(len(body) + 1), rng.choice(other.openers))
    parts += body
    if rng.random() < _ENDED:
        parts.append(rng.choice(shared.filler))
    scope = Scope(Cast(rng), shared.specs)
    text = _A_VOWEL.sub(r"\1n ", " ".join(part.format_map(scope) for part in parts))
    text = " ".join(_mistype(rng, text.split(" "))) if rng.random() < _TYPED_BADLY else text
    return text.lower() if rng.random() < _LOWER else text


def _mistype(rng: random.Random, words: list[str]) -> list[str]:
    """The words with one or two typing errors: a letter is left out, doubled or too early."""
    long = [at for at, word in enumerate(words) if len(word) > _SHORTEST and word.isalpha()]
    for at in rng.sample(long, min(len(long), rng.choice((1, 1, 2)))):
        word, place = words[at], rng.randrange(1, len(words[at]) - 1)
        before, letter, after = word[:place], word[place], word[place + 1 :]
        words[at] = rng.choice(
            (
                before + after,
                before + letter + letter + after,
                before + after[:1] + letter + after[1:],
            )
        )
    return words
