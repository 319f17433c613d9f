"""Whatever happens to the lines of a ledger, every intact answer is kept and nothing is raised."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.teacher.properties import quick
from understudy.teacher import lines
from understudy.teacher.ledger import Ledger
from understudy.teacher.requests import content_key
from understudy.tools.audit import verify

KEYS = [content_key({"number": number}) for number in range(4)]


def completion(key: str) -> dict[str, object]:
    content = f'Zürich {key} {{"check":"'  # a text that looks like a record
    return {"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}


ANSWERED = {key: lines.answered(key, completion(key), 1.0, batch=False) for key in KEYS}
LINES = [
    *ANSWERED.values(),
    *(lines.sent(key, {"model": "m", "messages": [key]}, "test") for key in KEYS),
    *(lines.lost(key, "no answer") for key in KEYS),
    *(lines.unbilled(key, "refused") for key in KEYS),
    *(lines.failed(key, "HTTP 500") for key in KEYS),
]
TORN = st.tuples(st.sampled_from(LINES), st.floats(0, 1)).map(
    lambda torn: torn[0][: int(torn[1] * len(torn[0]))]
)
PIECES = st.lists(st.sampled_from(LINES) | TORN | st.binary(max_size=40), max_size=12)
BREAKS = st.lists(st.sampled_from([b"\n", b"\n", b"\n", b"", b"\n\n"]), min_size=14, max_size=14)


@quick
@given(first=st.sampled_from(LINES), rest=PIECES, place=st.integers(0, 12), breaks=BREAKS)
def test_torn_reordered_and_repeated_lines_cost_no_intact_answer(
    first: bytes, rest: list[bytes], place: int, breaks: list[bytes]
) -> None:
    pieces = [*rest[:place], first, *rest[place:]]
    data = b"".join(piece + gap for piece, gap in zip(pieces, breaks, strict=False))
    intact = {key for key, line in ANSWERED.items() if line in pieces}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        path.write_bytes(data)
        with Ledger(path) as ledger:
            check(ledger, intact)
            ledger.append([ANSWERED[KEYS[0]]])
            check(ledger, intact | {KEYS[0]})
            verify(ledger)
        with Ledger(path) as ledger:
            check(ledger, intact | {KEYS[0]})


def check(ledger: Ledger, intact: set[str]) -> None:
    for key in KEYS:
        found = ledger.answer(key)
        if key in intact:
            assert found is not None
            assert found.text == f'Zürich {key} {{"check":"'
        else:
            assert found is None
