"""Which served inputs are new, by the rules of the stage filter."""

from pathlib import Path

import pytest

from understudy.contract.kind import this_kind
from understudy.contract.pairs import SPLITS
from understudy.contract.params.filter import NEAR_DUPLICATE, NEAR_TEST, FilterParams
from understudy.core.errors import DataError
from understudy.core.tables import table_writer, text_columns
from understudy.rows.novelty import BEFORE, REPEATED, TOO_LONG, NoveltyRule

WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
"""A text of fourteen words; with another one in the end it is a near copy."""


def write_splits(folder: Path, **articles: list[str]) -> None:
    for split in SPLITS:
        with table_writer(folder / f"{split}.parquet", text_columns(*this_kind().columns)) as table:
            for number, article in enumerate(articles.get(split, [])):
                table.add({"id": f"{number}", "article": article, "highlights": None})


def make_rule(
    folder: Path, raw: dict[str, list[str]] | None = None, **limits: float
) -> NoveltyRule:
    gold = {"train": ["A of train."], "validation": ["A of validation."], "test": ["A of test."]}
    given = {name: [*texts, *(raw or {}).get(name, [])] for name, texts in gold.items()}
    write_splits(folder / "raw", **given)
    write_splits(folder / "gold", **given)
    params = FilterParams.model_validate({"max_characters": 100, **limits})
    return NoveltyRule(params, folder / "raw", folder / "gold")


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("article", ["A of {}.", "a  OF {}.\n"])
def test_an_input_that_a_split_has_is_not_new(tmp_path: Path, split: str, article: str) -> None:
    rule = make_rule(tmp_path)
    assert rule.find_reason(article.format(split)) == f"in_{split}"
    assert rule.find_reason(article.format(split)) == f"in_{split}"


def test_an_input_of_train_and_test_is_told_to_be_in_test(tmp_path: Path) -> None:
    rule = make_rule(tmp_path, {"train": ["Both."], "test": ["Both."]})
    assert rule.find_reason("Both.") == "in_test"


def test_a_row_that_filter_dropped_is_not_new(tmp_path: Path) -> None:
    make_rule(tmp_path)
    write_splits(tmp_path / "raw", train=["Dropped."])
    rule = NoveltyRule(FilterParams(), tmp_path / "raw", tmp_path / "gold")
    assert rule.find_reason("Dropped.") == "in_train"


def test_a_new_input_is_new_once(tmp_path: Path) -> None:
    rule = make_rule(tmp_path)
    assert rule.find_known("New.") is None
    assert rule.find_reason("New.") is None
    assert rule.find_reason("new. ") == rule.find_known("New.") == REPEATED


def test_an_input_of_an_earlier_harvest_is_not_new(tmp_path: Path) -> None:
    rule = make_rule(tmp_path)
    rule.note_harvested("Old.")
    rule.note_harvested("A of test.")
    assert rule.find_reason("Old.") == BEFORE
    assert rule.find_reason("A of test.") == "in_test"


def test_the_limit_of_characters_is_that_of_filter(tmp_path: Path) -> None:
    rule = make_rule(tmp_path)
    assert rule.find_reason("a" * 99) is None
    assert rule.find_reason("b" * 100) == TOO_LONG
    assert rule.find_reason("b" * 100) == TOO_LONG


def test_near_copies_of_test_inputs_are_left_out_where_filter_says_so(tmp_path: Path) -> None:
    given = {"test": [WORDS]}
    near = f"{WORDS} more"
    assert make_rule(tmp_path, given, near_test=0.8).find_reason(near) == NEAR_TEST
    assert make_rule(tmp_path, given, near_test=0.8).find_reason("Something else.") is None
    assert make_rule(tmp_path, given).find_reason(near) is None


def test_near_copies_of_each_other_of_train_and_of_earlier_ones_are_left_out(
    tmp_path: Path,
) -> None:
    near = f"{WORDS} more"
    rule = make_rule(tmp_path, {"train": [WORDS]}, near_duplicates=0.8)
    assert rule.find_reason(near) == NEAR_DUPLICATE
    rule = make_rule(tmp_path, near_duplicates=0.8)
    assert rule.find_reason(WORDS) is None
    assert rule.find_reason(near) == NEAR_DUPLICATE
    rule = make_rule(tmp_path, near_duplicates=0.8)
    rule.note_harvested(WORDS)
    assert rule.find_reason(near) == NEAR_DUPLICATE


@pytest.mark.parametrize("folder", ["raw", "gold"])
def test_a_split_that_is_absent_is_an_error(tmp_path: Path, folder: str) -> None:
    make_rule(tmp_path)
    (tmp_path / folder / "test.parquet").unlink()
    with pytest.raises(DataError, match=r"test\.parquet: no such file; `dvc repro` makes it"):
        NoveltyRule(FilterParams(), tmp_path / "raw", tmp_path / "gold")
