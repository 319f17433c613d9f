"""Summarizing: an article in, a fluent summary out that is longer than a reference usually is.

It keeps salient sentences in their order, lightly reworded, and frames them as chat models do.
The same article always gives the same summary.
"""

import re
from collections import Counter
from random import Random

from understudy.teacher.embedded.data import FRAMES, word_list
from understudy.teacher.embedded.facts import mid_sentence
from understudy.teacher.embedded.sentences import capitalised, split_sentences, tidy, words
from understudy.teacher.embedded.wording import reword, seeded

FEWEST, MOST = 72, 112  # words
SHARE = 0.35  # of the words that have a synonym
_SOURCE = re.compile(
    r"^(?:[A-Z][\w .,'’-]{0,40})?\((?:CNN|AP|Reuters)[^)]{0,20}\)\s*(?:-+|[–—])?\s*"
)
_COMMON = word_list("common")


def summarize(article: str) -> str:
    """Three to six sentences, 75 to 110 words where the article allows; never a longer text."""
    text = _SOURCE.sub("", tidy(article))
    rng = seeded(article)
    sentences = split_sentences(text)
    chosen = [sentences[index] for index in _salient(sentences)]
    told = [reword(sentence, rng, SHARE) for sentence in chosen]
    framed = _framed(told, text, rng)
    for attempt in (framed, told, chosen):
        summary = " ".join(attempt)
        if len(summary) <= len(article) and len(summary.split()) <= len(article.split()):
            return summary
    return text if len(text) <= len(article) else ""


def _content(sentence: str) -> list[str]:
    return [word.lower() for word in words(sentence) if word.lower() not in _COMMON]


def _score(index: int, sentence: str, weights: Counter[str]) -> float:
    content = _content(sentence)
    length = len(sentence.split())
    if not content or length < 6 or sentence.startswith(('"', "“", "'")):
        return 0.0
    central: float = sum(weights[word] for word in set(content)) / len(content) ** 0.5
    early = 1.0 + 1.2 / (1 + 0.4 * index)
    concrete = 1.0 + 0.15 * bool(re.search(r"\d", sentence)) + 0.1 * bool(_names(sentence))
    quoted = 0.6 if re.search(r"[\"“”]", sentence) else 1.0
    dependent = 0.8 if re.match(r"(He|She|It|They|But|And|That|This)\b", sentence) else 1.0
    return central * early * concrete * quoted * dependent * (0.4 if length > 45 else 1.0)


def _salient(sentences: list[str]) -> list[int]:
    """Places of the sentences to keep, in article order."""
    counts = Counter(word for sentence in sentences for word in set(_content(sentence)))
    weights = Counter({word: count for word, count in counts.items() if count > 1}) or counts
    scores = [_score(index, sentence, weights) for index, sentence in enumerate(sentences)]
    ranked = sorted(range(len(sentences)), key=lambda index: (-scores[index], index))
    kept: list[int] = []
    total = 0
    for index in ranked:
        length = len(sentences[index].split())
        if total >= FEWEST or len(kept) == 6:
            break
        if not kept or total + length <= MOST:
            kept.append(index)
            total += length
    return sorted(kept)


def _names(text: str) -> list[str]:
    return re.findall(r"(?<=[a-z,] )[A-Z][a-zà-ÿ]+(?: [A-Z][a-zà-ÿ]+)*", text)


def _framed(told: list[str], text: str, rng: Random) -> list[str]:
    """The sentences with a chat model's opening, closing, both or neither."""
    framed = told[:]
    if rng.random() < 0.4 and told and (inner := mid_sentence(told[0], text)):
        framed[0] = rng.choice(FRAMES["summary openings"]).format(inner)
    names = [name for name, _ in Counter(_names(text)).most_common(2)]
    if rng.random() < 0.35 and len(names) == 2 and sum(len(s.split()) for s in told) < 95:
        closing = rng.choice(FRAMES["summary closings"])
        framed.append(closing.format(topics=" and ".join(names)))
    return [capitalised(sentence) for sentence in framed]
