"""The whole pipeline as its users drive it: make, dvc repro, push, pull, experiments.

One project, the paper's profile on a loopback Hub and teacher, runs once; the tests then go on with
it, in the order of this file. What follows from a change is told by a second one of stubs.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from tests.doubles.hub import Hub
from tests.doubles.hub_content import bart_model_files, cnn_dailymail_files, t5_model_files
from tests.doubles.teacher import Call, ChatServer, Reply, say
from tests.project import Project, copy_project, list_stages, quick
from understudy.rows.sample.article import sample_rows

FAMILIES, SOURCES = ("t5", "bart"), ("gold", "written")
# the third, labelled, is run by test_real_input, test_personal_data and test_harvest_runs
STUDENTS = [f"{family}-{source}" for family in FAMILIES for source in SOURCES]
SYSTEMS = {*STUDENTS, "zeroshot", "lead-3"}
BEHIND = {
    *("evaluate", "worth", "report"),
    *(f"{stage}@{student}" for stage in ("latency", "calibrate", "cards") for student in STUDENTS),
    *(f"datacards@{source}" for source in SOURCES),
}
"""What a student trained anew may run."""
COMMITS = {
    "abisee/cnn_dailymail": "96df5e686bee6baa90b8bee7c28b81fa3fa6223d",
    "google-t5/t5-small": "df1b051c49625cf57a3d0d8d3863ed4d13564fe4",
    "facebook/bart-base": "aadd2ab0ae0c8268c7c9693540e9904811f36177",
}
"""What the profile asks the Hub for."""


@pytest.fixture(scope="module")
def teacher() -> Iterator[ChatServer]:
    """Does what a chat model would: an article for highlights, a summary for an article."""

    def write(call: Call) -> Reply:
        return say(" ".join(call.prompt.split()[-60:]), model="gpt-6-luna-2026-08-01")

    with ChatServer(write) as teacher:
        teacher.models = [{"id": "gpt-6-luna", "object": "model"}]
        yield teacher


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, teacher: ChatServer) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("pipeline")
    with Hub() as hub:
        counts = {"train": 60, "validation": 20, "test": 20}
        rows = {split: list(sample_rows(split, count, 5)) for split, count in counts.items()}
        data, t5, bart = COMMITS.items()
        hub.add_dataset(data[0], cnn_dailymail_files(rows), data[1])
        hub.add_model(t5[0], t5_model_files(folder / "t5"), t5[1])
        hub.add_model(bart[0], bart_model_files(folder / "bart"), bart[1])
        online = {"HF_HUB_OFFLINE": "0", "OPENAI_API_KEY": "sk-loopback"}
        environment = {**hub.environment(folder / "home"), **online}
        project = copy_project(folder / "clone", "paper", environment)
        project.change_params(
            teacher__base_url=teacher.url,
            fetch__limit=24,
            generate__limit=10,
            generate__max_echoed=1,  # the double repeats its prompts
            generate__validation_limit=6,
            train_T5__seeds=[13],
            train_BART__seeds=[13],
            train_T5__settings__threads=1,  # so that a second run gives the same
            **quick(steps=2),
        )
        project.commit("Start")
        project.repro()
        project.commit("Run the pipeline")
        yield project
        project.restore_params()


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same graph, with stubs in place of what takes long."""
    project = copy_project(tmp_path_factory.mktemp("graph") / "clone", "sample", {})
    project.change_params(sources=list(SOURCES), label__sources=[])
    project.stub_stages()
    project.repro()
    project.commit("Run the pipeline")
    return project


def test_one_run_scores_every_system(project: Project) -> None:
    systems = project.read("metrics/systems.json")
    assert set(systems) == SYSTEMS | {"reference", "references"}
    assert set(project.read("metrics/rouge.json")) == {"t5", "bart", "zeroshot", "lead-3"}
    assert len(project.read("metrics/gap.json")) == 13
    assert systems["zeroshot"]["rouge1"]["recall"] > 0


