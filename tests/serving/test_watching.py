"""The drift watch: one stream over workers and restarts, and one alarm."""

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from understudy.core.errors import DataError
from understudy.serving.mode_meters import ModeMeters
from understudy.serving.monitoring import Meters
from understudy.serving.watching import DriftWatch, Expected

EXPECTED = Expected(floor=40.0, rate=0.1, of={"weights": "a" * 64})


class Worker:
    """One worker's watch, its figures and its log."""

    def __init__(self, path: Path, expected: Expected = EXPECTED) -> None:
        self._meters = Meters()
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.watch = DriftWatch(path, expected, self._meters.part(ModeMeters), self.log)

    def log(self, event: str, level: str = "info", **facts: Any) -> None:
        self.logged.append((event, facts))

    def figure(self, name: str) -> float:
        text = self._meters.render().decode()
        [line] = [line for line in text.splitlines() if line.startswith(f"{name} ")]
        return float(line.rpartition(" ")[2])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "served/drift-t5.json"


def agreements(share_bad: float, count: int, seed: int = 3) -> Iterator[float]:
    """Points of agreement, so many of them below the floor."""
    chance = random.Random(seed)
    return (39.9 if chance.random() < share_bad else 40.0 for _ in range(count))


def test_a_student_as_calibrated_raises_no_alarm(path: Path) -> None:
    worker = Worker(path)
    for one in agreements(0.08, 400):
        worker.watch.add(one)
    assert worker.figure("understudy_compared_total") == 400
    assert worker.figure("understudy_drift_alarm") == 0
    assert worker.logged == []


def test_planted_drift_alarms_once_with_figures_and_what_to_do(path: Path) -> None:
    worker = Worker(path)
    for one in agreements(0.4, 200):
        worker.watch.add(one)
    [(event, facts)] = worker.logged
    assert event == "drift_alarm"
    assert facts["requests"] < 150
    assert facts["percent"] > facts["calibrated_percent"] == 10.0
    assert "understudy harvest" in facts["hint"]
    assert worker.figure("understudy_drift_alarm") == 1
    assert worker.figure("understudy_drift_e_value") >= 20


def test_workers_share_one_stream_and_one_alarm(path: Path) -> None:
    workers = [Worker(path), Worker(path)]
    with ThreadPoolExecutor(8) as pool:
        for at, one in enumerate(agreements(0.5, 120)):
            pool.submit(workers[at % 2].watch.add, one)
    assert json.loads(path.read_text("utf-8"))["test"]["requests"] == 120
    assert sum(len(worker.logged) for worker in workers) == 1


def test_a_restart_goes_on_and_shows_the_alarm_without_telling_it_again(path: Path) -> None:
    for one in agreements(1.0, 30):
        Worker(path).watch.add(one)
    restarted = Worker(path)
    assert restarted.figure("understudy_drift_alarm") == 1
    restarted.watch.add(0.0)
    assert restarted.logged == []
    assert json.loads(path.read_text("utf-8"))["test"]["requests"] == 31


@pytest.mark.parametrize(
    "other",
    [
        Expected(40.0, 0.1, {"weights": "b" * 64}),
        Expected(41.0, 0.1, EXPECTED.of),
        Expected(40.0, 0.2, EXPECTED.of),
    ],
)
def test_for_anything_else_that_was_calibrated_it_begins_anew(path: Path, other: Expected) -> None:
    for one in agreements(1.0, 30):
        Worker(path).watch.add(one)
    anew = Worker(path, other)
    assert anew.figure("understudy_drift_alarm") == 0
    anew.watch.add(50.0)
    assert json.loads(path.read_text("utf-8"))["test"]["requests"] == 1


@pytest.mark.parametrize("content", ["{", "[]", '"a"', '{"of": {}}'])
def test_a_record_that_is_none_is_told_at_the_start(path: Path, content: str) -> None:
    path.parent.mkdir()
    if content == '{"of": {}}':
        known = {"of": dict(EXPECTED.of), "floor": 40.0, "rate": 0.1, "test": {"rate": 2}}
        content = json.dumps(known)
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"drift-t5\.json: not the record .* remove it"):
        Worker(path)


def test_a_record_that_cannot_be_written_is_one_line_and_no_request_fails(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("understudy.serving.watching.write_json", fail)
        for _ in range(3):
            worker.watch.add(0.0)
    assert [event for event, _ in worker.logged] == ["drift_not_kept"]
    worker.watch.add(0.0)
    assert json.loads(path.read_text("utf-8"))["test"]["requests"] == 1
