"""fetch from a Hub: the stage as a command, in a process of its own, against one on loopback."""

import copy
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from tests.classifying import write_params
from tests.doubles.hub import Hub
from tests.doubles.hub_content import cnn_dailymail_files
from tests.imports import ROOT
from understudy.contract.pairs import SPLITS
from understudy.rows.hub import _iterate

CNN = "abisee/cnn_dailymail"
SHA = "96df5e686bee6baa90b8bee7c28b81fa3fa6223d"
NO_SHA = "0" * 40
SECONDS = 20
ROWS: dict[str, list[dict[str, str | None]]] = {
    split: [
        {"id": name, "article": f"Article {name} — {split}.", "highlights": f"Naïve {name} ."}
        for name in names
    ]
    for split, names in {"train": "abcde", "validation": "fg", "test": "h"}.items()
}


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        hub.add_dataset(CNN, cnn_dailymail_files(ROWS, shards=2), SHA)
        yield hub


def _fetch(
    folder: Path,
    environment: dict[str, str],
    where: dict[str, str] | None = None,
    max_rejected: float = 0.01,
) -> "subprocess.CompletedProcess[str]":
    """Runs the stage in `folder`, with `where` in place of keys of fetch.hub."""
    params: Any = YAML(typ="safe").load((ROOT / "profiles" / "sample.yaml").read_text("utf-8"))
    section = copy.deepcopy(params["fetch"])
    section.update(source="hub", max_rejected=max_rejected)
    section["hub"] = {"dataset": CNN, "config": "3.0.0", "revision": SHA} | (where or {})
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump({**params, "fetch": section}, file)
    return subprocess.run(
        [sys.executable, "-m", "stages.fetch"],
        cwd=folder,
        env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def _refusal(folder: Path, environment: dict[str, str], where: dict[str, str] | None = None) -> str:
    """The one line with which the stage gives up, soon and without output."""
    started = time.monotonic()
    process = _fetch(folder, environment, where)
    assert time.monotonic() - started < SECONDS
    assert process.returncode == 1, process.stderr
    lines = process.stderr.splitlines()
    assert len(lines) == 1, process.stderr
    assert lines[0].startswith("error: ")
    assert not (folder / "data").exists()
    return lines[0]


@pytest.mark.parametrize("revision", [SHA, "main"])
def test_every_row_arrives_with_the_commit_it_came_from(
    hub: Hub, tmp_path: Path, revision: str
) -> None:
    process = _fetch(tmp_path, hub.environment(tmp_path / "home"), {"revision": revision})
    assert process.returncode == 0, process.stderr
    raw = tmp_path / "data" / "raw"
    for split in SPLITS:
        assert pq.read_table(raw / f"{split}.parquet").to_pylist() == ROWS[split]
    assert json.loads((raw / "source.json").read_text("utf-8")) == {
        "source": "hub",
        "dataset": CNN,
        "config": "3.0.0",
        "revision": SHA,
        "rows": {split: {"kept": len(ROWS[split]), "rejected": 0} for split in SPLITS},
    }


def test_a_row_without_highlights_is_rejected_with_its_split_and_number(tmp_path: Path) -> None:
    train = [*ROWS["train"], {"id": "z", "article": "Something.", "highlights": None}]
    with Hub() as hub:
        hub.add_dataset(CNN, cnn_dailymail_files({**ROWS, "train": train}, shards=1), SHA)
        process = _fetch(tmp_path, hub.environment(tmp_path / "home"), max_rejected=0.5)
    assert process.returncode == 0, process.stderr
    assert pq.read_table(tmp_path / "data/raw/rejects.parquet").to_pylist() == [
        {"split": "train", "file": f"{CNN}/train", "row": 6, "reason": "highlights: missing"}
    ]


@pytest.mark.parametrize(
    ("where", "value", "expected"),
    [
        ("dataset", "abisee/nothing", "the Hub has no dataset 'abisee/nothing'"),
        ("dataset", "no name: at all", "the Hub has no dataset 'no name: at all'"),
        ("revision", NO_SHA, f"{CNN} has no branch, tag or commit '{NO_SHA}'"),
        ("revision", "nothing", f"{CNN} has no branch, tag or commit 'nothing'"),
        ("config", "9.9.9", "fetch.hub.config = '9.9.9': "),
    ],
)
def test_what_the_hub_does_not_have_is_named_in_one_line(
    hub: Hub, tmp_path: Path, where: str, value: str, expected: str
) -> None:
    line = _refusal(tmp_path, hub.environment(tmp_path / "home"), {where: value})
    assert expected in line


def test_a_dataset_without_one_of_the_splits_is_refused_with_those_there_are(
    tmp_path: Path,
) -> None:
    with Hub() as hub:
        splits = {split: ROWS[split] for split in ("train", "test")}
        hub.add_dataset(CNN, cnn_dailymail_files(splits, shards=1), SHA)
        line = _refusal(tmp_path, hub.environment(tmp_path / "home"))
    assert f"{CNN}: no split 'validation'; it has train, test; set fetch.hub.dataset to" in line


def test_a_hub_that_does_not_answer_is_told_in_one_line_with_what_to_do(
    hub: Hub, tmp_path: Path
) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # taken, but nobody listens
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        environment = {**hub.environment(tmp_path / "home"), "HF_ENDPOINT": address}
        line = _refusal(tmp_path, environment)
    assert f"the Hub cannot be reached for the dataset {CNN}" in line
    assert "set fetch.source to sample or files" in line


def test_a_class_that_is_a_number_goes_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_params()
    kinds = datasets.Features(
        text=datasets.Value("string"), label=datasets.ClassLabel(names=["no", "yes"])
    )
    rows = datasets.Dataset.from_dict({"text": list("abc"), "label": [1, 0, -1]}, features=kinds)
    found = [row.values["label"] for row in _iterate("some/set", "test", rows)]
    assert found == ["yes", "no", None]
