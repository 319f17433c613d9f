"""Where sentences end in news text, and the lead-3 baseline."""

import pytest

from understudy.texts.sentences import lead, split_sentences


@pytest.mark.parametrize(
    "sentence",
    [
        "Mr. Smith met Dr. Jones on Jan. 5 in Washington.",
        "The U.S. Senate and the U.K. Parliament voted at 5 p.m. on Monday.",
        "Prices rose 3.5 percent to $1.20 a share.",
        "Gen. John Allen spoke to Sen. Mary Lee of Acme Inc. about it.",
        "Experts, e.g. Prof. Ann Lee, Ph.D., disagreed.",
        "J. K. Rowling wrote it.",
        "The site example.com was down.",
    ],
)
def test_a_full_stop_within_a_sentence_does_not_end_it(sentence: str) -> None:
    assert split_sentences(sentence) == [sentence]
    assert split_sentences(f"{sentence} Nobody was hurt.") == [sentence, "Nobody was hurt."]


@pytest.mark.parametrize("end", [".", "!", "?", "?!", " ."])
def test_each_closing_mark_ends_a_sentence(end: str) -> None:
    assert split_sentences(f"It rained{end} Nobody was hurt.") == [
        f"It rained{end}",
        "Nobody was hurt.",
    ]


@pytest.mark.parametrize("quote", ['"', "'", "”", ")"])
def test_a_closing_quote_stays_with_its_sentence(quote: str) -> None:
    assert split_sentences(f"He said it rained.{quote} Then he left.") == [
        f"He said it rained.{quote}",
        "Then he left.",
    ]


def test_line_breaks_end_sentences_and_empty_lines_are_none() -> None:
    assert split_sentences("First line\nSecond line .\r\nThird line") == [
        "First line",
        "Second line .",
        "Third line",
    ]
    assert split_sentences("\n  One. \n\n\t\n Two.\n") == ["One.", "Two."]
    assert split_sentences(" \n ") == []
    assert split_sentences("") == []


def test_nothing_but_spaces_is_lost() -> None:
    text = "Mr. Lee paid $3.50! “Too much,” he said… Why?\nNobody knows (yet). Zoë left at 5 p.m."
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


def test_the_lead_is_the_first_three_sentences_or_all_one_a_line() -> None:
    article = "Mr. Lee came. He saw 3.5 cats.\nNobody was hurt. He left."
    assert lead(article) == "Mr. Lee came.\nHe saw 3.5 cats.\nNobody was hurt."
    assert lead(article, 1) == "Mr. Lee came."
    assert lead("大桥开放。下雨了！为什么？没有人知道。") == "大桥开放。\n下雨了！\n为什么？"
    assert lead("One. Two.") == "One.\nTwo."
    assert lead("") == ""


@pytest.mark.parametrize(
    "sentences",
    [
        ["大桥重新开放。", "真的吗？", "“是的。”", "好！！"],
        ["橋が開いた。", "「本当？」", "はい。"],
        ["पुल खुला।", "बारिश हुई॥", "Good."],
        ["هل فتح الجسر؟", "نعم."],
        ["پل کھل گیا۔", "بارش ہوئی۔"],
        ["တံတား ဖွင့်သည်။", "မိုးရွာသည်။"],
    ],
)
@pytest.mark.parametrize("space", ["", " "])
def test_the_end_marks_of_other_scripts_end_a_sentence(sentences: list[str], space: str) -> None:
    assert split_sentences(space.join(sentences)) == sentences
