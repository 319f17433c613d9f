"""label: which answers make pairs, which of several samples does, and what is counted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stages.label import Judge
from tests.stages.labelling import (
    PLANTED,
    answer,
    judge_answers,
    pairs,
    params,
    records,
    row,
    rows,
    write,
    write_rows,
)
from understudy.contract.answers import COLUMNS, REASONS, Answer
from understudy.contract.kind import this_kind
from understudy.core.errors import DataError
from understudy.teacher.completion import failed_answer
from understudy.teacher.pairing import describe_counts, read_replies
from understudy.teacher.prompts import Prompt, Questions

FAILED = failed_answer("sha256:0", "double", "HTTP 500: Oops.")
MIXED = [
    answer("Of 0."),
    answer("", refusal="no"),
    answer("Half", finish_reason="length"),
    answer(" "),
    FAILED,
    answer("Of 5."),
]
JSON = "messages: [{role: user, content: 'Sum up $article'}]\nfield: summary\n"


def reasons(folder: Path) -> list[str | None]:
    """Of every answer to a training row."""
    found = records(folder / "labelled/answers.parquet")
    return [line["reason"] for line in found if line["split"] == "train"]


def test_a_pair_is_a_real_article_with_what_the_teacher_said(tmp_path: Path) -> None:
    judge_answers(tmp_path, MIXED)
    first, second = records(tmp_path / "labelled/train.parquet")
    assert first == row("train-0") | {"highlights": "Of 0."}
    assert second == row("train-5") | {"highlights": "Of 5."}
    assert list(first) == list(this_kind().columns)
    written = [records(path) for path in (tmp_path / "labelled").iterdir()]
    assert PLANTED not in str(written)


def test_asked_is_kept_plus_dropped(tmp_path: Path) -> None:
    counts = judge_answers(tmp_path, MIXED)
    assert counts.to_json()["train"] == {
        "asked": 6,
        "kept": 2,
        "dropped": dict.fromkeys(REASONS, 0)
        | {"failed": 1, "refused": 1, "empty": 1, "cut_off": 1},
        "finish_reasons": {"length": 1, "stop": 4},
        "reasoning_stripped": 0,
    }
    for split, count in counts.splits.items():
        assert count.asked == count.kept + sum(count.dropped.values())
        assert len(pairs(tmp_path, split)) == count.kept
    assert (counts.calls.rows, counts.calls.unusable, counts.calls.failed) == (7, 4, 1)
    assert describe_counts(counts).splitlines() == [
        "train: 2 pairs from 6 rows; 1 failed, 1 refused, 1 empty, 1 cut_off dropped",
        "validation: 1 pairs from 1 rows; none dropped",
    ]


def test_every_answer_is_kept_with_its_row_and_reason(tmp_path: Path) -> None:
    judge_answers(tmp_path, MIXED)
    found = records(tmp_path / "labelled/answers.parquet")
    assert list(found[0]) == ["split", "id", "sample", "reason", *COLUMNS]
    assert [(one["split"], one["id"], one["sample"], one["reason"]) for one in found] == [
        ("train", "train-0", 1, None),
        ("train", "train-1", 1, "refused"),
        ("train", "train-2", 1, "cut_off"),
        ("train", "train-3", 1, "empty"),
        ("train", "train-4", 1, "failed"),
        ("train", "train-5", 1, None),
        ("validation", "validation-0", 1, None),
    ]
    assert [one["text"] for one in found[:6]] == [given.text for given in MIXED]
    assert [one["error"] for one in found[3:6]] == ["", "HTTP 500: Oops.", ""]


def test_rows_with_equal_requests_share_one_answer_on_the_bill(tmp_path: Path) -> None:
    calls = judge_answers(tmp_path, [answer(), answer(), answer("Else.", key=1)]).calls
    assert (calls.rows, calls.calls, calls.live.completion_tokens) == (4, 2, 14)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_split_without_a_usable_answer_is_an_error(tmp_path: Path, split: str) -> None:
    answers = {"train": [answer()], "validation": [answer()]} | {split: [answer(""), FAILED]}
    with pytest.raises(DataError, match=f"{split}: none of 2 answers is usable") as caught:
        judge_answers(tmp_path, answers["train"], answers["validation"])
    assert str(tmp_path / "labelled/answers.parquet") in str(caught.value)
    assert len(records(tmp_path / "labelled/answers.parquet")) == 3


def test_pairs_are_written_while_answers_come_in(tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_text("Sum up $article", encoding="utf-8")
    prompt = Prompt("zeroshot.prompt", path, ["article"])
    for split in ("train", "validation"):
        write_rows(tmp_path / f"gold/{split}.parquet", rows(split, 3))

    def answers() -> Iterator[Answer]:
        yield from [answer()] * 5  # a row is judged when the next one begins
        assert len(pairs(tmp_path)) == 3
        yield answer()

    asked = Questions(prompt, params().limits, tmp_path / "gold")
    replies = read_replies(zip(asked, answers(), strict=True), prompt)
    assert write(tmp_path, replies, Judge(params(), prompt)).splits["validation"].kept == 3


# Answers in JSON


def test_the_label_is_the_field_of_a_json_answer_which_is_kept_whole(tmp_path: Path) -> None:
    texts = ['{"summary": "It rained."}', "It rained.", '{"title": "x"}', '{"summary": "As an AI']
    texts[3] += ' language model, I can say nothing."}'
    good = answer('{"summary": "Dry."}')
    counts = judge_answers(tmp_path, [answer(text) for text in texts], [good], template=JSON)
    assert pairs(tmp_path) == [("train-0", "It rained.")]
    assert pairs(tmp_path, "validation") == [("validation-0", "Dry.")]
    assert reasons(tmp_path) == [None, "not_json", "no_field", "refused"]
    found = records(tmp_path / "labelled/answers.parquet")
    assert [one["text"] for one in found[:4]] == texts
    dropped = counts.splits["train"].dropped
    assert (dropped["not_json"], dropped["no_field"], dropped["refused"]) == (1, 1, 1)


def test_filters_and_samples_go_by_the_text_within_the_json(tmp_path: Path) -> None:
    said = [{"summary": "It rained."}, {"n": 1, "summary": "It rained."}, {"summary": "It"}]
    answers = [answer(json.dumps(one)) for one in said]
    good = answer('{"summary": "It is dry."}')
    counts = judge_answers(
        tmp_path, [*answers, *[answers[2]] * 3], [good], template=JSON, samples=3, min_words=2
    )
    assert pairs(tmp_path) == [("train-0", "It rained.")]
    assert reasons(tmp_path) == [None] * 3 + ["too_short"] * 3
    assert counts.splits["train"].dropped["too_short"] == 1


# Several samples


SAID = ["Bread costs more", "The bridge opens late", "The bridge opens very late"]
SHARED = 8 / 9
"""F1 of the words of the last two: 4 shared words of 4 and 5; the first shares none with them."""


def test_the_sample_that_agrees_most_makes_the_pair_and_agreement_is_counted(
    tmp_path: Path,
) -> None:
    train = [answer(text, key) for key, text in enumerate([*SAID, *["Same"] * 3])]
    counts = judge_answers(tmp_path, train, [answer("x", 9)], samples=3)
    assert pairs(tmp_path) == [("train-0", SAID[1]), ("train-1", "Same")]
    agreement = 100 * (SHARED / 3 + 1) / 2
    assert counts.splits["train"].agreement == pytest.approx(agreement, abs=1e-4)
    assert counts.splits["validation"].agreement == 100
    assert f"samples agree in {agreement:.0f}%" in describe_counts(counts)
    found = records(tmp_path / "labelled/answers.parquet")
    assert [(one["id"], one["sample"], one["text"]) for one in found[:3]] == [
        ("train-0", sample, text) for sample, text in enumerate(SAID, start=1)
    ]
    assert (counts.splits["train"].asked, counts.calls.rows, counts.calls.calls) == (2, 3, 7)


def test_one_sample_has_no_agreement(tmp_path: Path) -> None:
    assert judge_answers(tmp_path, [answer()]).splits["train"].agreement is None


@pytest.mark.parametrize("bad", [FAILED, answer(""), answer("I'm sorry, no.")])
def test_a_sample_that_cannot_be_used_agrees_with_none(tmp_path: Path, bad: Answer) -> None:
    counts = judge_answers(tmp_path, [bad, answer("Same"), answer("Same")], samples=3)
    assert pairs(tmp_path) == [("train-0", "Same")]
    assert counts.splits["train"].agreement == pytest.approx(100 / 3, abs=1e-4)
    assert counts.calls.failed == 0
    with pytest.raises(DataError, match="'disagree': 1"):
        judge_answers(
            tmp_path, [bad, answer("Same"), answer("Same")], samples=3, min_agreement=0.34
        )


def test_samples_that_agree_too_little_make_no_pair(tmp_path: Path) -> None:
    train = [answer(text) for text in (*SAID, *["Same"] * 3)]
    counts = judge_answers(tmp_path, train, samples=3, min_agreement=0.3)
    assert pairs(tmp_path) == [("train-1", "Same")]
    assert reasons(tmp_path) == ["disagree"] * 3 + [None] * 3
    assert counts.splits["train"].dropped["disagree"] == 1
    counts = judge_answers(tmp_path, train, samples=3, min_agreement=SHARED / 3)
    assert (counts.splits["train"].kept, counts.splits["train"].dropped["disagree"]) == (2, 0)


def test_an_input_whose_samples_have_all_failed_is_failed(tmp_path: Path) -> None:
    counts = judge_answers(tmp_path, [*[FAILED] * 3, *[answer()] * 3], samples=3, min_agreement=0.5)
    assert reasons(tmp_path) == ["failed"] * 3 + [None] * 3
    assert (counts.splits["train"].dropped["failed"], counts.calls.failed) == (1, 1)
    assert counts.splits["train"].dropped["disagree"] == 0
    assert counts.splits["train"].agreement == 50


def test_a_filter_comes_before_disagreement(tmp_path: Path) -> None:
    train = [answer(text) for text in ("a b", "c d", "e f", *["one two three"] * 3)]
    judge_answers(tmp_path, train, [answer("x y z")], samples=3, min_agreement=0.5, min_words=3)
    assert reasons(tmp_path) == ["too_short"] * 3 + [None] * 3


# Filters


GOOD = "The new bridge is open, but it was late and it cost the city five dollars."
ARTICLE = row("train-0")["article"]
GERMAN = "Der Rat hat die neue Brücke eröffnet, aber sie kam zu spät und sie ist zu teuer."
OWN = "Please write one short and simple summary of the article below for our busy readers"
FILTERS: dict[str, tuple[dict[str, Any], str]] = {
    "too_short": ({"min_words": 3}, "Bridge open"),
    "copy": ({"drop_copies": True}, f" {ARTICLE.upper()}\n"),
    "refusal": ({"drop_refusals": True}, f"{GOOD[:30]}. I cannot help with that request."),
    "other_language": ({"same_language": True}, GERMAN),
    "longer": ({"drop_longer": True}, f"{ARTICLE} And more."),
    "template_mark": ({"drop_template_marks": True}, "The bridge is open.</s>"),
    "loop": ({"max_repeated": 0.25}, "The bridge of the city is open again today. " * 5),
    "echo": ({"max_echoed": 0.5}, f"{OWN}: open"),
}


@pytest.mark.parametrize("reason", FILTERS)
def test_a_filter_drops_and_counts_what_it_is_for_where_it_is_on(
    tmp_path: Path, reason: str
) -> None:
    given, text = FILTERS[reason]
    asked = f"{OWN}: $article"
    train = [answer(text), answer(GOOD)]
    counts = judge_answers(tmp_path, train, [answer(GOOD)], template=asked, **given)
    assert pairs(tmp_path) == [("train-1", GOOD)]
    assert reasons(tmp_path) == [reason, None]
    assert counts.splits["train"].dropped == dict.fromkeys(REASONS, 0) | {reason: 1}
    assert counts.splits["validation"].dropped[reason] == 0

    off = judge_answers(tmp_path, train, [answer(GOOD)], template=asked).splits["train"]
    assert (off.kept, reason in off.dropped) == (2, False)
    assert pairs(tmp_path) == [("train-0", text), ("train-1", GOOD)]
