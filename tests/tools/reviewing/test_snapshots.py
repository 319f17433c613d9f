"""Reviews where one side lacks data, metrics or whole versions of them."""

import json
import shutil
from pathlib import Path

import pytest

from tests.project import Project
from tests.tools.reviewing.reviewer import Reviewer, rows, section, set_gates
from tests.tools.reviewing.scratch import ARTICLES, HIGHLIGHTS, Found, run, write
from understudy.tools.reviewing.gates import GateError


def lose_data(project: Project) -> None:
    shutil.rmtree(".dvc/cache")
    shutil.rmtree(project.path.parent / "storage")


def commit_older_and_newer(project: Project) -> None:
    """Runs and commits what is here as `older`, with the branch `prompt` on top of it."""
    project.run("dvc", "repro", "--quiet")
    project.commit("Older")
    project.run("git", "checkout", "--quiet", "-b", "newer")
    project.run("git", "checkout", "--quiet", "prompt", "--", ".")
    project.commit("Newer")
    project.run("dvc", "checkout", "--quiet")


def test_without_the_bases_data_its_metrics_have_to_do(project: Project, review: Reviewer) -> None:
    lose_data(project)
    text = review.text("main")
    scores = section(text, "Scores")
    assert "Intervals are unpaired, from those in `metrics/systems.json`" in scores
    assert "`the base: neither DVC's cache nor its remote has data/scores.parquet`" in scores
    assert [row[5] for row in rows(scores, "bart-written")] == ["within noise"] * 3
    assert [row[5] for row in rows(scores, "t5-written")] == ["**beyond noise**"] * 3
    assert "new calls of the teacher are not known" in text.splitlines()[0]
    teacher = section(text, "Teacher")
    bill = f"{HIGHLIGHTS} calls ($0.2760)"
    assert f"`generate`: {bill} → {bill}, by `metrics/teacher.json`; which" in teacher
    assert rows(teacher, "zeroshot")[0][3:] == ["0", "$0.00", str(ARTICLES), "0"]


