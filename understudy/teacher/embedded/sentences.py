"""Sentences: a text in, its sentences out; and what a word is."""

import re

from understudy.teacher.embedded.data import word_list

_ABBREVIATIONS = word_list("abbreviations")
_BREAK = re.compile(r"(?<=[.!?…])(?P<close>[\"'”’)\]]*)\s+(?=[\"'“‘(\[]*[A-Z0-9À-Þ])")
_LAST_TOKEN = re.compile(r"([\w.]+)\.$")
_DETACHED_STOP = re.compile(r"\s+([.!?,;])(?=\s|$)")

WORD = re.compile(r"\w+(?:[.,'’-]\w+)*")


def tidy(text: str) -> str:
    """One line, single spaces, no space before a full stop (the data set has ` .`)."""
    return _DETACHED_STOP.sub(r"\1", " ".join(text.split()))


def _is_abbreviation(before: str) -> bool:
    found = _LAST_TOKEN.search(before[-20:])
    if not found:
        return False
    token = found[1]
    initials = len(token) == 1 and token.isupper() and token != "I"
    return initials or token.lower() in _ABBREVIATIONS or bool(re.search(r"\.\w$", token))


def split_sentences(text: str) -> list[str]:
    """Sentences of a text in order, each with its closing quotes and marks."""
    text = tidy(text)
    sentences, start = [], 0
    for found in _BREAK.finditer(text):
        if not found["close"] and _is_abbreviation(text[start : found.start()]):
            continue
        sentences.append(text[start : found.end("close")])
        start = found.end()
    return [*sentences, text[start:]] if text[start:] else sentences


def words(text: str) -> list[str]:
    """The words and numbers of a text, as written."""
    return WORD.findall(text)


def capitalised(text: str) -> str:
    """The text with its first letter in upper case, behind opening quotes too."""
    return re.sub(r"^([\"'“‘(\[]*)(\w)", lambda found: found[1] + found[2].upper(), text, count=1)
