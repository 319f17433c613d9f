"""filter: what is dropped and why; each row ends in a split or among the rejects."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.contract.examples import make_origin
from tests.imports import ROOT
from understudy.contract.kind import this_kind
from understudy.contract.pairs import SPLITS
from understudy.contract.params.filter import FilterParams
from understudy.core.errors import DataError
from understudy.core.tables import read_table, table_writer, text_columns
from understudy.rows.filtering import filter_splits
from understudy.rows.sample.article import sample_rows
from understudy.rows.splitting import fingerprint

REAL = ROOT.parent / "shared" / "data" / "cnndm"
Row = Mapping[str, str]


def _write(folder: Path, splits: Mapping[str, Sequence[Row]]) -> None:
    for split, rows in splits.items():
        with table_writer(folder / f"{split}.parquet", text_columns(*this_kind().columns)) as table:
            for row in rows:
                table.add(row)


def _limits(
    max_characters: int, near_duplicates: float | None = None, near_test: float | None = None
) -> FilterParams:
    return FilterParams(
        max_characters=max_characters, near_duplicates=near_duplicates, near_test=near_test
    )


def _count(folder: Path, params: FilterParams, source: str = "sample") -> dict[str, Any]:
    """Filters `raw` into `gold`; returns the counts as metrics/dataset.json has them."""
    make_origin(source).write(folder / "raw" / "source.json")
    return filter_splits(params, folder / "raw", folder / "gold").to_json()


def _filter(folder: Path, limit: int | FilterParams, **articles: list[str]) -> dict[str, Any]:
    """Filters articles whose ids are their place in the split, beside one row elsewhere."""
    params = limit if isinstance(limit, FilterParams) else _limits(limit)
    given = {split: articles.get(split, [f"{split}"]) for split in SPLITS}
    rows = {
        split: [
            {"id": f"{number}", "article": article, "highlights": "h"}
            for number, article in enumerate(texts)
        ]
        for split, texts in given.items()
    }
    _write(folder / "raw", rows)
    return _count(folder, params)


def _kept(folder: Path, split: str) -> list[str]:
    return list(read_table(folder / "gold" / f"{split}.parquet")["id"])


def _rejects(folder: Path, split: str) -> dict[str, str]:
    rejects = read_table(folder / "gold" / "rejects.parquet")
    rejects = rejects[rejects["split"] == split]
    assert rejects["id"].is_unique
    return dict(zip(rejects["id"], rejects["reason"], strict=True))


@pytest.mark.parametrize("letter", ["a", "é", "🦀", "漢"])
def test_an_article_has_fewer_characters_than_the_limit_however_many_bytes_they_take(
    tmp_path: Path, letter: str
) -> None:
    _filter(tmp_path, 20, train=[letter * 19, letter * 20, letter * 21])
    assert _kept(tmp_path, "train") == ["0"]
    assert _rejects(tmp_path, "train") == {"1": "too_long", "2": "too_long"}


def test_a_combining_mark_is_a_character(tmp_path: Path) -> None:
    _filter(tmp_path, 20, train=["e\u0301" * 9, "e\u0301" * 10])
    assert _rejects(tmp_path, "train") == {"1": "too_long"}


@pytest.mark.parametrize("split", SPLITS)
def test_an_article_is_kept_once_up_to_case_and_white_space(tmp_path: Path, split: str) -> None:
    texts = ["The News", "the NEWS", " The\n\tnews ", "The\u00a0\u2003news", "The news.", "Thenews"]
    counts = _filter(tmp_path, 99, **{split: texts})
    assert _kept(tmp_path, split) == ["0", "4", "5"]
    assert _rejects(tmp_path, split) == dict.fromkeys("123", "duplicate")
    assert counts[split]["dropped"] == {"too_long": 0, "duplicate": 3, "in_test": 0}


def test_case_is_folded_in_every_script() -> None:
    assert fingerprint("STRASSE ΟΔΟΣ") == fingerprint("straße οδος")
    assert fingerprint("one") != fingerprint("two")


@pytest.mark.parametrize("split", ["train", "validation"])
def test_an_article_of_the_test_split_is_in_no_other(tmp_path: Path, split: str) -> None:
    _filter(tmp_path, 99, test=["held out", "other"], **{split: ["mine", "HELD  out", "held out"]})
    assert _kept(tmp_path, split) == ["0"]
    assert _rejects(tmp_path, split) == {"1": "in_test", "2": "in_test"}
    assert _kept(tmp_path, "test") == ["0", "1"]


def test_train_and_validation_may_share_an_article(tmp_path: Path) -> None:
    _filter(tmp_path, 99, train=["shared"], validation=["shared"])
    assert _kept(tmp_path, "train") == _kept(tmp_path, "validation") == ["0"]


def test_a_row_that_is_kept_is_the_row_that_was_read(tmp_path: Path) -> None:
    row = {"id": "ä", "article": "  Spaces STAY\n as they are 🦀", "highlights": "one .\ntwo ."}
    _write(tmp_path / "raw", {split: [{**row, "article": split}] for split in SPLITS})
    _write(tmp_path / "raw", {"test": [row]})
    _count(tmp_path, _limits(99))
    assert read_table(tmp_path / "gold" / "test.parquet").to_dict("records") == [row]


def test_each_row_ends_in_its_split_or_the_rejects_and_the_counts_add_up(tmp_path: Path) -> None:
    sizes = {"train": 600, "validation": 100, "test": 150}
    rows = {split: list(sample_rows(split, size, 3)) for split, size in sizes.items()}
    _write(tmp_path / "raw", rows)
    counts = _count(tmp_path, _limits(2048))
    assert list(counts) == list(SPLITS)
    for split, count in counts.items():
        kept, rejects = _kept(tmp_path, split), _rejects(tmp_path, split)
        assert Counter([*kept, *rejects]) == Counter(row["id"] for row in rows[split])
        assert kept == [row["id"] for row in rows[split] if row["id"] in set(kept)]
        assert count["fetched"] == sizes[split] == count["kept"] + sum(count["dropped"].values())
        assert count["kept"] == len(kept)
        assert {r: n for r, n in count["dropped"].items() if n} == Counter(rejects.values())
        short = sum(len(row["article"]) < 2048 for row in rows[split])
        assert count["under_limit"] == short == count["fetched"] - count["dropped"]["too_long"]
    assert set(_rejects(tmp_path, "train").values()) == {"too_long", "duplicate", "in_test"}


@pytest.mark.parametrize("split", SPLITS)
def test_a_split_left_empty_is_an_error_that_says_what_dropped_its_rows(
    tmp_path: Path, split: str
) -> None:
    with pytest.raises(DataError) as caught:
        _filter(tmp_path, 20, **{split: ["long" * 9, "long" * 8]})
    message = str(caught.value)
    assert message.startswith(f"{split}: none of 2 rows is left ({{'too_long': 2, ")
    assert "loosen the section filter or fetch more rows" in message
    assert "\n" not in message
    assert list(_rejects(tmp_path, split)) == ["0", "1"]


STORY = (
    "The old bridge over the river in Oakport was opened again on Monday after nine months of work "
    "that cost the town more than twice what its council had been told in the spring of last year."
)
NEAR = STORY.replace("Monday", "Friday").upper()  # shares 28 of 38 shingles
LONGER = f"{STORY} Shops nearby had lost a third of their trade, their owners say."
OTHER = "Nobody in Westerlow knows who has painted the stone lions at the gate of the park green."


def test_near_copies_are_kept_where_the_filters_are_off(tmp_path: Path) -> None:
    counts = _filter(tmp_path, 999, train=[STORY, NEAR], validation=[NEAR], test=[LONGER])
    assert _kept(tmp_path, "train") == ["0", "1"]
    assert _kept(tmp_path, "validation") == ["0"]
    assert counts["train"]["dropped"] == {"too_long": 0, "duplicate": 0, "in_test": 0}


def test_a_training_article_near_one_kept_before_is_dropped_as_such(tmp_path: Path) -> None:
    texts = [STORY, OTHER, NEAR, LONGER]
    splits = {"train": texts, "validation": texts, "test": [f"{text} Again." for text in texts]}
    counts = _filter(tmp_path, _limits(999, near_duplicates=28 / 38), **splits)
    assert _rejects(tmp_path, "train") == {"2": "near_duplicate"}
    assert counts["train"]["dropped"]["near_duplicate"] == 1
    for split in ("validation", "test"):
        assert _kept(tmp_path, split) == ["0", "1", "2", "3"]
        assert counts[split]["dropped"]["near_duplicate"] == 0
    counts = _filter(tmp_path, _limits(999, near_duplicates=33 / 45), **splits)
    assert _rejects(tmp_path, "train") == dict.fromkeys("23", "near_duplicate")


def test_what_is_near_a_dropped_article_alone_is_kept(tmp_path: Path) -> None:
    words = STORY.split()
    steps = [" ".join(words[start : start + 24]) for start in (0, 4, 8)]  # 16 of 24 are shared
    counts = _filter(tmp_path, _limits(999, near_duplicates=0.6), train=steps)
    assert _rejects(tmp_path, "train") == {"1": "near_duplicate"}
    assert counts["train"]["kept"] == 2


def test_articles_that_hold_a_test_article_are_dropped_from_the_other_splits(
    tmp_path: Path,
) -> None:
    shorter = STORY.rsplit(" ", 1)[0]  # 32 of 33 shingles
    texts = [OTHER, LONGER, NEAR, f"Again: {STORY}", shorter, STORY[: len(STORY) // 2]]
    limits = _limits(999, near_test=0.9)
    counts = _filter(tmp_path, limits, test=[STORY, NEAR], train=texts, validation=texts)
    for split in ("train", "validation"):
        near = dict.fromkeys("134", "near_test")
        assert _rejects(tmp_path, split) == {**near, "2": "in_test"}
        assert counts[split]["dropped"]["near_test"] == 3
        assert counts[split]["fetched"] == counts[split]["kept"] + 4
    assert _kept(tmp_path, "test") == ["0", "1"]
    assert "near_duplicate" not in counts["train"]["dropped"]


def test_a_test_article_that_is_dropped_itself_keeps_nothing_away(tmp_path: Path) -> None:
    params = _limits(len(STORY) + 1, near_test=0.5)
    _filter(tmp_path, params, test=[OTHER, f"{STORY} And so on"], train=[STORY])
    assert _kept(tmp_path, "train") == ["0"]


def test_a_near_test_article_is_not_remembered_as_one_that_was_kept(tmp_path: Path) -> None:
    params = _limits(999, near_duplicates=0.5, near_test=1.0)
    _filter(tmp_path, params, test=[STORY], train=[LONGER, NEAR])
    assert _rejects(tmp_path, "train") == {"0": "near_test"}


def test_texts_without_words_are_near_to_nothing(tmp_path: Path) -> None:
    params = _limits(999, near_duplicates=0.1, near_test=0.1)
    counts = _filter(tmp_path, params, train=["…", "—", "!"], test=["?", "…!"])
    assert counts["train"]["kept"] == 3


def test_with_all_filters_on_each_row_still_ends_in_one_place(tmp_path: Path) -> None:
    rows = {split: list(sample_rows(split, 150, 3)) for split in SPLITS}
    for source in ("train", "test"):
        short = next(row for row in rows[source] if len(row["article"]) < 1000)
        planted = {**short, "id": f"near {source}", "article": f"{short['article']} Again."}
        rows["train"].append(planted)
    _write(tmp_path / "raw", rows)
    counts = _count(tmp_path, _limits(2048, 0.8, 0.8))
    for split, count in counts.items():
        kept, rejects = _kept(tmp_path, split), _rejects(tmp_path, split)
        assert Counter([*kept, *rejects]) == Counter(row["id"] for row in rows[split])
        assert {r: n for r, n in count["dropped"].items() if n} == Counter(rejects.values())
    planted = _rejects(tmp_path, "train")
    assert (planted["near train"], planted["near test"]) == ("near_duplicate", "near_test")


def test_the_counts_have_the_rows_that_fetch_rejected(tmp_path: Path) -> None:
    texts = {split: [f"{split}", "long" * 9] for split in SPLITS}
    counts = _filter(tmp_path, 20, **texts)
    assert counts["train"] == {
        "read": 100,
        "rejected": 10,
        "fetched": 2,
        "under_limit": 1,
        "kept": 1,
        "dropped": {"too_long": 1, "duplicate": 0, "in_test": 0},
    }


@pytest.mark.parametrize("source", ["sample", "files", "hub"])
def test_only_a_dataset_of_the_hub_stands_beside_the_studys_counts(
    tmp_path: Path, source: str
) -> None:
    _filter(tmp_path, 20)
    counts = _count(tmp_path, _limits(20), source)
    study = {"train": {"under_limit": 39_626}, "test": {"under_limit": 1_900}}
    assert counts.get("study") == (study if source == "hub" else None)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real CNN/DailyMail rows at {REAL}")
def test_the_limit_leaves_as_many_real_articles_as_were_counted_by_hand(tmp_path: Path) -> None:
    for split in SPLITS:
        lines = (REAL / f"{split}.jsonl").read_text("utf-8").split("\n")
        rows = [json.loads(line) for line in lines if line]
        _write(
            tmp_path / "raw", {split: [{c: row[c] for c in this_kind().columns} for row in rows]}
        )
    counts = _count(tmp_path, _limits(2048))
    assert [counts[split]["fetched"] for split in SPLITS] == [800, 100, 100]
    assert [counts[split]["under_limit"] for split in SPLITS] == [150, 26, 60]