def test_a_clone_without_data_knows_what_is_the_same_by_the_lock(
    project: Project, review: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("git", "clone", "--quiet", "--branch", "prompt", ".", "../elsewhere/clone")
    monkeypatch.chdir("../elsewhere/clone")
    teacher = section(review.text("origin/main"), "Teacher")
    assert rows(teacher, "zeroshot")[0] == [
        *("`zeroshot`", str(ARTICLES), "$0.4140", "0", "$0.00", str(ARTICLES), "")
    ]
    assert "`generate`: 40 calls" in teacher


def test_a_clone_reads_both_sides_from_the_remote(
    project: Project, review: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("git", "clone", "--quiet", "--branch", "prompt", ".", "../clone")
    monkeypatch.chdir("../clone")
    found = review.json("origin/main")
    assert found["scores"]["unpaired"] is None
    assert found["calls"][0]["new"]["calls"] == HIGHLIGHTS
    assert not Path("data/scores.parquet").exists()


def test_other_test_articles_are_not_paired(project: Project, review: Reviewer) -> None:
    run(project, Found(first_article=5, better={"t5-gold": 1.0}))
    text = review.text("main")
    assert "`the two sides were not scored on the same test articles`" in section(text, "Scores")


def test_metrics_that_are_missing_or_do_not_fit_are_told(
    project: Project, review: Reviewer
) -> None:
    systems = json.loads(Path("metrics/systems.json").read_text(encoding="utf-8"))
    systems["t5-written"]["rouge1"]["f1"] += 1
    Path("metrics/systems.json").write_text(json.dumps(systems), encoding="utf-8")
    text = review.text("main")
    assert "does not belong to metrics/systems.json`" in section(text, "Scores")
    assert "- **Stale:** `dvc repro` would run `evaluate`;" in text
    assert "- Not committed: `metrics/systems.json`." in text
    Path("metrics/systems.json").unlink()
    set_gates(project, minimum={"systems.t5-written.rouge1.f1": 1})
    text = review.text("main")
    assert isinstance(review.error, GateError)
    assert "- `metrics/systems.json` cannot be read: `" in text
    assert "- The workspace has no metrics `systems` to compare with." in text
    assert "### Teacher" in text


def test_an_older_version_is_compared_as_far_as_it_goes(project: Project, review: Reviewer) -> None:
    """It had no scores by article, no verdicts, other columns of answers, other metrics files."""
    project.run("git", "checkout", "--quiet", "--orphan", "older", "main")
    pipeline = Path("dvc.yaml").read_text(encoding="utf-8")
    for line in (
        "    outs: [data/scores.parquet, data/seed-scores.parquet]\n",
        "      - metrics/seeds.json: {cache: false}\n",
        "      - metrics/recipes.json: {cache: false}\n",
        "      - metrics/texts.json: {cache: false}\n",
    ):
        assert line in pipeline
        pipeline = pipeline.replace(line, "")
    Path("dvc.yaml").write_text(pipeline, encoding="utf-8")
    write(Path("made"), Found())
    Path("made/scored/gap.json").write_text('{"t5": {"rouge1": {"f1": -1, "f1_low": -2}}}', "utf-8")
    shutil.copy("made/scores.parquet", "made/answers.parquet")
    for name in ("seeds", "recipes", "texts"):
        project.run("git", "rm", "--quiet", "--force", f"metrics/{name}.json")
    commit_older_and_newer(project)
    text = review.text("older")
    assert review.error is None
    assert "`the base: there is no data/scores.parquet`" in section(text, "Scores")
    assert (
        section(text, "Verdicts")
        == "The base's `metrics/gap.json` has no verdicts to compare with."
    )
    assert "answers.parquet: no column 'request'" in section(text, "Teacher")
    assert "One seed on a side: `t5-written`, `bart-written`. The change holds only for" in text
    assert "- The base has no metrics `seeds`, `recipes`, `texts` to compare with." in text


def test_systems_of_other_names_are_gone_and_new(project: Project, review: Reviewer) -> None:
    """Sources were called cnn and gpt before they were gold and written."""
    project.run("git", "checkout", "--quiet", "--orphan", "older", "main")
    pipeline = Path("dvc.yaml").read_text(encoding="utf-8")
    renamed = pipeline.replace("data/written/", "data/gpt/").replace("t5-written", "t5-gpt")
    Path("dvc.yaml").write_text(renamed.replace("[written]", "[gpt]"), encoding="utf-8")
    write(Path("made"), Found())
    for path in (*Path("made/scored").glob("*.json"), Path("made/t5-written.csv")):
        text = path.read_text(encoding="utf-8").replace("-written", "-gpt").replace("-gold", "-cnn")
        path.with_name(path.name.replace("-written", "-gpt")).write_text(text, encoding="utf-8")
    for folder in ("data/gpt", "models/t5-gpt", "models/seeds/t5-gpt"):
        Path(folder).mkdir(parents=True)
    commit_older_and_newer(project)
    text = review.text("older")
    assert review.error is None
    assert "Scores of 8 of 10 systems changed, ROUGE-1 F1 beyond noise in none; " in text
    scores = section(text, "Scores")
    assert [row[5] for row in rows(scores, "t5-gpt")] == ["gone"] * 3
    assert [row[5] for row in rows(scores, "t5-written")] == ["new"] * 3
    assert "`t5-gpt` against `t5-cnn`, ROUGE-1 F1: undecided, would" in section(text, "Verdicts")
    (generate,) = rows(section(text, "Teacher"), "generate")
    assert [generate[3], generate[5]] == [str(HIGHLIGHTS), "0"]


def test_a_base_before_dvc_is_compared_as_it_can_be(project: Project, review: Reviewer) -> None:
    project.run("git", "checkout", "--quiet", "--orphan", "bare")
    project.run("git", "rm", "-r", "--quiet", "--cached", ".")
    project.run("git", "add", "params.yaml")
    project.run("git", "commit", "--quiet", "--message", "Start")
    project.commit("All")
    text = review.text("bare~1")
    assert review.error is None
    assert [row[5] for row in rows(section(text, "Scores"), "t5-written")] == ["new"] * 3
    assert "The base has no metrics" in text
