"""fetch: each row that is read ends in a split or, with its reason, among the rejects."""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from stages.fetch import main
from tests.imports import ROOT
from understudy.contract.pairs import SPLITS
from understudy.core.errors import DataError

SAMPLE: dict[str, Any] = YAML(typ="safe").load(
    (ROOT / "profiles" / "sample.yaml").read_text("utf-8")
)
RAW = Path("data/raw")
Row = dict[str, Any]


@pytest.fixture
def section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The params section `fetch` with small sizes, in an empty current folder."""
    monkeypatch.chdir(tmp_path)
    section: dict[str, Any] = copy.deepcopy(SAMPLE["fetch"])
    section["sample"] = {"train": 7, "validation": 3, "test": 5, "seed": 1}
    section["files"].update({split: f"{split}.jsonl" for split in SPLITS})
    return section


def _row(identity: object, **values: Any) -> Row:
    return {"id": identity, "article": f"News {identity}.", "highlights": "News .", **values}


def _fetch(section: dict[str, Any]) -> dict[str, Any]:
    """Runs the stage; returns what source.json says."""
    with Path("params.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump({**SAMPLE, "fetch": section}, file)
    main()
    provenance: dict[str, Any] = json.loads((RAW / "source.json").read_text("utf-8"))
    return provenance


def _fetch_files(section: dict[str, Any], **rows: list[Row] | str) -> dict[str, Any]:
    """Runs the stage on a JSONL file per split; one good row where none is given."""
    for split in SPLITS:
        given = rows.get(split, [_row("a")])
        lines = given if isinstance(given, str) else "".join(json.dumps(r) + "\n" for r in given)
        Path(f"{split}.jsonl").write_text(lines, "utf-8")
    return _fetch({**section, "source": "files"})


def _table(name: str) -> list[Row]:
    rows: list[Row] = pq.read_table(RAW / f"{name}.parquet").to_pylist()
    return rows


def _refusal(section: dict[str, Any], **rows: list[Row] | str) -> str:
    with pytest.raises(DataError) as caught:
        _fetch_files(section, **rows)
    assert "\n" not in str(caught.value)
    assert not (RAW / "source.json").exists()
    return str(caught.value)


def test_the_sample_has_the_sizes_that_params_ask_for(section: dict[str, Any]) -> None:
    provenance = _fetch(section)
    assert [len(_table(split)) for split in SPLITS] == [7, 3, 5]
    assert [list(_table(split)[0]) for split in SPLITS] == [["id", "article", "highlights"]] * 3
    assert _table("rejects") == []
    assert provenance == {
        "source": "sample",
        "seed": 1,
        "rows": {
            "train": {"kept": 7, "rejected": 0},
            "validation": {"kept": 3, "rejected": 0},
            "test": {"kept": 5, "rejected": 0},
        },
    }


def test_fetching_twice_gives_the_same_bytes_and_another_seed_gives_others(
    section: dict[str, Any],
) -> None:
    files = []
    for seed in (1, 1, 2):
        section["sample"]["seed"] = seed
        _fetch(section)
        files.append({path.name: path.read_bytes() for path in RAW.iterdir()})
    assert sorted(files[0]) == sorted(
        [*(f"{split}.parquet" for split in SPLITS), "rejects.parquet", "source.json"]
    )
    assert files[0] == files[1]
    assert files[0]["train.parquet"] != files[2]["train.parquet"]


def test_the_limit_takes_rows_from_the_start_of_each_split(section: dict[str, Any]) -> None:
    rows = [_row(number) for number in range(9)]
    provenance = _fetch_files({**section, "limit": 4}, train=rows, test=rows[:2])
    assert provenance["source"] == "files"
    for split in SPLITS:
        digest = hashlib.sha256(Path(f"{split}.jsonl").read_bytes()).hexdigest()
        assert provenance["files"][split] == {"path": f"{split}.jsonl", "sha256": digest}
    assert [row["id"] for row in _table("train")] == ["0", "1", "2", "3"]
    assert [row["id"] for row in _table("test")] == ["0", "1"]
    assert provenance["rows"]["train"] == {"kept": 4, "rejected": 0}


def test_columns_are_mapped_to_ours(section: dict[str, Any]) -> None:
    section["files"]["columns"] = {"id": "key", "article": "body", "highlights": "summary"}
    row = {"key": "k", "body": "b", "summary": "s", "article": "not this"}
    _fetch_files(section, train=[row], validation=[row], test=[row])
    assert _table("train") == [{"id": "k", "article": "b", "highlights": "s"}]


def test_an_id_is_made_up_where_it_is_absent_and_a_number_becomes_text(
    section: dict[str, Any],
) -> None:
    rows = [_row("given"), _row(None), {"article": "a", "highlights": "h"}, _row(0), _row(-7)]
    _fetch_files(section, train=[*rows, _row("00")], test=rows)
    made = ["given", "train-000002", "train-000003", "0", "-7", "00"]
    assert [row["id"] for row in _table("train")] == made
    assert [row["id"] for row in _table("test")][1] == "test-000002"


def test_the_second_row_with_an_id_is_rejected_within_a_split_only(section: dict[str, Any]) -> None:
    rows = [_row("a"), _row("b"), _row("a", article="Other news."), _row("c", article="")]
    rows.append(_row("c", article="one\u2028two\u2029three\x85four"))
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    provenance = _fetch_files({**section, "max_rejected": 0.4}, train=lines)
    assert _table("rejects") == [
        {"split": "train", "file": "train.jsonl", "row": 3, "reason": "id: repeats a"},
        {"split": "train", "file": "train.jsonl", "row": 4, "reason": "article: empty"},
    ]
    assert _table("train") == [_row("a"), _row("b"), rows[-1]]
    assert provenance["rows"]["test"] == {"kept": 1, "rejected": 0}


def test_every_row_that_is_read_is_kept_or_rejected_once(section: dict[str, Any]) -> None:
    bad: list[Row] = [
        {"article": None},
        {"article": " "},
        {"highlights": 3},
        {"id": 0.5},
        {"id": "0"},
        {"id": True},
    ]
    rows = [_row(f"{n}", **(bad[n % 6] if n % 3 == 2 else {})) for n in range(60)]
    provenance = _fetch_files({**section, "max_rejected": 0.5}, train=rows, validation=rows)
    for split in ("train", "validation"):
        rejected = {row["row"] for row in _table("rejects") if row["split"] == split}
        kept = {int(row["id"]) + 1 for row in _table(split)}
        assert kept | rejected == set(range(1, 61))
        assert not kept & rejected
        assert provenance["rows"][split] == {"kept": len(kept), "rejected": len(rejected)}
        assert len(rejected) == 20


@pytest.mark.parametrize(("bad", "share"), [(1, 0.1), (0, 0.0), (9, 0.9)])
def test_as_many_rejects_as_allowed_pass(section: dict[str, Any], bad: int, share: float) -> None:
    rows = [_row(n, **({"article": ""} if n < bad else {})) for n in range(10)]
    assert _fetch_files({**section, "max_rejected": share}, test=rows)["rows"]["test"] == {
        "kept": 10 - bad,
        "rejected": bad,
    }


def test_more_rejects_than_allowed_stop_the_stage_and_stay_listed(section: dict[str, Any]) -> None:
    message = _refusal({**section, "max_rejected": 1.0}, train=[_row("a", article="")])
    assert message.startswith("train: none of 1 rows can be used (train.jsonl row 1: article: empt")
    rows = [_row(n, **({"article": ""} if n in (1, 3, 4, 8) else {})) for n in range(10)]
    message = _refusal({**section, "max_rejected": 0.39}, test=rows)
    assert message == (
        "test: 4 of 10 rows cannot be used, more than fetch.max_rejected = 0.39 allows "
        "(test.jsonl row 2: article: empty; test.jsonl row 4: article: empty; "
        "test.jsonl row 5: article: empty); all are listed in data/raw/rejects.parquet"
    )
    assert [row["row"] for row in _table("rejects")] == [2, 4, 5, 9]


@pytest.mark.parametrize("split", SPLITS)
def test_a_missing_file_stops_the_stage_before_any_output(
    section: dict[str, Any], split: str
) -> None:
    section["files"][split] = "absent.jsonl"
    message = _refusal(section)
    assert message == "absent.jsonl: no such file; set fetch.files.* in params.yaml to yours"
    assert not Path("data").exists()
    Path("rows.xlsx").write_text("", "utf-8")
    section["files"][split] = "rows.xlsx"
    assert _refusal(section).startswith("rows.xlsx: expected a file ending in .jsonl, .csv, .parq")


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file_stops_the_stage(section: dict[str, Any], content: str) -> None:
    assert _refusal(section, validation=content).startswith("validation.jsonl: the file has no row")
