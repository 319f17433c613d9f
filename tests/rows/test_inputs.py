"""fetch without references: a file of inputs is shared out by a hash, or takes a few gold rows."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows.writing import Row, read_splits, write_file
from understudy.contract.origin import load_origin
from understudy.contract.pairs import SPLITS
from understudy.contract.params.fetch import NO_FILE, FetchParams
from understudy.contract.params.filter import FilterParams
from understudy.core.errors import DataError, ParamsError
from understudy.core.params import parse_section
from understudy.rows.fetching import fetch
from understudy.rows.filtering import filter_splits
from understudy.rows.splitting import choose_split

pytestmark = pytest.mark.usefixtures("here")
SHARES = {"validation": 0.2, "test": 0.2}
TEXTS = [f"A ticket about the printer on floor {number}." for number in range(60)]


def _params(inputs: str = "inputs.jsonl", **changed: Any) -> FetchParams:
    """Params for a file of inputs alone; `changed` is of fetch, and in `files` of fetch.files."""
    files = dict.fromkeys(SPLITS, NO_FILE) | {"inputs": inputs, "split": SHARES}
    files |= changed.pop("files", {})
    return parse_section(
        "fetch", FetchParams, {"fetch": {"source": "files", "files": files} | changed}
    )


def _fetch(rows: list[Row], folder: str = "raw", **changed: Any) -> dict[str, list[Row]]:
    """The rows of each split, and the rejects."""
    write_file("inputs.jsonl", rows)
    fetch(_params(**changed), Path(folder))
    return read_splits(folder, *SPLITS, "rejects")


def _places(found: dict[str, list[Row]]) -> dict[str, str]:
    return {row["article"]: split for split in SPLITS for row in found[split]}


def _articles(texts: list[str]) -> list[Row]:
    return [{"article": text} for text in texts]


def test_each_input_lands_in_one_split_without_highlights() -> None:
    found = _fetch(_articles(TEXTS))
    assert sorted(_places(found)) == sorted(TEXTS)
    assert {row["highlights"] for split in SPLITS for row in found[split]} == {None}
    assert all(len(found[split]) for split in SPLITS)
    assert found["rejects"] == []


def test_the_shares_are_about_those_of_params() -> None:
    counts = Counter(choose_split(f"text {n}", **SHARES) for n in range(10_000))
    assert counts["validation"] == pytest.approx(2000, abs=150)
    assert counts["test"] == pytest.approx(2000, abs=150)


@given(st.text(), st.floats(0.01, 0.49), st.floats(0.01, 0.49))
def test_a_text_keeps_its_split_in_any_case_and_white_space(text: str, a: float, b: float) -> None:
    assert choose_split(text, a, b) == choose_split(f" \n{text}\t", a, b)
    assert choose_split(text.casefold(), a, b) == choose_split(text, a, b)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_another_share_moves_rows_between_its_split_and_train_only(split: str) -> None:
    before, after = (
        [choose_split(text, **{"validation": 0.1, "test": 0.1, split: share}) for text in TEXTS]
        for share in (0.1, 0.3)
    )
    moved = {pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]}
    assert moved == {("train", split)}


def test_order_and_other_rows_move_no_input() -> None:
    all_places = _places(_fetch(_articles(TEXTS)))
    assert _places(_fetch(_articles(TEXTS[::-1]))) == all_places
    fewer = _places(_fetch(_articles(TEXTS[20:])))
    assert fewer == {text: all_places[text] for text in TEXTS[20:]}


def test_the_columns_of_outputs_and_others_are_not_read() -> None:
    rows = [{"article": text, "highlights": 5, "note": []} for text in TEXTS]
    found = _fetch(rows)
    assert list(found["train"][0]) == ["id", "article", "highlights"]
    assert found["train"][0]["highlights"] is None


def test_ids_are_kept_and_others_are_made_up_from_split_and_row() -> None:
    found = _fetch([{"id": f"t-{n}", "article": text} for n, text in enumerate(TEXTS)])
    assert all(TEXTS[int(row["id"][2:])] == row["article"] for row in found["train"])
    found = _fetch(_articles(TEXTS))
    for split in SPLITS:
        assert [row["id"] for row in found[split]] == [
            f"{split}-{TEXTS.index(row['article']) + 1:06d}" for row in found[split]
        ]


def test_an_id_that_was_there_before_is_rejected_in_whichever_split() -> None:
    rows = [{"id": "same", "article": text} for text in TEXTS]
    with pytest.raises(DataError, match=r"inputs: 59 of 60 rows cannot be used.*repeats same"):
        _fetch(rows)


def test_rows_of_one_session_land_in_one_split() -> None:
    rows = [{"article": text, "session": n // 3} for n, text in enumerate(TEXTS)]
    found = _fetch(rows, files={"split": {**SHARES, "by": "session"}})
    places = _places(found)
    assert len(places) == 60
    for start in range(0, 60, 3):
        assert len({places[text] for text in TEXTS[start : start + 3]}) == 1
    assert list(found["train"][0]) == ["id", "article", "highlights"]


def test_a_session_is_the_same_as_a_number_and_as_text() -> None:
    files = {"split": {**SHARES, "by": "session"}}
    rows: list[list[Row]] = [
        [{"article": text, "session": kind(n)} for n, text in enumerate(TEXTS)]
        for kind in (int, float, str)
    ]
    places = [_places(_fetch(given, files=files)) for given in rows]
    assert places[0] == places[1] == places[2]


def test_a_row_without_a_session_goes_by_its_text() -> None:
    alone = _places(_fetch(_articles(TEXTS)))
    rows: list[Row] = [{"article": text, "session": None} for text in TEXTS[1:]]
    rows.append({"article": TEXTS[0], "session": "s"})
    found = _places(_fetch(rows, files={"split": {**SHARES, "by": "session"}}))
    assert {text: found[text] for text in TEXTS[1:]} == {text: alone[text] for text in TEXTS[1:]}


def test_a_session_that_is_neither_text_nor_number_rejects_its_row() -> None:
    rows: list[Row] = [*_articles(TEXTS), {"article": "x", "session": [1]}]
    rows[0]["session"] = "a"
    found = _fetch(rows, max_rejected=0.5, files={"split": {**SHARES, "by": "session"}})
    assert found["rejects"] == [
        {"split": "train", "file": "inputs.jsonl", "row": 61,
         "reason": "session: neither text nor a whole number"}
    ]  # fmt: skip


def test_a_session_column_that_no_row_has_is_an_error() -> None:
    with pytest.raises(DataError, match=r"no row has a 'sesion'; set fetch.files.split.by to your"):
        _fetch(_articles(TEXTS), files={"split": {**SHARES, "by": "sesion"}}, limit=50)


def test_a_gold_test_file_keeps_its_references_and_takes_no_inputs() -> None:
    test = write_file("gold.jsonl", [{"id": "g", "article": "Gold news.", "highlights": "Gold ."}])
    found = _fetch(_articles(TEXTS), files={"test": str(test)})
    assert found["test"] == [{"id": "g", "article": "Gold news.", "highlights": "Gold ."}]
    assert len(found["train"]) + len(found["validation"]) == 60
    assert set(load_origin(Path("raw/source.json")).model_dump()["files"]) == {"inputs", "test"}


def test_a_gold_test_row_still_needs_its_reference() -> None:
    test = write_file("gold.jsonl", [{"article": "Gold news.", "highlights": None}])
    with pytest.raises(DataError, match=r"test: none of 1 rows can be used .*highlights: missing"):
        _fetch(_articles(TEXTS), files={"test": str(test)})


def test_the_limit_takes_rows_from_the_start_of_the_inputs() -> None:
    assert sorted(_places(_fetch(_articles(TEXTS), limit=40))) == sorted(TEXTS[:40])


def test_an_unusable_input_counts_to_train_and_every_row_once() -> None:
    found = _fetch([*_articles(TEXTS), {"article": " "}, {"title": "x"}], max_rejected=0.05)
    assert [row["reason"] for row in found["rejects"]] == ["article: empty", "article: missing"]
    counts = load_origin(Path("raw/source.json")).rows
    assert counts.train.rejected == 2
    assert sum(split.kept for _, split in counts) == 60


def test_too_many_unusable_inputs_are_measured_against_all_of_them() -> None:
    with pytest.raises(DataError, match=r"^inputs: 1 of 61 rows cannot be used, more than .* 0.01"):
        _fetch([*_articles(TEXTS), {"article": " "}])


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_split_to_which_nothing_fell_is_named_with_the_counts(split: str) -> None:
    with pytest.raises(DataError) as caught:
        _fetch(_articles(TEXTS), files={"split": {**SHARES, split: 1e-9}})
    assert str(caught.value).startswith(f"{split}: no input fell to it (train ")
    assert "raise its share in fetch.files.split" in str(caught.value)
    assert not Path("raw/source.json").exists()


def test_inputs_beside_files_of_pairs_are_refused() -> None:
    with pytest.raises(ParamsError) as caught:
        _params(files={"train": "train.jsonl"})
    assert str(caught.value) == (
        "params.yaml: fetch.files.inputs = 'inputs.jsonl': its rows are shared out among the "
        "splits: set fetch.files.train to data/none.jsonl too, or this key, to use a file per split"
    )


def test_the_example_is_not_taken_for_a_gold_test_set() -> None:
    files = {"train": NO_FILE, "validation": NO_FILE, "inputs": "inputs.jsonl"}
    with pytest.raises(ParamsError, match=r"set fetch\.files\.test to data/none\.jsonl"):
        parse_section("fetch", FetchParams, {"fetch": {"files": files}})
    with pytest.raises(ParamsError, match=r"fetch\.files\.train and fetch\.files\.validation and"):
        parse_section("fetch", FetchParams, {"fetch": {"files": {"inputs": "inputs.jsonl"}}})


@pytest.mark.parametrize("split", SPLITS)
def test_no_file_for_a_split_without_inputs_is_an_error(split: str) -> None:
    for name in SPLITS:
        write_file(f"{name}.jsonl", [{"article": "a", "highlights": "h"}])
    files = {name: f"{name}.jsonl" for name in SPLITS} | {split: NO_FILE, "inputs": NO_FILE}
    with pytest.raises(
        DataError, match=f"^fetch.files.{split} = data/none.jsonl: it stands for no"
    ):
        fetch(_params(files=files), Path("raw"))


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(ParamsError, match="validation and test to be less than 1 together"):
        _params(files={"split": {"validation": 0.5, "test": 0.5}})


def test_inputs_pass_the_filter_as_pairs_do() -> None:
    rows = [*_articles(TEXTS), {"article": TEXTS[7].upper()}, {"article": "x" * 300}]
    _fetch(rows)
    counts = filter_splits(FilterParams(max_characters=300), Path("raw"), Path("gold"))
    splits = (counts.train, counts.validation, counts.test)
    assert sum(split.kept for split in splits) == 60
    assert sum(split.dropped["duplicate"] for split in splits) == 1
    assert sum(split.dropped["too_long"] for split in splits) == 1
    kept = read_splits("gold", "train")["train"]
    assert {row["highlights"] for row in kept} == {None}
