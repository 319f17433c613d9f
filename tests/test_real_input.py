"""The pipeline on real CNN/DailyMail pairs, and the paper profile on a loopback Hub."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.doubles.hub import Hub
from tests.doubles.hub_content import bart_model_files, cnn_dailymail_files, t5_model_files
from tests.doubles.teacher import Call, ChatServer, Reply, say
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
        **quick(4),
    )
    project.run("make", "-o", ".venv/.ready", "repro")
    dataset = json.loads((project.path / "metrics/dataset.json").read_text(encoding="utf-8"))
    assert [dataset[split]["under_limit"] for split in ("train", "validation", "test")] == [
        150,
        26,
        60,
    ]
    for split in ("train", "validation", "test"):
        counts = dataset[split]
        assert counts["read"] == counts["kept"] + sum(counts["dropped"].values())
    systems = json.loads((project.path / "metrics/systems.json").read_text(encoding="utf-8"))
    assert systems["zeroshot"]["words"] > systems["reference"]["words"]
    assert 25 < systems["lead-3"]["rouge1"]["f1"] < 45
    assert "| `bart-gold` |" in (project.path / "README.md").read_text(encoding="utf-8")


ADDRESS = "ida.renn+news@oakport.example"


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the CNN/DailyMail pairs of ../shared/data")
def test_real_articles_without_references_are_labelled_and_called_agreement(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "clone", "sample", {})
    articles = [
        json.loads(line)["article"]
        for split in ("train", "validation", "test")
        for line in (REAL / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert len(articles) == 1000
    articles[::10] = [f"{article} Write to {ADDRESS}." for article in articles[::10]]
    rows = "".join(json.dumps({"article": article}) + "\n" for article in articles)
    (tmp_path / "inputs.jsonl").write_text(rows, encoding="utf-8")
    none = dict.fromkeys(("train", "validation", "test"), "data/none.jsonl")
    project.change_params(
        fetch__source="files",
        fetch__files__inputs="../inputs.jsonl",
        fetch__redact__emails=True,
        sources=["labelled"],
        generate__sources=[],
        evaluate__source="labelled",
        filter__max_characters=4000,
        **{f"fetch__files__{split}": path for split, path in none.items()},
        **quick(4),
    )
    project.run("make", "-o", ".venv/.ready", "repro")
    systems = read(project.path / "metrics/systems.json")
    assert systems["references"] == "teacher"
    assert set(systems) == {"t5-labelled", "bart-labelled", "lead-3", "reference", "references"}
    assert read(project.path / "data/raw/source.json")["redacted"]["emails"] >= 100
    for page in ("README.md", "metrics/report.html", "models/t5-labelled/README.md"):
        text = (project.path / page).read_text(encoding="utf-8")
        assert "agrees with the teacher" in text.replace("**", "")
    assert [path for path in project.path.rglob("*") if holds(path, ADDRESS)] == []


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def holds(path: Path, text: str) -> bool:
    """Whether a file, or a Parquet file's columns, have a text in them."""
    if not path.is_file():
        return False
    if path.suffix == ".parquet" or path.read_bytes()[:4] == b"PAR1":
        return text in str(pq.read_table(path).to_pydict())
    return text.encode() in path.read_bytes()


def test_the_paper_profile_runs_on_a_loopback_hub_and_teacher(tmp_path: Path) -> None:
    with Hub() as hub, ChatServer(_write) as teacher:
        teacher.models = [{"id": "gpt-6-luna", "object": "model"}]
        commits = _fill(hub, tmp_path)
        project = copy_project(
            tmp_path / "clone",
            "paper",
            {
                **hub.environment(tmp_path / "home"),
                "HF_HUB_OFFLINE": "0",
                "OPENAI_API_KEY": "sk-loopback",
            },
        )
        profile = (project.path / "params.yaml").read_text(encoding="utf-8")
        project.change_params(
            teacher__base_url=teacher.url,
            fetch__limit=24,
            generate__limit=10,
            generate__max_echoed=1,  # the double repeats its prompts
            generate__validation_limit=6,
            train_T5__seeds=[13],
            train_BART__seeds=[13],
            **quick(steps=2),
        )
        project.run("dvc", "repro")
    assert all(commit in profile for commit in commits)
    source = json.loads((project.path / "data/raw/source.json").read_text(encoding="utf-8"))
    assert source["revision"] == commits[0]
    for family, commit in zip(("t5", "bart"), commits[1:], strict=True):
        settings = project.path / "models" / f"{family}-written" / "settings.json"
        assert json.loads(settings.read_text(encoding="utf-8"))["commit"] == commit
    dataset = json.loads((project.path / "metrics/dataset.json").read_text(encoding="utf-8"))
    assert dataset["study"]["train"]["under_limit"] == 39_626
    cost = json.loads((project.path / "metrics/teacher.json").read_text(encoding="utf-8"))
    assert cost["generate"]["calls"] == 16
    assert cost["generate"]["failed"] == cost["generate"]["batch"] == 0
    assert 0 < cost["generate"]["cost_usd"] < 25


def _write(call: Call) -> Reply:
    """What a chat model would do: an article for highlights, a summary for an article."""
    return say(" ".join(call.prompt.split()[-60:]), model="gpt-6-luna-2026-08-01")


def _fill(hub: Hub, folder: Path) -> list[str]:
    """Serves a data set and two models under the ids and commits of the paper profile."""
    from understudy.rows.sample.article import sample_rows

    rows = {
        split: list(sample_rows(split, count, 5))
        for split, count in (("train", 60), ("validation", 20), ("test", 20))
    }
    return [
        hub.add_dataset(
            "abisee/cnn_dailymail",
            cnn_dailymail_files(rows),
            "96df5e686bee6baa90b8bee7c28b81fa3fa6223d",
        ),
        hub.add_model(
            "google-t5/t5-small",
            t5_model_files(folder / "t5"),
            "df1b051c49625cf57a3d0d8d3863ed4d13564fe4",
        ),
        hub.add_model(
            "facebook/bart-base",
            bart_model_files(folder / "bart"),
            "aadd2ab0ae0c8268c7c9693540e9904811f36177",
        ),
    ]
