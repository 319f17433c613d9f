"""Messages for people: one line, whatever they quote."""

import pytest

from understudy.core.errors import one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (" a\n\n b\t", "a b"),
        ("a\x1b[31mb\u202ec", "a [31mb c"),
        (ValueError("x\ny"), "x y"),
        ("", ""),
    ],
)
def test_a_text_or_an_error_becomes_one_line_of_printable_characters(
    text: object, shown: str
) -> None:
    assert one_line(text) == shown
