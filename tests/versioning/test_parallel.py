"""Chains of stages side by side, with real DVC in a small project."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from understudy.versioning.parallel import DVC, reproduce, reproduce_chains

STAGES = """
stages:
  begin:
    cmd: python -c "open('begin', 'w').write('1')"
    outs: [begin]
  work:
    matrix: {one: [a, b]}
    cmd: python work.py ${item.one}
    deps: [begin, work.py]
    outs: ["${item.one}.json"]
  after:
    matrix: {one: [a, b]}
    cmd: python -c "open('${item.one}-after', 'w').write('1')"
    deps: ["${item.one}.json"]
    outs: ["${item.one}-after"]
"""
WORK = """
import json, os, pathlib, sys, time
pathlib.Path(sys.argv[1] + ".here").touch()
end = time.monotonic() + 60
while not pathlib.Path({"a": "b", "b": "a"}[sys.argv[1]] + ".here").exists():
    assert time.monotonic() < end, "the other chain does not run"
    time.sleep(0.05)
if pathlib.Path(sys.argv[1] + ".fails").exists():
    sys.exit(3)
json.dump({"threads": os.environ.get("OMP_NUM_THREADS")}, open(sys.argv[1] + ".json", "w"))
"""
CHAINS = [["work@a", "after@a"], ["work@b", "after@b"]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    (tmp_path / "dvc.yaml").write_text(STAGES, "utf-8")
    (tmp_path / "work.py").write_text(WORK, "utf-8")
    subprocess.run([*DVC, "init", "--quiet", "--no-scm"], check=True)
    assert reproduce("begin") == 0
    return tmp_path


def recorded(project: Path) -> set[str]:
    lock = YAML(typ="safe").load((project / "dvc.lock").read_text("utf-8"))
    return set(lock["stages"])


def test_chains_run_at_once_on_all_cores(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduce_chains(CHAINS, cores=6) == 0
    assert recorded(project) == {"begin", "work@a", "work@b", "after@a", "after@b"}
    for name in ("a", "b"):
        assert json.loads((project / f"{name}.json").read_text("utf-8")) == {"threads": "3"}
    printed = capsys.readouterr().out
    assert "Running stage 'work@a':\n" in printed
    assert "Running stage 'work@b':\n" in printed
    before = (project / "a.json").stat().st_mtime_ns
    assert reproduce() == 0
    assert (project / "a.json").stat().st_mtime_ns == before, "nothing was left to run"


def test_what_a_user_says_of_threads_stays(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert reproduce_chains(CHAINS, cores=6) == 0
    assert json.loads((project / "a.json").read_text("utf-8")) == {"threads": "5"}


def test_a_chain_that_fails_ends_while_the_other_goes_on(project: Path) -> None:
    (project / "a.fails").touch()
    assert reproduce_chains(CHAINS, cores=2) != 0
    assert recorded(project) == {"begin", "work@b", "after@b"}
