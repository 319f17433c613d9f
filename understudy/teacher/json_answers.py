"""The text of an answer, which may be in JSON, and why it cannot be used."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from understudy.contract.answers import Answer
from understudy.contract.label_reader import LabelReader
from understudy.contract.params.usable import NO_FIELD, NOT_JSON, UNLISTED
from understudy.texts.encoding import to_utf8

FENCE, END = "```json", "```"
"""What chat models like to write around JSON."""


def read_text(
    answer: Answer, field: str | None, labels: LabelReader | None = None
) -> tuple[str, str | None]:
    """Reads the text that an answer is used for.

    Args:
        answer: as it came.
        field: the dotted path of the text in a JSON answer; None where the answer is the text.
        labels: reads the text as a label; None where any text is an answer.

    Returns:
        The text, or the label that it stands for, and None; or what there is and the first reason
        not to use it: one of REASONS, UNLISTED, or as in `read_field`.
    """
    text, problem = answer.text, answer.find_problem()
    if problem is None and field is not None:
        text, problem = read_field(text, field)
        problem = problem or replace(answer, text=text).find_problem()
    if problem or labels is None:
        return text, problem
    label = labels.read(text)
    return (text, UNLISTED) if label is None else (label, None)


def read_field(answer: str, field: str) -> tuple[str, str | None]:
    """Takes a text out of a JSON answer.

    Args:
        answer: JSON, with nothing but white space or a fence of Markdown around it.
        field: the dotted path of the text, from the outermost object on.

    Returns:
        The text and None; or the whole answer and why there is none: NOT_JSON, or NO_FIELD where
        the path leads to nothing, or to what is no text or blank.
    """
    try:
        found = json.loads(_unfenced(answer))
    except (ValueError, RecursionError):
        return answer, NOT_JSON
    for name in field.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return (to_utf8(found), None) if _is_text(found) else (answer, NO_FIELD)


def change_texts(answer: str, change: Callable[[str], str]) -> str:
    """Changes an answer; of JSON each text, key and number, however it is written there.

    Args:
        answer: JSON as in `read_field`, which then stays JSON, or any other text.
        change: a number that it changes becomes a text.
    """
    try:
        found = json.loads(_unfenced(answer))
        changed = _change(found, change) if isinstance(found, dict | list) else None
    except (ValueError, RecursionError):
        changed = None
    if changed is None:
        return change(answer)
    return answer if changed == found else to_utf8(json.dumps(changed, ensure_ascii=False))


def _change(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {change(name): _change(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_change(inner, change) for inner in value]
    if isinstance(value, str):
        return change(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        changed = change(str(value))
        return value if changed == str(value) else changed
    return value


def _unfenced(answer: str) -> str:
    text = answer.strip()
    if text.startswith(FENCE) and text.endswith(END) and len(text) > len(FENCE + END):
        return text[len(FENCE) : -len(END)]
    return text


def _is_text(found: Any) -> bool:
    return isinstance(found, str) and bool(found.strip())
