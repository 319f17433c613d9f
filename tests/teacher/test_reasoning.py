"""Reasoning that a model leaves in its text: taken off where it is well formed, else flagged."""

import pytest

from understudy.contract.answers import STRIPPED, UNCLEAR, Answer
from understudy.teacher.completion import take_off_reasoning
from understudy.teacher.reasoning import split_reasoning

ARTICLE = "OAKPORT -- The ferry left the pier at dawn.\n\nA tug brought everybody back."
CHANNELS = "<|channel|>analysis<|message|>Plan it.<|end|><|start|>assistant"


@pytest.mark.parametrize(
    "text",
    [
        f"<think>\nPlan it.\n</think>\n\n{ARTICLE}",
        f"\n<Thinking>Plan it.</Thinking>{ARTICLE}",
        f'<thought time="3s">Plan it.</thought>{ARTICLE}',
        f"<reasoning>Plan it.</reasoning>\n<reflection>Good.</reflection>\n{ARTICLE}",
        f"<think>Plan it.</think><answer>{ARTICLE}</answer>",
        f"<seed:think>Plan it.</seed:think>{ARTICLE}",
        f"[THINK]Plan it.[/THINK]{ARTICLE}",
        f"◁think▷Plan it.◁/think▷{ARTICLE}",
        f"<|START_THINKING|>Plan it.<|END_THINKING|><|START_RESPONSE|>{ARTICLE}<|END_RESPONSE|>",
        "<|begin_of_thought|>Plan it.<|end_of_thought|>\n\n"
        f"<|begin_of_solution|>{ARTICLE}<|end_of_solution|>",
        f"{CHANNELS}<|channel|>final<|message|>{ARTICLE}<|return|>",
        f"analysisPlan it.assistantfinal{ARTICLE}",
        f"Plan it.\n</think>\n\n{ARTICLE}",
        f"Plan it.</think>{ARTICLE}",
    ],
)
def test_well_formed_reasoning_is_taken_off(text: str) -> None:
    reasoning, rest, is_unclear = split_reasoning(text)
    assert (rest, is_unclear) == (ARTICLE, False)
    assert "Plan it." in reasoning


@pytest.mark.parametrize("text", ["<think>", "<think>Plan it.</think>", "Plan it.\n</think>\n"])
def test_reasoning_and_nothing_else_leaves_no_text(text: str) -> None:
    answer = take_off_reasoning(Answer("k", text, "stop", "", "m", 1, 0, 9))
    assert (answer.text, answer.reading, answer.find_problem()) == ("", STRIPPED, "empty")


@pytest.mark.parametrize(
    "text",
    [
        f"<think>Plan it. {ARTICLE}",
        f"<|channel|>analysis<|message|>Plan it. {ARTICLE}",
        f"<think>a<think>b</think>c</think>{ARTICLE}",
        f"Sure. <think>Plan it.</think> {ARTICLE}",
        f'{ARTICLE} The model writes "<think>" before it answers.',
        f"{ARTICLE} He typed </think> and waited.",
    ],
)
def test_any_other_tag_is_flagged_and_destroys_no_text(text: str) -> None:
    answer = take_off_reasoning(Answer("k", text, "stop", "", "m", 1, 0, 9))
    assert (answer.text, answer.reading, answer.find_problem()) == (text, UNCLEAR, "unclear")


@pytest.mark.parametrize("text", [ARTICLE, f"{ARTICLE} 3 < 4 [sic].", "", "<b>News</b> of today."])
def test_a_text_without_such_tags_stays_as_it_is(text: str) -> None:
    assert split_reasoning(text) == ("", text, False)


def test_tokens_of_reasoning_are_estimated_where_nobody_counts_them() -> None:
    answer = take_off_reasoning(
        Answer("k", f"<think>{'a' * 85}</think>bb", "stop", "", "m", 1, 0, 9)
    )
    assert answer.reasoning_tokens == round(9 * 85 / 102)
    whole = take_off_reasoning(Answer("k", "<think>never ends", "length", "", "m", 1, 0, 300))
    assert (whole.reasoning_tokens, whole.find_problem()) == (300, "cut_off")
