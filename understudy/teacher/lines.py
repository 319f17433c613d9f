"""What the lines of the ledger say, and the answers in them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_type_hints

from understudy.contract.answers import LATER, Answer
from understudy.teacher.completion import read_completion, take_off_reasoning
from understudy.teacher.records import Record, encode

KEY = re.compile(r"sha256:[0-9a-f]{64}")
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""Errors from reading the content of a record that no version of this project has written."""


@dataclass(frozen=True)
class Answered:
    """What a line of the kind `answered` says."""

    answer: Answer
    at: str
    seconds: float | None
    """What the call took that this ledger saw end at that time; 0 for an answer of a batch, null
    for one from elsewhere, whose own time is in the answer."""
    source: str
    """Where it comes from: `endpoint`, an output or an import."""


def sent(key: str, request: Mapping[str, Any] | bytes, stage: str) -> bytes:
    """The line before a request is sent, with its content or that as canonical JSON."""
    return encode("sent", key, {"stage": stage, "request": request})


def read_sent(record: Record) -> tuple[dict[str, Any], str]:
    """The request and the stage in a line of the kind `sent`."""
    return record.content["request"], record.content["stage"]


def lost(key: str, reason: str) -> bytes:
    """The line after an attempt that may have been billed."""
    return encode("lost", key, {"reason": reason})


def unbilled(key: str, reason: str) -> bytes:
    """The line after an attempt that was surely not billed, and is made again."""
    return encode("unbilled", key, {"reason": reason})


def answered(key: str, completion: Any, seconds: float, batch: bool) -> bytes:
    """The line with the whole body of an endpoint's answer, as it came."""
    content = {"completion": completion, "seconds": round(seconds, 3), "batch": batch}
    return encode("answered", key, content)


def recalled(answer: Answer, source: str) -> bytes:
    """The line with an answer that comes from a stage output or an import."""
    known = with_checked_time(answer).to_record()
    record = {k: v for k, v in known.items() if k not in LATER or v != LATER[k]}
    return encode("answered", record.pop("request"), {"answer": record, "source": source})


def failed(key: str, error: str) -> bytes:
    """The line of a request that was given up."""
    return encode("failed", key, {"error": error})


def read_answered(record: Record) -> Answered:
    """Reads a line of the kind `answered`."""
    key, content = record.key, record.content
    if "answer" in content:
        answer = take_off_reasoning(Answer.from_record({**content["answer"], "request": key}))
    else:
        answer = read_completion(key, content["completion"], content["batch"])
        answer = replace(answer, seconds=content.get("seconds"))
    answer = with_checked_time(answer)
    source = content.get("source", "endpoint")
    return Answered(answer, content["at"], content.get("seconds"), source)


def with_checked_time(answer: Answer) -> Answer:
    """The answer without a time that is none: a batch's 0, or what is no number of seconds."""
    seconds: Any = answer.seconds  # a table or a line may hold anything
    is_time = isinstance(seconds, int | float) and 0 <= seconds < math.inf and not answer.batch
    return replace(answer, seconds=float(seconds) if is_time else None)


def check_answer(record: Mapping[str, Any]) -> Answer:
    """An answer from elsewhere, the values of whose columns nobody has checked yet.

    Raises:
        ValueError: a value is missing, or not of its column's kind.
    """
    kinds = get_type_hints(Answer)
    try:
        answer = Answer(**{name: record[name] for name in kinds if name in record})
    except TypeError as error:
        raise ValueError(str(error)) from None
    answer = with_checked_time(answer)
    for name, kind in kinds.items():
        if not isinstance(getattr(answer, name), kind):
            raise ValueError(
                f"{name} = {getattr(answer, name)!r}: expected {getattr(kind, '__name__', kind)}"
            )
    if not KEY.fullmatch(answer.request):
        raise ValueError(f"request = {answer.request!r}: expected sha256: and 64 hex digits")
    return answer
