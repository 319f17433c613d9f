"""Names of a list: whole words in any case, the longest one, in every script."""

import time

import pytest

from understudy.texts.redaction import Redactor


def _redact(text: str, *names: str) -> str:
    return Redactor(names=names).redact(text)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Smith left.", "[NAME] left."),
        ("SMITH and smith", "[NAME] and [NAME]"),
        ("Smith's and Smith’s hats", "[NAME]'s and [NAME]’s hats"),
        ("Smiths, blacksmith, Smith1, Smith_", "Smiths, blacksmith, Smith1, Smith_"),
        ("Smith-Jones (Smith)", "[NAME]-Jones ([NAME])"),
    ],
)
def test_a_name_is_a_whole_word_in_any_case(text: str, expected: str) -> None:
    assert _redact(text, "Smith") == expected


def test_the_longest_name_is_taken_within_a_paragraph_and_among_letters() -> None:
    names = ("Anna", "Anna Maria", "Anna Maria Smith", "Smith")
    assert _redact("Anna Maria Smith, Anna Maria, Anna Smith", *names) == (
        "[NAME], [NAME], [NAME] [NAME]"
    )
    assert _redact("Anna\nSmith, Anna \t Smith", "Anna Smith") == "[NAME], [NAME]"
    assert _redact("Anna\n\nSmith, Anna. Smith", "Anna Smith") == "Anna\n\nSmith, Anna. Smith"
    assert _redact("我是王小明吗", "王小明") == "我是[NAME]吗"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("O'Neil", "O’NEIL"), ("Jean-Luc", "jean-luc"), ("José", "JOSE\u0301"),
        ("Jose\u0301", "José"), ("Weiß", "WEISS"), ("Иванов", "ИВАНОВ"),
        ("J. R. R. Tolkien", "j. r. r. tolkien"), ("Müller ", "Müller"),
    ],
)  # fmt: skip
def test_a_name_is_found_as_others_write_it(name: str, text: str) -> None:
    assert _redact(f"by {text}, then", name) == "by [NAME], then"


def test_placeholders_and_what_has_no_letters_are_no_names() -> None:
    redactor = Redactor(emails=True, names=["Email", "name"])
    assert redactor.redact("Email a@b.org, name") == (
        "[NAME] [EMAIL], [NAME]",
        {"emails": 1, "names": 2},
    )
    assert redactor.redact("[EMAIL] [NAME]") == ("[EMAIL] [NAME]", {})
    assert _redact("--- ... ", "---", "", ".") == "--- ... "


def test_thousands_of_names_take_no_longer_than_one() -> None:
    names = [f"Name{number} Family{number % 100}" for number in range(20_000)]
    text = "Some words that are no name at all. " * 3000
    seconds = []
    for chosen in (names[:1], names):
        redactor, start = Redactor(names=chosen), time.process_time()
        redactor.redact(text)
        seconds.append(time.process_time() - start)
    assert seconds[1] < 3 * seconds[0] + 5  # minutes, where each name is looked for