def test_what_the_hub_and_the_teacher_gave_is_on_record(project: Project) -> None:
    profile = (project.path / "profiles/paper.yaml").read_text(encoding="utf-8")
    data, *models = COMMITS.values()
    assert all(commit in profile for commit in COMMITS.values())
    assert project.read("data/raw/source.json")["revision"] == data
    for family, commit in zip(FAMILIES, models, strict=True):
        assert project.read(f"models/{family}-written/settings.json")["commit"] == commit
    assert project.read("metrics/dataset.json")["study"]["train"]["under_limit"] == 39_626
    cost = project.read("metrics/teacher.json")["generate"]
    assert cost["calls"] == 16
    assert cost["failed"] == cost["batch"] == 0
    assert 0 < cost["cost_usd"] < 25


def test_no_partial_file_is_left(project: Project) -> None:
    assert list(project.path.rglob("*.partial")) == []


def test_a_second_run_does_nothing(project: Project) -> None:
    assert project.repro() == []
    assert "up to date" in project.run("dvc", "status").stdout


def test_metrics_show_prints_numbers_for_every_metrics_file(project: Project) -> None:
    shown = json.loads(project.run("dvc", "metrics", "show", "--json").stdout)
    files = shown[""]["data"]
    names = {
        *("rouge", "systems", "gap", "seeds", "recipes", "texts", "length"),
        *("dataset", "teacher", "worth"),
        *(f"answers/{stage}" for stage in ("generate", "zeroshot")),
        *(
            f"{folder}/{student}"
            for folder in ("calibration", "latency", "students")
            for student in STUDENTS
        ),
        *(f"data/{source}" for source in SOURCES),
    }
    assert set(files) == {f"metrics/{name}.json" for name in names}
    assert all("error" not in content for content in files.values())


def test_plots_render(project: Project) -> None:
    project.run("dvc", "plots", "show", "--out", "../plots")
    page = (project.path.parent / "plots" / "index.html").read_text(encoding="utf-8")
    assert "Validation loss" in page
    assert "ROUGE" in page


