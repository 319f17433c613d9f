"""Lines of the ledger: each is whole or known as damaged, whatever lies around it."""

import hashlib

import pytest

from understudy.teacher.records import (
    CHECKED,
    DamagedRecordError,
    decode,
    encode,
    resembles_record,
    split,
)
from understudy.teacher.requests import canonical, content_key

KEY = "sha256:" + "0a" * 32
FORGED = encode("answered", KEY, {"completion": {}})


def one(**content: object) -> bytes:
    return encode("answered", KEY, content)


def whole(line: bytes) -> list[bytes]:
    """The pieces of a line that are valid records."""
    found = []
    for _, piece in split(line):
        try:
            decode(piece)
        except DamagedRecordError:
            continue
        found.append(piece)
    return found


def test_a_record_is_read_as_it_was_written() -> None:
    record = decode(one(text='Zürich "quoted"\n\u2028', number=1.5))
    assert (record.kind, record.key) == ("answered", KEY)
    assert record.content.pop("at").endswith("+00:00")
    assert record.content == {"text": 'Zürich "quoted"\n\u2028', "number": 1.5}


def test_a_record_is_one_line_whatever_its_texts_hold() -> None:
    assert not set(one(text="\n\r\x0b\x0c\x85\u2028\0\ud800")) & set(b"\n\r")


def test_the_hash_is_of_all_bytes_after_it() -> None:
    line = one(text="x")
    assert hashlib.sha256(line[CHECKED:]).hexdigest().encode() == line[10:74]


def test_a_request_that_is_canonical_already_makes_the_same_bytes() -> None:
    request = {"messages": [{"content": "Zürich \ud800"}], "endpoint": "e", "n": 1.5}
    for given in (request, canonical(request)):
        line = encode("sent", KEY, {"stage": "test", "request": given})
        content = decode(line).content
        assert line.endswith(b'"key":"%s",%s' % (KEY.encode(), canonical(content)[1:]))
        assert content_key(content["request"]) == content_key(request)


@pytest.mark.parametrize("between", [b"", b"}", b"{", b"\x8a", b'"', b"\0" * 100])
def test_records_on_one_line_are_told_apart(between: bytes) -> None:
    lines = [one(text="{}}"), one(text="b"), one(text="c")]
    assert whole(between.join(lines)) == lines


def test_a_record_that_contains_what_records_begin_with_is_one() -> None:
    line = one(completion={"check": "x", "inner": {"check": "0" * 64, "v": 2}})
    assert list(split(line)) == [(0, line)]


def test_a_damaged_record_that_contains_what_records_begin_with_is_one_too() -> None:
    line = one(completion={"check": "0" * 64, "v": 2, "kind": "answered", "key": KEY})[:-1] + b"?"
    assert list(split(line)) == [(0, line)]


def test_a_record_quoted_in_a_text_is_no_record() -> None:
    line = one(text=FORGED.decode()).replace(b'"at"', b'"ax"')
    assert whole(line) == []


def test_damage_in_one_record_leaves_those_on_its_line() -> None:
    first, second = one(text="a"), one(text="b")
    assert whole(first[:-5] + second) == [second]
    assert whole(first + second[:-5]) == [first]
    assert whole(b"\0" * 512 + second) == [second]


def test_offsets_say_where_pieces_lie() -> None:
    line = b"?" + one(text="a") + b"??" + one(text="b")[:-3]
    for start, piece in split(line):
        assert line[start : start + len(piece)] == piece


def test_a_blank_line_has_no_records() -> None:
    assert list(split(b"")) == []
    assert list(split(b"  ")) == []


def test_what_begins_as_a_record_but_for_a_byte_resembles_one() -> None:
    assert resembles_record(FORGED)
    assert resembles_record(b'{"chick":"')
    assert resembles_record(b'{"ch')
    assert not resembles_record(b"SQLite format 3\0")
    assert not resembles_record(canonical({"text": "x"}))
