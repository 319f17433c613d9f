"""understudy repro: what runs side by side, and when nothing does."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

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


def test_tiny_students_train_side_by_side_unless_the_user_wants_one_by_one(calls: Calls) -> None:
    repro.main([])
    assert calls.made == [MAKERS, "chains", ()]
    repro.main(["--one-by-one"])
    assert calls.made[3:] == [()]


@pytest.mark.parametrize(
    "due", [[], ["evaluate"], ["predict-t5@t5-gold-13", "select@t5-written"], ["train-t5@gold-13"]]
)
def test_nothing_is_gained_where_no_two_sources_train(calls: Calls, due: list[str]) -> None:
    calls.due = due
    repro.main([])
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


@pytest.mark.parametrize(("folder", "students"), [(".", 2), ("classification", 4)])
def test_the_chains_are_all_that_the_graph_has_of_the_students(
    monkeypatch: pytest.MonkeyPatch, folder: str, students: int
) -> None:
    monkeypatch.chdir(ROOT / folder)
    names = [stage.name for stage in status.survey_stages()]
    chains = repro.list_chains(names, SOURCES)
    trained = [[name for name in chain if name.startswith("train-")] for chain in chains]
    assert [len(names) for names in trained] == [students] * len(SOURCES)
    listed = {name for chain in chains for name in chain}
    assert listed == {name for name in names if re.match(r"(train|export|predict|select)\b", name)}
    for source, chain in zip(SOURCES, chains, strict=True):
        assert all(re.search(rf"@(.+-)?{source}(-\d+)?$", name) for name in chain)
        assert chain == sorted(chain, key=names.index)
