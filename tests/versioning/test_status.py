"""Which stages would run and why, on small pipelines that DVC itself has run."""

import re
import shutil
from pathlib import Path

import pytest

from tests.project import Project, copy_project
from understudy.core.errors import DataError, ParamsError
from understudy.versioning.status import CACHED_RUN, Stage, survey_stages

PIPELINE = """\
stages:
  last:
    cmd: wc -c < models/a/model.txt > metrics.json
    deps: [models/a, models/b]
    params: [last]
    metrics:
      - metrics.json:
          cache: false
  first:
    cmd: cat code/*.sh ${first.file} > data.txt
    deps: ["${first.file}", code]
    params: [first, teacher.model, teacher.request]
    outs: [data.txt]
  train:
    matrix:
      name: [a, b]
    cmd: mkdir -p models/${item.name} && cp data.txt models/${item.name}/model.txt
    deps: [data.txt]
    outs: ["models/${item.name}"]
"""
PARAMS = """\
first:
  file: input.txt
  limit: null
  old: 1
teacher:
  model: rules
  request: {}
  concurrency: 3
last: 5
"""
ORDER = ["first", "train@a", "train@b", "last"]
NEVER = ("never run",)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A pipeline right after its first `dvc repro`, everything committed."""
    project = Project(tmp_path_factory.mktemp("staleness") / "finished", {})
    (project.path / "code").mkdir(parents=True)
    files = {"dvc.yaml": PIPELINE, "params.yaml": PARAMS, "input.txt": "in\n", "code/a.sh": "one\n"}
    for name, text in files.items():
        (project.path / name).write_text(text, encoding="utf-8")
    project.run("git", "init", "--quiet")
    project.run("dvc", "init", "--quiet")
    project.run("dvc", "config", "core.analytics", "false")
    project.run("dvc", "repro")
    project.commit("Run")
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The finished pipeline in a folder of its own; the test's process does not stand in it."""
    shutil.copytree(finished.path, tmp_path / "copy")
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    return Project(tmp_path / "copy", {})


def write(project: Project, name: str, text: str) -> None:
    (project.path / name).write_text(text, encoding="utf-8")


def change(project: Project, name: str, old: str, new: str) -> None:
    text = (project.path / name).read_text(encoding="utf-8")
    assert old in text
    write(project, name, text.replace(old, new, 1))


def survey(project: Project) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {s.name: (s.state, s.reasons) for s in survey_stages(project.path)}


def states(project: Project) -> list[str]:
    return [stage.state for stage in survey_stages(project.path)]


def ran(project: Project) -> list[str]:
    printed = project.run("dvc", "repro").stdout
    return re.findall(r"^Running stage '(.+)':", printed, re.MULTILINE)


