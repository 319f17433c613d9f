"""The whole pipeline as its users drive it: make, dvc repro, push, pull, experiments.

One small project runs once; the tests then go on with it, in the order of this file.
"""

import filecmp
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project, copy_project, quick

FAMILIES, SOURCES = ("t5", "bart"), ("gold", "written")
# the third, labelled, is run by test_real_input, test_personal_data and test_harvest_runs
STUDENTS = [f"{family}-{source}" for family in FAMILIES for source in SOURCES]
SYSTEMS = {*STUDENTS, "zeroshot", "lead-3"}
ALL = [
    "fetch",
    "filter",
    "generate@written",
    *(f"train-{family}@{source}-13" for family in FAMILIES for source in SOURCES),
    *(
        f"{stage}-{family}@{family}-{source}-13"
        for stage in ("export", "predict")
        for family in FAMILIES
        for source in SOURCES
    ),
    *(
        f"{stage}@{student}"
        for stage in ("select", "latency", "calibrate", "cards")
        for student in STUDENTS
    ),
    *(f"datacards@{source}" for source in SOURCES),
    "zeroshot",
    "evaluate",
]
BEHIND = {
    *("evaluate", "worth", "report"),
    *(f"{stage}@{student}" for stage in ("latency", "calibrate", "cards") for student in STUDENTS),
    *(f"datacards@{source}" for source in SOURCES),
}
"""What a student trained anew may run."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("pipeline")
    project = copy_project(folder / "clone", "sample", {})
    project.change_params(
        fetch__sample__train=120,
        fetch__sample__validation=12,
        fetch__sample__test=12,
        sources=list(SOURCES),
        label__sources=[],
        **quick(steps=40),
    )
    project.commit("Start")
    project.run("dvc", "repro")
    project.commit("Run the pipeline")
    yield project
    project.restore_params()


def ran(printed: str) -> list[str]:
    """Names of the stages that ran, or would with --dry."""
    return re.findall(r"^Running stage '(.+)':", printed, re.MULTILINE)


def read_metrics(project: Project, name: str) -> dict[str, Any]:
    text = (project.path / "metrics" / f"{name}.json").read_text(encoding="utf-8")
    metrics: dict[str, Any] = json.loads(text)
    return metrics


def test_one_run_scores_every_system(project: Project) -> None:
    systems = read_metrics(project, "systems")
    assert set(systems) == SYSTEMS | {"reference", "references"}
    assert set(read_metrics(project, "rouge")) == {"t5", "bart", "zeroshot", "lead-3"}
    assert len(read_metrics(project, "gap")) == 13
    assert systems["zeroshot"]["rouge1"]["recall"] > 0


def test_no_partial_file_is_left(project: Project) -> None:
    assert list(project.path.rglob("*.partial")) == []


def test_a_second_run_does_nothing(project: Project) -> None:
    assert ran(project.run("dvc", "repro").stdout) == []
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


def test_a_scoring_param_runs_evaluate_only(project: Project) -> None:
    project.change_params(evaluate__resamples=500, evaluate__seed=7)
    assert set(ran(project.run("dvc", "repro", "--dry").stdout)) == {"evaluate"}
    project.change_params(evaluate__stemmer=False)  # the report marks what ROUGE counts
    calibrated = {f"calibrate@{student}" for student in STUDENTS}
    found = set(ran(project.run("dvc", "repro", "--dry").stdout))
    assert found == {"evaluate", "report", *calibrated}
    project.restore_params()


def test_settings_of_one_student_train_that_student_only(project: Project) -> None:
    project.change_params(train_T5__settings__learning_rate=0.001)
    assert ran(project.run("dvc", "repro", "--dry").stdout) == [
        *(f"train-t5@{source}-13" for source in SOURCES)
    ]
    project.restore_params()


def test_pace_and_prices_make_no_answer_stale(project: Project) -> None:
    project.change_params(teacher__concurrency=3, teacher__timeout_seconds=9.0)
    assert ran(project.run("dvc", "repro", "--dry").stdout) == []
    project.restore_params()


def test_a_changed_input_file_is_noticed(project: Project) -> None:
    path = project.path / "data/example/train.jsonl"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + before.splitlines()[0] + "\n", encoding="utf-8")
    assert "fetch" in ran(project.run("dvc", "repro", "--dry").stdout)
    path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize(
    ("changed", "stages"),
    [
        (["stages/report/page.py", "stages/report/style/page.css"], {"report"}),
        (["understudy/tools/review.py", "understudy/tools/plan.py"], set()),
        (["understudy/scoring/bootstrap.py"], {"evaluate"}),
        (["stages/cards/card.py"], {f"cards@{student}" for student in STUDENTS}),
    ],
)
def test_changed_code_runs_no_stage_whose_result_it_cannot_change(
    project: Project, changed: list[str], stages: set[str]
) -> None:
    for name in changed:
        with (project.path / name).open("a", encoding="utf-8") as file:
            file.write("\n")
    assert set(ran(project.run("dvc", "repro", "--dry").stdout)) == stages
    project.run("git", "checkout", "--quiet", "understudy", "stages")


def test_equal_seeds_give_equal_metrics(project: Project) -> None:
    before = read_metrics(project, "systems")
    project.run("dvc", "repro", "--force", "--no-run-cache", "--single-item", "train-t5@gold-13")
    # no two runs take equally long
    timed = {name for name in BEHIND if not name.startswith("data")} | {"select@t5-gold"}
    assert set(ran(project.run("dvc", "repro", "worth").stdout)) <= timed
    assert read_metrics(project, "systems") == before
    changed = project.run("git", "status", "--porcelain").stdout.split()
    assert set(changed[1::2]) <= {
        *("dvc.lock", "metrics/worth.json", "metrics/students/t5-gold.json")
    }
    project.commit("Train again")


def test_one_more_seed_trains_one_model_a_source_and_one_less_trains_none(
    project: Project,
) -> None:
    project.change_params(train_T5__seeds=[13, 14])
    more = set(ran(project.run("dvc", "repro", "evaluate").stdout))
    assert "evaluate" in more
    assert more - BEHIND == {
        *(f"train-t5@{source}-14" for source in SOURCES),
        *(f"{stage}-t5@t5-{source}-14" for stage in ("export", "predict") for source in SOURCES),
        *(f"select@t5-{source}" for source in SOURCES),
    }
    seeds = read_metrics(project, "seeds")
    counts = [found["seeds"] for found in seeds.values()]
    assert dict(zip(seeds, counts, strict=True)) == {
        student: 2 if student.startswith("t5") else 1 for student in STUDENTS
    }
    for source in SOURCES:
        shipped = project.path / f"models/t5-{source}/model.safetensors"
        best = project.path / f"models/seeds/t5-{source}/{seeds[f't5-{source}']['shipped']}"
        assert filecmp.cmp(shipped, best / shipped.name, shallow=False)
    assert not ran(project.run("dvc", "repro", "evaluate").stdout)
    project.restore_params()
    fewer = set(ran(project.run("dvc", "repro", "evaluate").stdout))
    assert fewer <= {"evaluate", *(f"select@t5-{source}" for source in SOURCES)}
    assert not (project.path / "models/seeds/t5-gold/14").exists()
    assert "up to date" in project.run("dvc", "status", "evaluate").stdout


def test_the_sources_line_up_in_metrics_diff_with_nothing_retrained(project: Project) -> None:
    for source in SOURCES:
        setting = f"evaluate.source={source}"
        printed = project.run("dvc", "exp", "run", "-n", f"source-{source}", "-S", setting).stdout
        assert set(ran(printed)) <= BEHIND
    printed = project.run("dvc", "metrics", "diff", "source-gold", "source-written").stdout
    assert re.search(r"^metrics/rouge\.json +(t5|bart)\.rouge1\.f1 ", printed, re.MULTILINE)
    assert "zeroshot" not in printed
    project.run("git", "checkout", "--quiet", ".")


def test_a_clone_that_pulls_runs_nothing_and_asks_nothing(project: Project) -> None:
    project.run("dvc", "repro")
    project.commit("Up to date")
    project.run("dvc", "push")
    project.run("git", "clone", "--quiet", str(project.path), "../elsewhere")
    clone = Project(project.path.parent / "elsewhere", {})
    clone.run("dvc", "pull")
    assert ran(clone.run("dvc", "repro").stdout) == []
    assert not (clone.path / ".dvc" / "cache" / "teacher").exists()
    assert clone.run("git", "status", "--porcelain").stdout == ""


def test_a_new_article_prompt_runs_generate_and_what_follows_it(project: Project) -> None:
    prompt = project.path / "prompts" / "brief.txt"
    prompt.write_text("Write an article about '$highlights This is all .'\n", encoding="utf-8")
    project.change_params(generate__prompt="prompts/brief.txt")
    touched = set(ran(project.run("dvc", "repro", "evaluate").stdout))
    written = {name for name in ALL if "written" in name}
    assert "generate@written" in touched
    assert touched - BEHIND == written - BEHIND
    assert touched & BEHIND == {"evaluate"}


def test_sources_that_are_left_out_leave_nothing_behind(project: Project) -> None:
    project.restore_params()
    project.change_params(sources=["gold"], evaluate__source="gold")
    path = project.path / "params.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("sources: [written]", "sources: []"), encoding="utf-8")
    ran_now = set(ran(project.run("dvc", "repro").stdout))
    assert {name for name in ran_now if name.startswith(("train", "export", "predict"))} == set()
    assert {name for name in ran_now if "written" in name} == set()
    assert set(read_metrics(project, "rouge")) == {"t5", "bart", "zeroshot", "lead-3"}
    assert not any("written" in name for name in read_metrics(project, "systems"))
    assert list((project.path / "metrics").rglob("*written*")) == []
    assert "up to date" in project.run("dvc", "status").stdout
    project.run("git", "checkout", "--quiet", ".")


def test_a_misspelt_param_stops_before_any_stage(project: Project) -> None:
    path = project.path / "params.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("learning_rate:", "learning_rat:", 1), encoding="utf-8")
    done = project.run("python", "-m", "understudy.tools", "check", ok=False)
    assert done.returncode == 1
    assert (
        "train-t5.settings.learning_rat = 0.003: unknown key; did you mean 'learning_rate'?"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
    path.write_text(text, encoding="utf-8")


def test_a_profile_takes_its_place_without_losing_edits(project: Project) -> None:
    edited = (project.path / "params.yaml").read_text(encoding="utf-8")
    project.run("make", "profile", "NAME=paper")
    paper = (project.path / "profiles" / "paper.yaml").read_text(encoding="utf-8")
    assert (project.path / "params.yaml").read_text(encoding="utf-8") == paper
    assert (project.path / "params.yaml.before").read_text(encoding="utf-8") == edited
    refused = project.run("make", "profile", "NAME=nope", ok=False)
    assert refused.returncode != 0
    assert "no profile 'nope'; there are: logs paper sample seeds" in refused.stderr
    assert Path(project.path / "params.yaml").read_text(encoding="utf-8") == paper
