"""generate: the filters on what the teacher wrote; they come after the answers and cost none."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import ChatServer, echo, settings
from tests.stages.labelling import answer, records, write_rows
from tests.stages.test_generate import (
    GOOD,
    TRAIN,
    VALIDATION,
    Project,
    highlights,
    judge_and_write,
    row,
    write,
)
from understudy.contract.answers import REASONS
from understudy.contract.asked import WRITTEN_ANSWERS
from understudy.contract.pairs import TEST
from understudy.core.errors import DataError

HIGHLIGHT = row("train-0")["highlights"]  # 12 words: a sentence of 8 and one of 4
FIRST = "Mayor Ida Renn opened bridge train-0 in Oakport"
FRESH = "A bridge of forty metres is open now, and the mayor came to see it for herself on Monday."


def test_with_the_filters_off_copies_make_pairs(out: Path) -> None:
    write_rows(out.parent / "gold" / "test.parquet", [row("test-0") | {"article": FRESH}])
    counts = write(out, [answer(FRESH), answer(FRESH), answer(HIGHLIGHT)], [answer(FRESH)])
    assert (counts["train"]["kept"], counts["validation"]["kept"]) == (3, 1)


def write_filtered(
    out: Path, train: list[str], validation: list[str], test: list[str], **filters: float
) -> tuple[dict[str, Any], list[str | None]]:
    """Counts, and the reason of each answer."""
    folder = out.parent / "gold"
    write_rows(folder / "test.parquet", [row("test") | {"article": text} for text in test])
    source = highlights(folder, len(train), len(validation))
    counts = judge_and_write(source, map(answer, [*train, *validation]), out, **filters)
    reasons = [line["reason"] for line in records(out / "answers.parquet")]
    splits = {split: counts[split] for split in ("train", "validation")}
    for split, count in splits.items():
        assert count["asked"] == count["kept"] + sum(count["dropped"].values())
        assert len(records(out / f"{split}.parquet")) == count["kept"]
    assert reasons.count(None) == sum(count["kept"] for count in splits.values())
    return counts, reasons


def test_a_written_training_article_near_one_kept_before_makes_no_pair(out: Path) -> None:
    near = f"{FRESH} So."
    counts, reasons = write_filtered(
        out, [FRESH, near, "", "Another."], [near, near], [FRESH], near_duplicates=0.9
    )
    assert reasons == [None, "near_duplicate", "empty", None, None, None]
    assert counts["train"]["dropped"]["near_duplicate"] == 1
    assert counts["validation"]["dropped"] == dict.fromkeys([*REASONS, "near_duplicate"], 0)


def test_a_written_article_that_holds_a_test_article_makes_no_pair(out: Path) -> None:
    near = f"Today: {FRESH}"
    counts, reasons = write_filtered(
        out, ["Own.", near], [FRESH, "Own."], ["Other.", FRESH], near_test=1.0
    )
    assert reasons == [None, "near_test", "near_test", None]
    assert [count["dropped"]["near_test"] for count in (counts["train"], counts["validation"])] == [
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        (FRESH, 0),
        (" ".join(FIRST.split()[:7]), 0),  # 7 words in a row are no run
        (f"It is said: {FIRST}. {FRESH[:30]}", 8 / 12),
        (HIGHLIGHT.upper().replace(" .", "!"), 1),
    ],
    ids=["none", "seven words", "a sentence", "everything"],
)
def test_a_pair_is_dropped_where_more_of_its_highlights_is_copied_than_allowed(
    out: Path, text: str, share: float
) -> None:
    for limit in (0, 0.66, 8 / 12, 0.99, 1):
        _, reasons = write_filtered(out, [text, FRESH], ["Own."], [], max_copied=limit)
        assert reasons[0] == ("copied" if share > limit else None), limit


def test_a_dropped_answer_is_not_one_that_others_are_near_to(out: Path) -> None:
    pasted = f"{HIGHLIGHT} {FRESH[:25]}"
    _, reasons = write_filtered(
        out, [pasted, pasted, FRESH], ["Own."], [], max_copied=0.9, near_duplicates=0.5
    )
    assert reasons == ["copied", None, None, None]  # the second answers other highlights


def test_a_missing_test_split_is_named_only_where_it_is_needed(out: Path) -> None:
    source = highlights(out.parent / "gold", 1, 1)
    with pytest.raises(DataError, match=r"test\.parquet: no such file"):
        judge_and_write(source, iter([GOOD, GOOD]), out, near_test=0.5)
    assert not out.exists()


def test_a_filter_that_is_switched_on_later_asks_for_nothing_and_drops_by_kept_answers(
    here: Path,
) -> None:
    project = Project(here)
    write_rows(TEST, [row("test-0")])
    with ChatServer(echo) as server:
        teacher = settings(server.url)
        project.generate(teacher)
        first = records(WRITTEN_ANSWERS)
        shutil.rmtree(project.written)
        none = rf"none of {TRAIN} answers is usable.*'copied': {TRAIN}"
        with pytest.raises(DataError, match=none):  # each repeats its prompt, and so the highlights
            project.generate(teacher, near_duplicates=0.5, near_test=0.5, max_copied=0.5)
        assert len(server.calls) == TRAIN + VALIDATION
    found = records(WRITTEN_ANSWERS)
    assert {line["reason"] for line in found} == {"copied"}
    assert [line | {"reason": None} for line in found] == first
