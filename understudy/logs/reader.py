"""Reads logs of chat-completion calls, whatever program wrote them.

Every record ends as a call or as a reject with its reason, and the counts add up. Records are read
one at a time: a log may be larger than the memory.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from understudy.logs.bodies import make_body
from understudy.logs.context import find_session, find_time
from understudy.logs.joining import Joiner, is_of_batch, take_pair
from understudy.logs.logged import LogCounts, LoggedCall, Reject, RejectedError
from understudy.logs.messages import read_messages
from understudy.logs.rawrecords import Raw, check_log, iterate_records
from understudy.logs.shapes import Parts, take_apart

Found = Iterator[LoggedCall | Reject]


def read_log(path: Path, session: str | None = None, counts: LogCounts | None = None) -> Found:
    """Yields the calls and the rejects of one log, as `read_logs` does."""
    return read_logs([path], session, counts)


def read_logs(
    paths: Sequence[Path], session: str | None = None, counts: LogCounts | None = None
) -> Found:
    """Yields the calls and the rejects of logs in order; those of batches come last.

    Args:
        paths: the files; the input and the output of a batch may come in any order.
        session: the dotted path of the value in a record that says which calls belong together,
            such as `metadata.customer`; None looks for the usual names.
        counts: adds up what is found.

    Raises:
        DataError: a file is absent, unreadable, not in UTF-8, or no log by its name.
    """
    for path in paths:
        check_log(path)
    counts = LogCounts() if counts is None else counts
    with Joiner(paths) as joiner:
        for place, path in enumerate(paths):
            for raw in iterate_records(path):
                counts.read += 1
                found = _read_record(str(path), place, raw, session, joiner)
                if found is not None:
                    counts.take(found)
                    yield found
        for found in _join(paths, session, joiner):
            counts.take(found)
            yield found
        counts.batch_inputs += joiner.joined


def _read_record(
    file: str, place: int, raw: Raw, session: str | None, joiner: Joiner
) -> LoggedCall | Reject | None:
    """What a record is; None for a line of a batch, which the joiner has taken."""
    if raw.problem is not None:
        return Reject(file, raw.line, raw.problem.reason, raw.problem.detail)
    if is_of_batch(raw.value) and raw.offset is not None:
        joiner.take(place, raw)
        return None
    return _settle(file, raw.line, session, take_apart, raw.value)


def _join(paths: Sequence[Path], session: str | None, joiner: Joiner) -> Found:
    for one in joiner.join():
        file = str(paths[one.place])
        if one.problem is not None:
            yield Reject(file, one.line, one.problem.reason, one.problem.detail)
        else:
            yield _settle(file, one.line, session, take_pair, one.question, one.answer)


def _settle(
    file: str, line: int, session: str | None, take: Callable[..., Parts], *records: Any
) -> LoggedCall | Reject:
    """The call that a record is, or the two lines of a batch; or why it is none."""
    try:
        parts = take(*records)
        messages = read_messages(parts.messages)
        completion = make_body(parts.answer, parts.settings.get("model"), parts.usage)
    except RejectedError as error:
        return Reject(file, line, error.reason, error.detail)
    at, where = find_time(*records, completion), find_session(session, *records)
    return LoggedCall(file, line, messages, parts.settings, completion, at, where, parts.origin)
