"""What the lines of the ledger say, and the answers in them."""

import re
from collections.abc import Mapping
from typing import Any, get_type_hints

from understudy.contract.answers import Answer
from understudy.teacher.completion import read_completion
from understudy.teacher.records import Record, encode

KEY = re.compile(r"sha256:[0-9a-f]{64}")
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""Errors from reading the content of a record that no version of this project has written."""


def sent(key: str, request: Mapping[str, Any], stage: str) -> bytes:
    """The line before a request is sent."""
    return encode("sent", key, {"stage": stage, "request": request})


def lost(key: str, reason: str) -> bytes:
    """The line after an attempt that may have been billed."""
    return encode("lost", key, {"reason": reason})


def answered(key: str, completion: Mapping[str, Any], seconds: float, batch: bool) -> bytes:
    """The line with an endpoint's whole answer."""
    content = {"completion": completion, "seconds": round(seconds, 3), "batch": batch}
    return encode("answered", key, content)


def recalled(answer: Answer, source: str) -> bytes:
    """The line with an answer that comes from a stage output or an import."""
    record = answer.to_record()
    return encode("answered", record.pop("request"), {"answer": record, "source": source})


def failed(key: str, error: str) -> bytes:
    """The line of a request that was given up."""
    return encode("failed", key, {"error": error})


def answer_of(record: Record) -> Answer:
    """The answer in a record of the kind `answered`."""
    if "answer" in record.content:
        return Answer.from_record({**record.content["answer"], "request": record.key})
    return read_completion(record.key, record.content["completion"], record.content["batch"])


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
    for name, kind in kinds.items():
        if not isinstance(getattr(answer, name), kind):
            raise ValueError(f"{name} = {getattr(answer, name)!r}: expected {kind.__name__}")
    if not KEY.fullmatch(answer.request):
        raise ValueError(f"request = {answer.request!r}: expected sha256: and 64 hex digits")
    return answer
