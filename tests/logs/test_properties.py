"""Whatever a log holds, it is read to its end and its counts add up."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.logs.shapes import ONE_LINE, Messages, ask, batch_input, batch_output, dump
from tests.teacher.properties import quick
from understudy.logs.logged import REASONS, LogCounts, LoggedCall, Reject
from understudy.logs.reader import read_logs
from understudy.teacher.completion import read_completion

texts = st.text(max_size=20)
names = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
shaped = st.builds(
    lambda shape, asked, said: ONE_LINE[shape](ask(asked), said),
    st.sampled_from(sorted(ONE_LINE)),
    texts,
    texts,
)
batched = st.builds(lambda name, text: batch_input(name, ask(text)), names, texts) | st.builds(
    batch_output, names, texts
)


@st.composite
def records(draw: st.DrawFn) -> Any:
    """A record in which a value at any depth may be replaced by any other."""
    record = json.loads(json.dumps(draw(shaped | batched)))
    for _ in range(draw(st.integers(0, 2))):
        here, path = record, draw(st.lists(st.integers(0, 9), max_size=5))
        for step in path:
            keys = list(here) if isinstance(here, dict) else range(len(here))
            if not keys:
                break
            key = list(keys)[step % len(keys)]
            if not isinstance(here[key], dict | list) or step == path[-1]:
                here[key] = draw(values)
                break
            here = here[key]
    return record


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A line: whole, cut off, with a changed byte, or of any bytes."""
    line = draw(records().map(dump) | st.binary(max_size=40))
    end = draw(st.integers(0, 3))
    if line and end == 1:
        return line[: draw(st.integers(0, len(line)))]
    if line and end == 2:
        place = draw(st.integers(0, len(line) - 1))
        return line[:place] + draw(st.binary(max_size=2)) + line[place + 1 :]
    return line


def count_lines(data: bytes) -> int:
    return sum(bool(line.strip()) for line in data.split(b"\n"))


@quick
@given(
    st.lists(st.lists(lines(), max_size=6), max_size=3), st.booleans(), st.none() | st.just("a.b")
)
def test_any_lines_are_read_and_counted(
    tmp_path: Path, files: list[list[bytes]], is_packed: bool, session: str | None
) -> None:
    paths, expected = [], 0
    for number, found in enumerate(files):
        # The first line says that it is text.
        data = b"\n".join([b"null", *found])
        expected += count_lines(data)
        paths.append(tmp_path / f"log{number}.jsonl")
        paths[-1].write_bytes(gzip.compress(data) if is_packed else data)
    counts = LogCounts()
    results = list(read_logs(paths, session, counts))
    assert counts.read == expected == counts.calls + counts.batch_inputs + counts.rejected
    assert len(results) == counts.calls + counts.rejected
    for one in results:
        if isinstance(one, LoggedCall):
            assert read_completion("", one.completion, False).find_problem() != "unreadable"
        else:
            assert one.reason in REASONS


@quick
@given(st.lists(records(), max_size=5), st.integers(0, 30), st.binary(max_size=3))
def test_any_array_is_read_and_counted(
    tmp_path: Path, found: list[Any], place: int, junk: bytes
) -> None:
    data = json.dumps(found).encode()
    path = tmp_path / "log.json"
    path.write_bytes(b"[" + data[1 : -1 - place] + junk)
    counts = LogCounts()
    results = list(read_logs([path], None, counts))
    assert counts.read == len(results) == counts.calls + counts.rejected


@quick
@given(st.lists(st.tuples(names, texts, texts), max_size=12), st.integers())
def test_no_answer_is_ever_given_to_another_question(
    tmp_path: Path, calls: list[tuple[str, str, str]], seed: int
) -> None:
    asked = [dump(batch_input(name, ask(f"{name} {text}"))) for name, text, _ in calls]
    said = [dump(batch_output(name, f"{name} {text} {more}")) for name, text, more in calls]
    shuffled = [*asked, *said]
    random.Random(seed).shuffle(shuffled)
    path = tmp_path / "batch.jsonl"
    path.write_bytes(b"\n".join(shuffled))
    for one in read_logs([path]):
        if isinstance(one, Reject):
            continue
        answer = read_completion("", one.completion, False).text
        assert answer.startswith(question_of(one.messages))


def question_of(messages: Messages) -> str:
    return str(messages[0]["content"])
