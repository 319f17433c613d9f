"""Text from outside in Markdown: it stays text."""

import pytest

from understudy.rendering.markdown import code_block, code_span


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("t5-small", "`t5-small`"), ("a`b", "`` a`b ``"), ("``a```b", "```` ``a```b ````"),
        (" a\n\n# b\t", "`a # b`"), ("a\u202eb\ud800c", "`a b c`"), ("\n", "`(empty)`"),
    ],
)  # fmt: skip
def test_a_code_span_is_fenced_by_more_backticks_than_it_holds(text: str, shown: str) -> None:
    assert code_span(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\n\n  two\tthree ", "```text\none\n\ntwo three\n```"),
        ("a ``` b\n````\n---", "`````text\na ``` b\n````\n---\n`````"),
        ("a\u2028# b\u202e\ud800c", "```text\na\n# b c\n```"),
    ],
)
def test_a_code_block_keeps_lines_and_is_fenced_by_more_backticks(text: str, shown: str) -> None:
    assert code_block(text) == shown