CALIBRATED = {f"calibrate@{student}" for student in STUDENTS}
CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "resampling": ({"evaluate__resamples": 500, "evaluate__seed": 7}, {"evaluate"}),
    # the report marks what ROUGE counts
    "ROUGE": ({"evaluate__stemmer": False}, {"evaluate", "report", *CALIBRATED}),
    "one student, and the teacher's pace": (
        {"train_T5__settings__learning_rate": 0.001, "teacher__concurrency": 3},
        {f"train-t5@{source}-13" for source in SOURCES},
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_param_runs_the_stages_that_it_is_about(graph: Project, what: str) -> None:
    changes, stages = CHANGES[what]
    graph.change_params(**changes)
    assert set(graph.repro("--dry")) == stages
    graph.restore_params()


@pytest.mark.parametrize(
    ("changed", "stages"),
    [
        (["data/example/train.jsonl", "understudy/tools/review.py"], {"fetch"}),
        (["stages/report/page.py", "stages/report/style/page.css"], {"report"}),
        (["understudy/scoring/bootstrap.py"], {"evaluate"}),
        (["stages/cards/card.py"], {f"cards@{student}" for student in STUDENTS}),
    ],
)
def test_a_changed_file_runs_no_stage_whose_result_it_cannot_change(
    graph: Project, changed: list[str], stages: set[str]
) -> None:
    for name in changed:
        with (graph.path / name).open("a", encoding="utf-8") as file:
            file.write("\n")
    assert set(graph.repro("--dry")) == stages
    graph.run("git", "checkout", "--quiet", ".")


def test_equal_seeds_give_equal_metrics(project: Project) -> None:
    before = project.read("metrics/systems.json")
    project.repro("--force", "--no-run-cache", "--single-item", "train-t5@gold-13")
    # no two runs take equally long
    timed = {name for name in BEHIND if not name.startswith("data")} | {"select@t5-gold"}
    assert set(project.repro("worth")) <= timed
    assert project.read("metrics/systems.json") == before
    changed = project.run("git", "status", "--porcelain").stdout.split()
    assert set(changed[1::2]) <= {
        *("dvc.lock", "metrics/worth.json", "metrics/students/t5-gold.json")
    }
    project.commit("Train again")


def test_what_a_seed_that_is_gone_has_left_is_removed_and_read_by_no_stage(
    project: Project,
) -> None:
    copytree(project.path / "models/seeds/t5-gold/13", project.path / "models/seeds/t5-gold/14")
    assert project.repro("select@t5-gold") == ["select@t5-gold"]
    assert not (project.path / "models/seeds/t5-gold/14").exists()
    assert "up to date" in project.run("dvc", "status", "evaluate").stdout


def test_the_sources_line_up_in_metrics_diff_with_nothing_retrained(project: Project) -> None:
    command = ("dvc", "exp", "run", "-n", "source-gold", "-S", "evaluate.source=gold", "evaluate")
    assert list_stages(project.run(*command).stdout) == ["evaluate"]
    printed = project.run("dvc", "metrics", "diff", "source-gold", "HEAD").stdout
    assert re.search(r"^metrics/rouge\.json +(t5|bart)\.\S+ ", printed, re.MULTILINE)
    assert "zeroshot" not in printed
    project.run("git", "checkout", "--quiet", ".")


def test_a_clone_that_pulls_runs_nothing_and_asks_nothing(
    project: Project, teacher: ChatServer
) -> None:
    project.repro()
    project.commit("Up to date")
    project.run("dvc", "push")
    clone = project.clone("elsewhere")
    clone.run("dvc", "pull")
    before = len(teacher.calls)
    assert clone.repro() == []
    assert len(teacher.calls) == before
    assert not (clone.path / ".dvc" / "cache" / "teacher").exists()
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_one_more_seed_trains_one_model_a_source_and_one_less_trains_none(graph: Project) -> None:
    graph.change_params(train_T5__seeds=[13, 14])
    assert set(graph.repro("evaluate")) == {
        *(f"train-t5@{source}-14" for source in SOURCES),
        *(f"{stage}-t5@t5-{source}-14" for stage in ("export", "predict") for source in SOURCES),
        *(f"select@t5-{source}" for source in SOURCES),
        "evaluate",
    }
    assert not graph.repro("evaluate")
    graph.restore_params()
    assert set(graph.repro("evaluate")) <= {"evaluate", *(f"select@t5-{s}" for s in SOURCES)}
    graph.run("git", "checkout", "--quiet", ".")


def test_a_new_article_prompt_runs_generate_and_what_follows_it(graph: Project) -> None:
    prompt = graph.path / "prompts" / "brief.txt"
    prompt.write_text("Write an article about '$highlights This is all .'\n", encoding="utf-8")
    graph.change_params(generate__prompt="prompts/brief.txt")
    assert set(graph.repro("evaluate")) == {
        "generate@written",
        *(f"train-{family}@written-13" for family in FAMILIES),
        *(f"{stage}-{one}@{one}-written-13" for stage in ("export", "predict") for one in FAMILIES),
        *(f"select@{family}-written" for family in FAMILIES),
        "evaluate",
    }


def test_sources_that_are_left_out_run_nothing_of_theirs(graph: Project) -> None:
    graph.restore_params()
    graph.change_params(sources=["gold"], generate__sources=[], evaluate__source="gold")
    ran = set(graph.repro())
    assert {name for name in ran if name.startswith(("train", "export", "predict"))} == set()
    assert {name for name in ran if "written" in name} == set()
    assert "evaluate" in ran
    assert "up to date" in graph.run("dvc", "status").stdout


def test_a_misspelt_param_stops_before_any_stage(project: Project) -> None:
    path = project.path / "params.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("learning_rate:", "learning_rat:", 1), encoding="utf-8")
    done = project.run("python", "-m", "understudy.tools", "check", ok=False)
    assert done.returncode == 1
    assert (
        "train-t5.settings.learning_rat = 0.0005: unknown key; did you mean 'learning_rate'?"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
    path.write_text(text, encoding="utf-8")


def test_a_profile_takes_its_place_without_losing_edits(project: Project) -> None:
    edited = (project.path / "params.yaml").read_text(encoding="utf-8")
    project.run("make", "profile", "NAME=seeds")
    seeds = (project.path / "profiles" / "seeds.yaml").read_text(encoding="utf-8")
    assert (project.path / "params.yaml").read_text(encoding="utf-8") == seeds
    assert (project.path / "params.yaml.before").read_text(encoding="utf-8") == edited
    refused = project.run("make", "profile", "NAME=nope", ok=False)
    assert refused.returncode != 0
    assert "no profile 'nope'; there are: logs paper sample seeds" in refused.stderr
    assert Path(project.path / "params.yaml").read_text(encoding="utf-8") == seeds
