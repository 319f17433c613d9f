"""understudy repro: what runs side by side, and when nothing does."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.imports import ROOT
from understudy.contract.params.sources import SOURCES
from understudy.tools import repro
from understudy.versioning import parallel, status

MAKERS = ("generate@written", "label@labelled")


class Calls:
    """What was asked of DVC."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[object] = []
        self.statuses: dict[object, int] = {}
        monkeypatch.setattr(parallel, "reproduce", self._reproduce)
        monkeypatch.setattr(parallel, "reproduce_chains", self._reproduce_chains)
        monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2}, raising=False)
        self.due = ["train-t5@gold-13", "train-bart@written-13", "evaluate"]
        monkeypatch.setattr(status, "survey_stages", self._survey)

    def _survey(self) -> list[status.Stage]:
        fresh = status.Stage("train-t5@written-13", "up to date", ())
        return [fresh, *(status.Stage(name, "waits", ()) for name in self.due)]

    def _reproduce(self, *targets: str) -> int:
        self.made.append(targets)
        return self.statuses.get(targets, 0)

    def _reproduce_chains(self, chains: Sequence[Sequence[str]], cores: int) -> int:
        assert cores == 3
        self.made.append("chains")
        return self.statuses.get("chains", 0)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    monkeypatch.chdir(ROOT)
    return Calls(monkeypatch)


def test_tiny_students_train_side_by_side(calls: Calls) -> None:
    repro.main([])
    assert calls.made == [MAKERS, "chains", ()]


@pytest.mark.parametrize(
    "due", [[], ["evaluate"], ["predict-t5@t5-gold-13", "select@t5-written"], ["train-t5@gold-13"]]
)
def test_nothing_is_gained_where_no_two_sources_train(calls: Calls, due: list[str]) -> None:
    calls.due = due
    repro.main([])
    assert calls.made == [()]


def test_the_user_may_want_one_by_one(calls: Calls) -> None:
    repro.main(["--one-by-one"])
    assert calls.made == [()]


def test_real_students_fill_the_machine_alone(
    calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "profiles" / "paper.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    repro.main([])
    assert calls.made == [()]


@pytest.mark.parametrize("failing", [MAKERS, "chains", ()])
def test_a_failure_ends_it_with_dvcs_status(calls: Calls, failing: object) -> None:
    calls.statuses[failing] = 7
    with pytest.raises(SystemExit) as ended:
        repro.main([])
    assert ended.value.code == 7
    assert calls.made[-1] == failing


@pytest.mark.parametrize(
    ("sources", "makers"),
    [(["gold"], ["filter"]), (["labelled"], ["label@labelled"]), (SOURCES, list(MAKERS))],
)
def test_what_makes_the_pairs_runs_first(sources: Sequence[str], makers: list[str]) -> None:
    assert repro.list_makers(sources) == makers


def test_the_chains_are_all_that_the_graph_has_of_the_students() -> None:
    stages = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    of_students = ("train", "export", "predict", "select")
    students = {name for name in stages if name.split("-")[0] in of_students}
    chains = repro.list_chains({"t5": [13, 14], "bart": [7]}, SOURCES)
    listed = [stage for chain in chains for stage in chain]
    assert {stage.split("@")[0] for stage in listed} == students
    counts = {"train": 9, "export": 9, "predict": 9, "select": 6}
    assert len(listed) == len(set(listed)) == sum(counts.values())
    for chain in chains:
        for stage, count in counts.items():
            assert sum(name.startswith(stage) for name in chain) == count // 3
    assert chains[0][:3] == ["train-t5@gold-13", "train-t5@gold-14", "train-bart@gold-7"]
    assert chains[1][-4:] == [
        "export-bart@bart-written-7",
        "predict-bart@bart-written-7",
        "select@t5-written",
        "select@bart-written",
    ]
