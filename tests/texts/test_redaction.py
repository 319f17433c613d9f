"""Personal data: what is replaced, and what is left alone."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.imports import ROOT
from understudy.texts.redaction import Redactor

REAL = ROOT.parent / "shared" / "data" / "cnndm"
ALL = Redactor(emails=True, phones=True, cards=True, names=["Anna Smith", "Smith", "O'Neil"])
PIECES = st.sampled_from(
    [
        *(
            "anna", "Smith", "SMITH", "'s", "o’neil", "@", ".", "example.com", "jo+x", "%40", "[",
            "]",
        ),
        *(
            "[EMAIL]",
            "[NAME]",
            "EMAIL",
            "+49",
            "030",
            "1234567",
            "4111",
            "1111",
            "4111111111111111",
        ),
        *(" ", "-", "(", ")", "\n", "call ", "00", "0", "7", "202-555-0123", "x", "用户", "é", ","),
    ]
)  # fmt: skip


def _redact(text: str) -> str:
    return ALL.redact(text)[0]


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
@example("x@y.com@z.org")
@example("4111 1111 1111 1111 1111 1111")
@example("Anna anna smith smith")
def test_redacting_twice_changes_nothing(text: str) -> None:
    once, _ = ALL.redact(text)
    assert ALL.redact(once) == (once, {})


@given(st.lists(PIECES).map("".join))
def test_what_is_counted_is_what_stands_there(text: str) -> None:
    redacted, counts = ALL.redact(text)
    added = sum(redacted.count(mark) - text.count(mark) for mark in ("[EMAIL]", "[NAME]"))
    assert added == counts["emails"] + counts["names"]


def test_a_text_without_personal_data_is_not_touched() -> None:
    text = " A plain\ttext, with 7 words.\r\n"
    assert ALL.redact(text) == (text, {})


def test_only_the_chosen_kinds_are_replaced() -> None:
    text = "Smith, a@b.org, +49 30 1234567, 4111 1111 1111 1111"
    assert Redactor(emails=True).redact(text)[0] == text.replace("a@b.org", "[EMAIL]")
    assert Redactor(phones=True).redact(text)[0] == text.replace("+49 30 1234567", "[PHONE]")
    assert Redactor(cards=True).redact(text)[0] == text.replace("4111 1111 1111 1111", "[CARD]")
    assert Redactor(names=["Smith"]).redact(text)[0] == text.replace("Smith", "[NAME]")
    assert Redactor().redact(text) == (text, {})


# E-mail addresses


@pytest.mark.parametrize(
    "address",
    [
        "joe@example.com", "joe.doe+tag@mail.example.co.uk", "JOE_DOE-1@EXAMPLE.COM",
        "jürgen@müller.de", "用户@例子.广告", "ivan@почта.рф", "x@xn--mller-kva.de",
        "joe%40example.com", "o'brien@example.ie", "a@b.io",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["Mail {}.", "<{}>", "mailto:{}?subject=x", "({}), or", "{}"])
def test_an_address_is_replaced_whatever_stands_around_it(address: str, around: str) -> None:
    assert ALL.redact(around.format(address)) == (around.format("[EMAIL]"), {"emails": 1})


def test_letters_without_spaces_beside_an_address_stay() -> None:
    assert _redact("请联系user@example.com谢谢") == "请联系[EMAIL]谢谢"


@pytest.mark.parametrize("text", ["@anna_b said", "a @ b.com", "3@2.50", "joe@localhost", "x@.com"])
def test_what_is_no_address_stays(text: str) -> None:
    assert Redactor(emails=True).redact(text) == (text, {})


def test_an_address_longer_than_any_leaves_nothing_behind_the_sign() -> None:
    redacted, counts = ALL.redact("a" * 100 + "@example.com")
    assert redacted == "a" * 36 + "[EMAIL]"
    assert counts == {"emails": 1}


# Cards


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "5555 5555 5555 4444",
        "2223 0031 2200 3222", "378282246310005", "3782 822463 10005", "3056 930902 5904",
        "6011.1111.1111.1117", "4222222222222", "6304 0000 0000 0000 000",
    ],
)  # fmt: skip
def test_a_card_number_is_replaced(number: str) -> None:
    assert ALL.redact(f"Card {number}, valid") == ("Card [CARD], valid", {"cards": 1})


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112", "94111111111111111", "41111111111111110000000", "0.4111111111111111",
        "4111111111111111.25", "0000 0000 0000 0000", "2010 2011 2012 2013 2014", "1732680000000",
        "20241127120000", "4111 11111111 1111",
    ],
)  # fmt: skip
def test_what_is_no_card_number_stays(text: str) -> None:
    assert Redactor(cards=True).redact(text) == (text, {})


# Speed and real text


@pytest.mark.parametrize(
    "text",
    [
        *("a" * 100_000 + "@", "1 " * 50_000, "(0" * 50_000, "a@" * 50_000, "0 1." * 30_000),
        *("x.-" * 30_000 + "@", "a@b." + "c." * 50_000, "call " * 30_000, "+" * 100_000),
    ],
)
def test_long_hostile_texts_take_no_longer_than_others(text: str) -> None:
    redacted, _ = ALL.redact(text)
    assert len(redacted) <= len(text)


@pytest.mark.skipif(not REAL.exists(), reason="the real articles are no part of the project")
def test_real_news_loses_only_addresses_and_phone_numbers() -> None:
    lines = [
        line
        for split in ("train", "validation", "test")
        for line in Path(REAL / f"{split}.jsonl").read_text("utf-8").splitlines()
    ]
    redactor = Redactor(emails=True, phones=True, cards=True)
    found = [redactor.redact(json.loads(line)["article"])[1] for line in lines]
    assert len(found) == 1000
    assert sum(count["emails"] for count in found) == 4
    assert sum(count["phones"] for count in found) == 16
    assert sum(count["cards"] for count in found) == 0