def test_after_a_run_only_params_of_a_stage_make_it_stale(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    assert survey_stages(project.path) == [Stage(name, "up to date", ()) for name in ORDER]
    assert capfd.readouterr() == ("", "")
    assert project.run("git", "status", "--porcelain").stdout == ""
    change(project, "params.yaml", "concurrency: 3", "concurrency: 4")
    assert states(project) == ["up to date"] * 4
    change(project, "params.yaml", "last: 5\n", "")
    assert survey(project)["last"] == ("stale", ("params last removed",))


def test_a_changed_param_names_old_and_new_and_what_follows_waits(project: Project) -> None:
    change(project, "params.yaml", "model: rules", "model: written")
    assert survey(project) == {
        "first": ("stale", ("params teacher.model changed: 'rules' -> 'written'",)),
        "train@a": ("waits", ("depends on first",)),
        "train@b": ("waits", ("depends on first",)),
        "last": ("waits", ("depends on train@a, train@b",)),
    }
    assert ran(project) == ["first"]  # it writes the same again: what waited does not run


def test_nested_added_removed_null_and_long_params(project: Project) -> None:
    change(project, "params.yaml", "limit: null\n  old: 1", f"limit: {'x' * 60}\n  new: null")
    change(project, "params.yaml", "request: {}", "request: {effort: low}")
    change(project, "params.yaml", "concurrency: 3", "concurrency: 4")
    assert survey(project)["first"] == (
        "stale",
        (
            f"params first.limit changed: None -> '{'x' * 38}…",
            "params first.old removed",
            "params first.new added: None",
            "params teacher.request.effort added: 'low'",
        ),
    )


def test_changed_and_absent_inputs(project: Project) -> None:
    write(project, "code/b.sh", "two\n")
    assert survey(project)["first"] == ("stale", ("code changed",))
    (project.path / "input.txt").unlink()
    assert survey(project)["first"] == ("stale", ("input.txt is absent", "code changed"))


def test_a_changed_command_and_a_new_dependency(project: Project) -> None:
    change(project, "dvc.yaml", "wc -c", "wc -w")
    change(project, "dvc.yaml", "[models/a, models/b]", "[models/a, models/b, input.txt]")
    reasons = ("command changed", "input.txt is a new dependency")
    assert survey(project)["last"] == ("stale", reasons)


def test_a_new_stage_before_an_old_one(project: Project) -> None:
    new = (
        "  early:\n    cmd: cp input.txt early.txt\n    deps: [input.txt]\n    outs: [early.txt]\n"
    )
    change(project, "dvc.yaml", "  first:", f"{new}  first:")
    change(project, "dvc.yaml", 'file}", code]', 'file}", code, early.txt]')
    found = survey(project)
    assert found["early"] == ("stale", NEVER)
    assert found["first"] == ("stale", ("early.txt is a new dependency",))
    assert ran(project) == ["early", "first"]


def test_the_run_cache_is_known_before_dvc_uses_it(project: Project) -> None:
    write(project, "input.txt", "other\n")
    assert survey(project)["first"] == ("stale", ("input.txt changed",))
    assert ran(project) == ["first", "train@a", "train@b", "last"]
    write(project, "input.txt", "in\n")
    assert survey(project)["first"] == ("stale", ("input.txt changed", CACHED_RUN))
    assert ran(project) == []
    assert states(project) == ["up to date"] * 4


def test_one_stage_run_alone_leaves_the_next_stale(project: Project) -> None:
    write(project, "input.txt", "other\n")
    project.run("dvc", "repro", "first")
    assert survey(project) == {
        "first": ("up to date", ()),
        "train@a": ("stale", ("data.txt changed",)),
        "train@b": ("stale", ("data.txt changed",)),
        "last": ("waits", ("depends on train@a, train@b",)),
    }


def test_an_out_edited_by_hand_is_stale_and_restored(project: Project) -> None:
    write(project, "models/a/more.txt", "mine")
    reasons = ("models/a was changed by hand", CACHED_RUN)
    assert survey(project)["train@a"] == ("stale", reasons)
    assert survey(project)["last"] == ("waits", ("depends on train@a",))
    assert ran(project) == []
    assert not (project.path / "models/a/more.txt").exists()


def test_a_metric_in_git_counts_by_what_it_says(project: Project) -> None:
    write(project, "metrics.json", "1\n")
    assert survey(project)["last"][1][0] == "metrics.json was changed by hand"
    (project.path / "metrics.json").unlink()
    assert survey(project)["last"][1][0] == "metrics.json is absent"


def test_deleted_outs_are_missing_and_in_the_cache(project: Project) -> None:
    shutil.rmtree(project.path / "models")
    (project.path / "data.txt").unlink()
    assert survey(project) == {
        "first": ("missing", ("data.txt is in the cache: dvc checkout",)),
        "train@a": ("missing", ("models/a is in the cache: dvc checkout",)),
        "train@b": ("missing", ("models/b is in the cache: dvc checkout",)),
        "last": ("up to date", ()),
    }
    project.run("dvc", "checkout")
    assert states(project) == ["up to date"] * 4


def test_outs_without_their_copy_in_the_cache_are_missing(project: Project) -> None:
    shutil.rmtree(project.path / ".dvc/cache")
    where = "here, not in the cache: dvc commit, or it runs again"
    assert survey(project)["train@a"] == ("missing", (f"models/a is {where}",))
    project.run("dvc", "commit")
    assert states(project) == ["up to date"] * 4


def test_a_clone_without_data_is_missing_not_stale(project: Project) -> None:
    project.run("git", "clone", "--quiet", ".", "../clone")
    clone = Project(project.path.parent / "clone", {})
    where = "not in the cache: dvc pull, or it runs again"
    assert survey(clone) == {
        "first": ("missing", (f"data.txt is {where}",)),
        "train@a": ("missing", (f"models/a is {where}",)),
        "train@b": ("missing", (f"models/b is {where}",)),
        "last": ("up to date", ()),
    }
    change(clone, "params.yaml", "limit: null", "limit: 3")
    found = survey(clone)
    assert found["first"] == ("stale", ("params first.limit changed: None -> 3",))
    assert found["train@a"] == ("waits", ("depends on first", f"models/a is {where}"))


def test_many_missing_outs_are_one_reason(project: Project) -> None:
    change(project, "dvc.yaml", "> data.txt", "> data.txt && touch x y")
    change(project, "dvc.yaml", "outs: [data.txt]", "outs: [data.txt, x, y]")
    project.run("dvc", "repro", "first")
    for name in ("data.txt", "x", "y"):
        (project.path / name).unlink()
    reason = "data.txt and 2 more are in the cache: dvc checkout"
    assert survey(project)["first"] == ("missing", (reason,))


def test_without_a_lock_nothing_has_run_and_the_order_is_that_of_dvc(project: Project) -> None:
    (project.path / "dvc.lock").unlink()
    shutil.rmtree(project.path / ".dvc/cache")
    assert survey_stages(project.path) == [Stage(name, "stale", NEVER) for name in ORDER]
    assert ran(project) == ORDER


def test_a_file_of_dvc_add_is_data_like_any_other(project: Project) -> None:
    project.run("git", "rm", "--quiet", "--cached", "input.txt")
    project.run("dvc", "add", "input.txt")
    assert survey(project)["first"] == ("up to date", ())
    (project.path / "input.txt").unlink()
    missing = ("missing", ("input.txt is in the cache: dvc checkout",))
    assert survey(project)["input.txt.dvc"] == missing
    assert survey(project)["first"] == ("up to date", ())
    write(project, "input.txt", "other\n")
    assert survey(project)["first"] == ("stale", ("input.txt changed",))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("file: input.txt", "fil: input.txt", "params.yaml does not fit dvc.yaml: .*'first.file'"),
        ("file: input.txt", "file: null", "params.yaml: .* not text"),
        ("file: input.txt", "file: [input.txt]", "params.yaml does not fit dvc.yaml"),
        ("file: input.txt", "file: 3", "params.yaml: .* not text"),
        ("last: 5", "last: [5", "params.yaml"),
    ],
)
def test_broken_params_are_one_line(project: Project, old: str, new: str, told: str) -> None:
    change(project, "params.yaml", old, new)
    with pytest.raises(ParamsError, match=told) as caught:
        survey_stages(project.path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["dvc.yaml", "dvc.lock"])
def test_broken_files_of_dvc_are_one_line(project: Project, name: str) -> None:
    write(project, name, "stages: [")
    with pytest.raises(DataError, match=re.escape(name)) as caught:
        survey_stages(project.path)
    assert "\n" not in str(caught.value)


def test_a_folder_without_dvc_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="DVC repository"):
        survey_stages(tmp_path)


def test_the_real_graph_has_never_run_in_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / "site"))
    project = copy_project(tmp_path / "clone", "sample", {})
    found = survey_stages(project.path)
    assert len(found) == 53
    assert [found[0].name, found[-1].name] == ["fetch", "report"]
    assert {(stage.state, stage.reasons) for stage in found} == {("stale", NEVER)}
