"""Threads that wait leave the cores to others, unless the user wants otherwise."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from understudy.students.model.machine import SHORT_SPIN, WAIT_VARIABLES, share_cores

USES = {
    "a tiny student": "build_tiny(FAMILIES['t5'], ['a text'] * 30, 1)",
    "a trained one": "load_student('models/none', 'a' * 40)",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment without torch, and without variables about waiting."""
    bare = {name: value for name, value in os.environ.items() if name not in WAIT_VARIABLES}
    monkeypatch.setattr("os.environ", bare)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    return bare


@pytest.mark.parametrize("idle", [100.0, 76.0, 74.0, 50.0, 0.0])
def test_alone_they_spin_for_a_moment_and_beside_others_they_sleep(
    environment: dict[str, str], idle: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    found = SimpleNamespace(idle=idle)
    monkeypatch.setattr("psutil.cpu_times_percent", lambda interval: found)
    before = dict(environment)
    share_cores()
    chosen = {"GOMP_SPINCOUNT": SHORT_SPIN} if idle > 75 else {"OMP_WAIT_POLICY": "PASSIVE"}
    assert environment == before | chosen


@pytest.mark.parametrize("name", WAIT_VARIABLES)
def test_what_the_user_has_set_stays(environment: dict[str, str], name: str) -> None:
    environment[name] = "5"
    before = dict(environment)
    share_cores()
    assert environment == before


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_the_choice_comes_before_torch(use: str) -> None:
    code = f"""
import os, sys
from understudy.students.model import loading, machine
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import build_tiny, load_student
def note():
    print('torch' in sys.modules)
    sys.exit()
loading.share_cores = note
{use}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
