"""The embedded teacher on labels: names one for a message, and writes a message for one.

It goes by words, so that it errs where a message mentions several matters, or one in other words.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from understudy.teacher.embedded.data import INTENTS

OPTION = re.compile(r"^- (.+)$", re.MULTILINE)
"""A label in a prompt's list of them."""
UNSURE, ALSO, FORMAL = 10, 60, 110
"""Of 1,000 answers: so many name no label, those up to the next number another word for one, and
those up to the last a capital and a full stop."""
WORDED = re.compile(r"\w+")


def name_label(text: str, options: Sequence[str], form: Mapping[str, Any] | None = None) -> str:
    """The label of a text.

    Args:
        text: a message.
        options: labels to choose from.
        form: the `response_format` of a request; a JSON schema makes it JSON with a label.
    """
    label = _choose(text, options)
    if (field := _find_field(form)) is not None:
        return json.dumps({field: label}, ensure_ascii=False)
    place = _draw(1000, text)
    if place < UNSURE:
        return INTENTS["unsure"][place % len(INTENTS["unsure"])]
    if place < ALSO:
        return INTENTS.get(f"also {label}", (label,))[0]
    return f"{label.capitalize()}." if place < FORMAL else label


def write_message(label: str, prompt: str, seed: object) -> str:
    """A message of a label, another one for another prompt or seed."""
    known = INTENTS.get(f"write {label}", (f"I have a question about {label} and the {{}}.",))
    goods = INTENTS["goods"][0].split("; ")
    parts = [""] * 3
    for at, lines in enumerate((INTENTS["before"], known, INTENTS["after"])):
        at_once = _draw(len(lines) if at == 1 else 2 * len(lines), at, label, prompt, seed)
        parts[at] = lines[at_once] if at_once < len(lines) else ""
    text = " ".join(filter(None, parts))
    return text.replace("{}", goods[_draw(len(goods), prompt, seed)])


def _choose(text: str, options: Sequence[str]) -> str:
    """The label most of whose words are in the text; of several, whose words come first.

    What comes after words such as "besides" does not count.
    """
    plain, found = _plain(text), []
    for mark in INTENTS["aside"][0].split("; "):
        plain = plain.partition(mark)[0] or plain
    for option in options:
        if matches := list(_words(option).finditer(plain)):
            weight = sum(1 + match[0].count(" ") for match in matches)
            found.append((-weight, matches[0].start(), option))
    return min(found)[2] if found else options[_draw(len(options), text)]


@cache
def _words(label: str) -> re.Pattern[str]:
    known = map(_plain, INTENTS.get(f"know {label}", (label,))[0].split("; "))
    return re.compile(rf"\b(?:{'|'.join(known)})")


def _plain(text: str) -> str:
    return " ".join(WORDED.findall(text.lower()))


def _find_field(form: Mapping[str, Any] | None) -> str | None:
    """The first property of a JSON schema."""
    schema = (form or {}).get("json_schema", {}).get("schema", {})
    return next(iter(schema.get("properties", {})), None)


def _draw(count: int, *parts: object) -> int:
    """A number below count, always the same of the same parts."""
    data = "\n".join(map(str, parts)).encode("utf-8", "replace")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest()) % count
