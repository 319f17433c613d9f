"""The pipeline on real CNN/DailyMail pairs, with the embedded teacher."""

import shutil
from pathlib import Path

import pytest

from tests.imports import ROOT
from tests.project import copy_project, quick

REAL = ROOT.parent / "shared" / "data" / "cnndm"


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the CNN/DailyMail pairs of ../shared/data")
def test_real_articles_run_from_files_to_the_table(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "clone", "sample", {})
    mine = tmp_path / "mine"
    shutil.copytree(REAL, mine)
    paths = {f"fetch__files__{split}": f"../mine/{split}.jsonl" for split in ("train", "test")}
    project.change_params(
        fetch__source="files",
        fetch__files__validation="../mine/validation.jsonl",
        sources=["gold"],
        generate__sources=[],
        label__sources=[],
        evaluate__source="gold",
        **paths,
        **quick(2),
    )
    project.train_t5_alone()
    project.run("make", "-o", ".venv/.ready", "repro")
    dataset = project.read("metrics/dataset.json")
    assert [dataset[split]["under_limit"] for split in ("train", "validation", "test")] == [
        150,
        26,
        60,
    ]
    for split in ("train", "validation", "test"):
        counts = dataset[split]
        assert counts["read"] == counts["kept"] + sum(counts["dropped"].values())
    systems = project.read("metrics/systems.json")
    assert systems["zeroshot"]["words"] > systems["reference"]["words"]
    assert 25 < systems["lead-3"]["rouge1"]["f1"] < 45
    assert "| `bart-gold` |" in (project.path / "README.md").read_text(encoding="utf-8")
