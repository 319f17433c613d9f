"""Loops, template marks and echoes."""

import pytest

from understudy.texts.degenerate import echoed_share, has_template_mark, repeated_share
from understudy.texts.words import split_words

NEWS = (
    "The ferry left the pier at dawn with nine passengers. Two hours later the engine stopped. "
    "A tug from the harbour brought everybody back before noon."
)
OWN = split_words("Please write a news article based on the following news summary. ''")


def test_a_sentence_said_ten_times_is_nine_tenths_a_repetition() -> None:
    sentence = "Nobody in the small town saw any of our four ships. "
    assert repeated_share(sentence * 10) == 0.9
    assert repeated_share(sentence) == 0


@pytest.mark.parametrize(
    "text",
    [
        "He is a mother's mother's mother's mother's mother's mother's mother's mother's mother.",
        "".join(f"{n}. The mayor has opened the new bridge. " for n in range(1, 8)),
        "市長は新しい橋を月曜日に開通させたと発表した。" * 5,
        "go go go go",
    ],
)
def test_loops_are_found_with_counters_in_short_texts_and_without_spaces(text: str) -> None:
    assert repeated_share(text) > 0.5


@pytest.mark.parametrize(
    "text", [NEWS, "", "Rain.", "The rain in the north.", "市長は橋を開いた。"]
)
def test_an_ordinary_text_repeats_nothing(text: str) -> None:
    assert repeated_share(text) == 0


@pytest.mark.parametrize(
    "mark",
    [
        *(
            "<|im_start|>", "<|eot_id|>", "<|start_header_id|>", "<|endoftext|>",
            "<\uff5cUser\uff5c>",
        ),
        *("[INST]", "[/INST]", "<<SYS>>", "</s>", "<start_of_turn>", "<end_of_turn>", "<eos>"),
        *("[|endofturn|]", "\n### Response:", "\n### Instruction: Write.", "<|END_OF_TURN_TOKEN|>"),
    ],
)  # fmt: skip
def test_parts_of_chat_templates_are_found(mark: str) -> None:
    assert has_template_mark(f"{NEWS}{mark}")
    assert not has_template_mark(NEWS)


@pytest.mark.parametrize(
    "text", ["It costs <b>5</b> | 6.", "[sic] he said", "## Response of the mayor", "a <| b |> c"]
)
def test_other_signs_are_no_template(text: str) -> None:
    assert not has_template_mark(text)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Please write a news article based on the following news summary. 'A ferry.'", 1),
        (f"Please write a news article based on the following news summary: {NEWS}", 1),
        ("write a news article based on the following", 1),
        (NEWS, 0),
        ("He wants to write a news article.", 0),
    ],
)
def test_an_echo_is_much_of_the_prompt_or_all_of_the_text(text: str, share: float) -> None:
    assert echoed_share(OWN, split_words(text)) == share


def test_a_prompt_of_few_words_of_its_own_cannot_be_echoed() -> None:
    assert echoed_share(["expand"], split_words("They expand.")) == 0
