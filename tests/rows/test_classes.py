"""Rows of a classification: gold labels, contradictions, columns, and the sample of messages."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import stages.filter
from stages import fetch
from tests.classifying import TASK, Row, read_table, write_params, write_splits, write_table
from understudy.contract.dataset import Dataset
from understudy.contract.origin import load_origin
from understudy.contract.pairs import GOLD, RAW, SPLITS
from understudy.core.errors import DataError, ParamsError
from understudy.rows.sample.messages import WEIGHTS, sample_messages


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


GOOD = {"id": "g", "text": "When?", "label": "billing"}


def fetch_files(
    train: list[Row], columns: Row | None = None, good: Row = GOOD, task: Row = TASK, **more: Any
) -> None:
    """Fetches these rows as train, and a good one as each other split."""
    files = {split: f"{split}.jsonl" for split in SPLITS}
    for split, name in files.items():
        lines = train if split == "train" else [good]
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in lines), encoding="utf-8")
    columns = {"columns": columns} if columns else {}
    write_params(task=task, fetch={"source": "files", "files": files | columns, **more})
    fetch.main()


def test_gold_labels_are_read_or_their_rows_rejected_with_file_and_row() -> None:
    given = [" Billing.", "invoice", "LATE  DELIVERY", True, "refund", "", None, 7, 8.0]
    rows = [{"id": f"r{at}", "text": f"Text {at}", "label": x} for at, x in enumerate(given)]
    task = TASK | {"labels": ["billing", "late delivery", "true", "8"]}
    with pytest.raises(DataError, match=r"train\.jsonl row 5: label: unlisted_label: 'refund'"):
        fetch_files(rows, task=task)
    fetch_files(rows, task=task, max_rejected=0.5)
    kept = [row["label"] for row in read_table(RAW / "train.parquet")]
    assert kept == ["billing", "billing", "late delivery", "true", "8"]
    rejects = read_table(RAW / "rejects.parquet")
    assert [(row["file"], row["row"], row["reason"]) for row in rejects] == [
        ("train.jsonl", 5, "label: unlisted_label: 'refund'"),
        ("train.jsonl", 6, "label: empty"),
        ("train.jsonl", 7, "label: missing"),
        ("train.jsonl", 8, "label: unlisted_label: '7'"),
    ]
    assert load_origin(RAW / "source.json").rows.train.model_dump() == {"kept": 5, "rejected": 4}


def test_a_text_of_several_columns_keeps_them_and_personal_data_leaves_no_label() -> None:
    Path("names.txt").write_text("Billing\n", encoding="utf-8")
    row = {"title": "Ask Billing", "body": "Or ann@example.org", "label": "billing"}
    redact = {"emails": True, "names": "names.txt"}
    fetch_files([row], {"text": ["title", "body"]}, good=row, redact=redact)
    (found,) = read_table(RAW / "train.parquet")
    assert found == {
        "id": "train-000001",
        "text": "Ask [NAME]\n\nOr [EMAIL]",
        "title": "Ask [NAME]",
        "body": "Or [EMAIL]",
        "label": "billing",
    }


def test_columns_of_another_kind_are_refused() -> None:
    with pytest.raises(ParamsError) as caught:
        fetch_files([], {"article": "body"})
    expected = "fetch.files.columns.article = 'body': expected no article: a classification has id,"
    assert expected in str(caught.value)


def test_a_text_with_two_gold_labels_is_dropped_wherever_it_stands_and_counted() -> None:
    fetch_files([GOOD])  # for source.json
    write_splits("billing", "late delivery", folder=RAW)
    for split, extra in {
        "train": [("Twice!", "billing"), ("twice!", "late delivery"), ("Once", "billing")],
        "test": [("Here", "billing"), ("HERE", "late delivery"), ("Once?", "billing")],
        "validation": [("Here ", "billing"), ("Once", "billing"), ("once", "billing")],
    }.items():
        path = RAW / f"{split}.parquet"
        rows = [{"id": f"x{at}", "text": t, "label": one} for at, (t, one) in enumerate(extra)]
        write_table(path, [*read_table(path), *rows])
    write_params(filter={"max_characters": 2048})
    stages.filter.main()
    found = Dataset.load()
    for split, dropped in {"train": (2, 0), "validation": (1, 1), "test": (2, 0)}.items():
        counts = getattr(found, split)
        assert (counts.dropped["contradictory"], counts.dropped["duplicate"]) == dropped
        assert counts.fetched == counts.kept + sum(counts.dropped.values()) == 5
        assert not {"twice!", "here"} & {
            row["text"].strip().lower() for row in read_table(GOLD / f"{split}.parquet")
        }
    reasons = Counter(row["reason"] for row in read_table(GOLD / "rejects.parquet"))
    assert reasons == {"contradictory": 5, "duplicate": 1}


def test_the_sample_is_the_same_from_its_seed_and_as_unbalanced_as_a_shop() -> None:
    rows = list(sample_messages("train", 900, seed=7))
    assert rows[:40] == list(sample_messages("train", 40, seed=7))
    assert rows[:40] != list(sample_messages("train", 40, seed=8))
    counts = Counter(row["label"] for row in rows)
    assert set(counts) == {name.replace("-", " ") for name in WEIGHTS}
    assert counts["delivery"] > 3 * counts["product question"] > 3 * counts["feedback"] > 0
    assert len({row["text"] for row in rows}) > 850
    assert (rows[57]["text"], rows[57]["label"]) == (rows[17]["text"], rows[17]["label"])
    held = {row["text"] for row in sample_messages("test", 50, seed=7)}
    assert 4 <= sum(row["text"] in held for row in rows) <= 6
    assert all("{" not in row["text"] and 10 < len(row["text"]) < 600 for row in rows)
