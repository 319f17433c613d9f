"""A small repository with the project's files of metrics, scores and answers, made by real DVC.

Its stages copy what a test has put under made/, so that a test says what each branch found.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from stages.evaluate.judging import price_calls, write_scores, write_seed_scores
from tests.contract.examples import make_answered
from tests.contract.text_examples import make_traits
from tests.imports import ROOT
from tests.project import Project
from understudy.contract.answered import CallCounts
from understudy.contract.answers import Answer
from understudy.contract.asked import WRITTEN_ANSWERS_SCHEMA
from understudy.contract.evaluation import REFERENCE, Gap, Systems
from understudy.contract.lineup import Lineup
from understudy.contract.names import COLUMNS
from understudy.contract.params.evaluate import Judgement
from understudy.contract.params.teacher import Prices
from understudy.contract.recipes import Recipes
from understudy.contract.teacher_use import TeacherUse
from understudy.contract.texts import Texts
from understudy.core.tables import iterate_table, table_writer
from understudy.scoring.bootstrap import Figures
from understudy.scoring.scoreboard import RecipeBoard, Scoreboard
from understudy.teacher.bill import CallTally
from understudy.teacher.completion import failed_answer
from understudy.teacher.requests import content_key

LINEUP = Lineup(("gold", "written"))
SYSTEMS, TRAINED = LINEUP.systems, LINEUP.trained
ARTICLES = 60
HIGHLIGHTS = 40
PROMPT = "Write a news article: $highlights\n"
PRICES = {"input": 1.0, "cached_input": 0.5, "output": 2.0, "batch_factor": 0.5}
JUDGEMENT = Judgement(margin=1.0, resamples=1000, seed=1)
TOKENS = (1000, 200, 3000)
"""Of each answer: prompt, cached, completion."""
ANSWER_USD = (800 * 1.0 + 200 * 0.5 + 3000 * 2.0) / 1e6
PIPELINE = """\
stages:
  generate:
    cmd: cp made/answers.parquet data/written/ && cp made/generate.json metrics/answers/
    deps: [prompts/generate.txt, made/answers.parquet, made/generate.json]
    outs: [data/written/answers.parquet]
    metrics: [{metrics/answers/generate.json: {cache: false}}]
  train-t5:
    matrix: {source: [written], seed: "${train-t5.seeds}"}
    cmd: cp -r made/models/${item.seed} models/seeds/t5-written/
    deps: [data/written/answers.parquet, "made/models/${item.seed}"]
    outs:
      - models/seeds/t5-written/${item.seed}/ctranslate2
      - models/seeds/t5-written/${item.seed}/model.safetensors
  select:
    matrix: {student: [t5], source: [written]}
    cmd: cp -r made/shipped/. models/t5-written/ && cp made/t5-written.csv metrics/curves/
    deps: [models/seeds/t5-written, made/shipped, made/t5-written.csv]
    outs: [models/t5-written/ctranslate2, models/t5-written/model.safetensors]
    plots: [{metrics/curves/t5-written.csv: {cache: false}}]
  zeroshot:
    cmd: cp made/zeroshot.parquet data/predictions/
    deps: [made/zeroshot.parquet]
    outs: [data/predictions/zeroshot.parquet]
  evaluate:
    cmd: cp made/*scores.parquet data/ && cp made/scored/*.json metrics/
    deps:
      - data/written/answers.parquet
      - data/predictions/zeroshot.parquet
      - models/t5-written/ctranslate2
      - made/scored
      - made/scores.parquet
      - made/seed-scores.parquet
    params: [evaluate]
    outs: [data/scores.parquet, data/seed-scores.parquet]
    metrics:
      - metrics/systems.json: {cache: false}
      - metrics/gap.json: {cache: false}
      - metrics/seeds.json: {cache: false}
      - metrics/recipes.json: {cache: false}
      - metrics/texts.json: {cache: false}
      - metrics/teacher.json: {cache: false}
"""
FOLDERS = (
    *("data/written", "data/predictions", "metrics/answers", "metrics/curves", "prompts"),
    *("models/t5-written", "models/seeds/t5-written"),
)


@dataclass(frozen=True)
class Found:
    """What a branch's run has found."""

    prompt: str = PROMPT
    better: Mapping[str, float] = field(default_factory=dict)
    """Points that a system's scores are above those of the base, give or take."""
    first_article: int = 0
    """Number of the first test article."""
    kept: int = 36
    """Training pairs out of the answers."""
    loss: float = 1.0
    failed: int = 0
    """Calls that failed for good."""
    seeds: Mapping[int, float] = field(default_factory=lambda: {13: 0.0})
    """Each seed, and the points by which its models are above those of the first, which ship."""
    weights: str = "first"
    """What was trained, give or take the seed."""


WRITTEN = ("t5-written", "bart-written")
OTHERS = ("t5-gold", "bart-gold", "zeroshot", "lead-3")
OTHER_PROMPT = Found(
    prompt="Invent a story: $highlights\n",
    better={"t5-written": 12.0, "bart-written": -2.0},
    kept=30,
    loss=0.5,
    weights="other",
)


def start_branch(path: Path) -> Project:
    """A repository whose branch `prompt` has another article prompt; all is in the remote."""
    project = start(path)
    project.run("git", "checkout", "--quiet", "-b", "prompt")
    run(project, OTHER_PROMPT)
    project.run("dvc", "push", "--quiet")
    return project


def copy(project: Project, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of a repository and its remote, in which the process stands."""
    shutil.copytree(project.path.parent, folder / "work", symlinks=True)
    copied = Project(folder / "work" / "project", {})
    for name in ("DVC_SITE_CACHE_DIR", "GIT_CONFIG_GLOBAL"):
        monkeypatch.setenv(name, copied.environment[name])
    monkeypatch.chdir(copied.path)
    return copied


def start(path: Path, found: Found | None = None) -> Project:
    """The repository, run, pushed to a remote beside it and committed as `main`."""
    path.mkdir(parents=True)
    project = Project(path, {})
    (path / "dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    shutil.copy(ROOT / "profiles" / "sample.yaml", path / "params.yaml")
    project.change_params(
        teacher__base_url="http://127.0.0.1:9/v1",
        teacher__model="double",
        teacher__prices=PRICES,
        evaluate__resamples=JUDGEMENT.resamples,
    )
    for package in ("stages", "understudy"):
        (path / package).symlink_to(ROOT / package)
    (path / ".gitignore").write_text("/stages\n/understudy\n/made/\n/models/\n", encoding="utf-8")
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.run("dvc", "init", "--quiet")
    project.run("dvc", "config", "core.analytics", "false")
    project.run("dvc", "remote", "add", "--default", "storage", "../storage")
    run(project, found or Found())
    project.run("dvc", "push", "--quiet")
    return project


def run(project: Project, found: Found) -> None:
    """Runs the pipeline so that it finds this, and commits it."""
    write(project.path / "made", found)
    project.change_params(train_T5__seeds=list(found.seeds))
    for folder in FOLDERS:
        (project.path / folder).mkdir(parents=True, exist_ok=True)
    prompt = project.path / "prompts" / "generate.txt"
    prompt.write_text(found.prompt, encoding="utf-8")
    project.run("dvc", "repro", "--quiet")
    project.commit("Run")


def write(made: Path, found: Found) -> None:
    """Writes what the stages copy."""
    (made / "scored").mkdir(parents=True, exist_ok=True)
    _write_models(made, found)
    steps = [f"{step},{found.loss + 10 / step}" for step in (10, 20, 30)]
    (made / "t5-written.csv").write_text(
        "\n".join(["step,validation_loss", *steps]), encoding="utf-8"
    )
    write_answers(made / "answers.parquet", found.prompt, HIGHLIGHTS, found.failed)
    write_answers(made / "zeroshot.parquet", "Summarize", ARTICLES)
    train = {"asked": HIGHLIGHTS, "kept": found.kept, "dropped": {}}
    make_answered("generate", train=train).write(made / "generate.json")
    _write_scores(made, found)
    counted = {
        name: price_calls(count(made / f"{f}.parquet"), Prices(**PRICES))
        for name, f in FILES.items()
    }
    TeacherUse(**counted).write(made / "scored" / "teacher.json")


def count(path: Path) -> CallCounts:
    """What the answers in a file took."""
    tally = CallTally()
    for row in iterate_table(path, tuple(WRITTEN_ANSWERS_SCHEMA)):
        answer = Answer.from_record(row)
        tally.add_row(usable=not answer.error, failed=bool(answer.error))
        tally.add_answer(answer)
    return tally.describe()


FILES = {"generate": "answers", "zeroshot": "zeroshot"}


def _write_models(made: Path, found: Found) -> None:
    shutil.rmtree(made / "models", ignore_errors=True)
    for seed in found.seeds:
        model = made / "models" / str(seed)
        (model / "ctranslate2").mkdir(parents=True)
        (model / "ctranslate2" / "config.json").write_text("{}\n", encoding="utf-8")
        (model / "ctranslate2" / "model.bin").write_text(f"{found.loss}\n" * 1000, "utf-8")
        (model / "model.safetensors").write_text(f"{found.weights} {seed}\n", "utf-8")
    shipped = made / "models" / str(next(iter(found.seeds)))
    shutil.copytree(shipped, made / "shipped", dirs_exist_ok=True)


def _write_scores(made: Path, found: Found) -> None:
    names = [f"test-{found.first_article + n}" for n in range(ARTICLES)]
    rows = {}
    for number, system in enumerate(SYSTEMS):
        generator = np.random.default_rng(number)
        points = generator.normal(40 + number, 10, size=(ARTICLES, len(COLUMNS)))
        better = found.better.get(system, 0.0)
        wobble = np.random.default_rng(99).normal(0, 2 if better else 0, size=points.shape)
        rows[system] = points + better + wobble - wobble.mean(axis=0)
    board = Scoreboard(rows, JUDGEMENT)
    write_scores(names, rows, made / "scores.parquet")
    scored = made / "scored"
    systems = {name: {**board.summarize(name), "words": 50.0, "empty": 0} for name in SYSTEMS}
    Systems.model_validate({**systems, REFERENCE: {"words": 51.5, "empty": 0}}).write(
        scored / "systems.json"
    )
    Gap.model_validate(board.compare(LINEUP.pairs)).write(scored / "gap.json")
    _write_recipes(made, found, names, rows)
    texts = {
        name: make_traits(0).model_copy(update={"novel1": 10 + found.better.get(name, 0.0)})
        for name in SYSTEMS
    }
    Texts.model_validate(texts).write(scored / "texts.json")


def _write_recipes(made: Path, found: Found, names: list[str], rows: Mapping[str, Figures]) -> None:
    models = {
        system: {seed: rows[system] + shift for seed, shift in found.seeds.items()}
        if system in TRAINED
        else {0: rows[system]}
        for system in SYSTEMS
    }
    board = RecipeBoard(models, TRAINED, JUDGEMENT.margin)
    shipped = next(iter(found.seeds))
    recipes = {system: board.summarize(system, shipped) for system in TRAINED}
    Recipes.model_validate(recipes).write(made / "scored" / "seeds.json")
    board.compare(LINEUP.pairs).write(made / "scored" / "recipes.json")
    trained = {system: models[system] for system in TRAINED}
    write_seed_scores(names, trained, made / "seed-scores.parquet")


def write_answers(path: Path, prompt: str, count: int, failed: int = 0) -> None:
    """A stage's answers; the last of them failed."""
    with table_writer(path, WRITTEN_ANSWERS_SCHEMA) as table:
        for number in range(count):
            key = content_key(f"{prompt}:{number}".encode())
            answer = Answer(key, f"Text {number}.", "stop", "", "double", *TOKENS)
            if number >= count - failed:
                answer = failed_answer(key, "double", "no answer")
            reason = "failed" if answer.error else None
            row = {"split": "train", "id": str(number), "reason": reason}
            table.add({**row, **answer.to_record()})
