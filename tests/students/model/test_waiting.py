"""Threads that wait leave the cores to others, unless the user wants otherwise."""

import os
import subprocess
import sys

import pytest

from understudy.students.model.machine import WAIT_VARIABLES

MODULES = (
    "understudy.students.training.stage",
    "understudy.students.decoding.engines",
    "understudy.students.decoding.conversion",
    "understudy.tools.summarize",
    "stages.train_t5",
    "stages.predict",
    "stages.export",
)


def run(module: str, **variables: str) -> dict[str, str]:
    """The variables about waiting in a process that has imported a module, and torch's presence."""
    code = f"import os, sys, {module}\nprint('torch' in sys.modules, dict(os.environ), sep='|')"
    bare = {name: value for name, value in os.environ.items() if name not in WAIT_VARIABLES}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**bare, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded, _, found = done.stdout.strip().partition("|")
    assert loaded == "False", "torch reads them when it is imported, which came first"
    return {name: value for name, value in eval(found).items() if name in WAIT_VARIABLES}


@pytest.mark.parametrize("module", MODULES)
def test_threads_sleep_while_they_wait(module: str) -> None:
    assert run(module) == {"OMP_WAIT_POLICY": "PASSIVE"}


@pytest.mark.parametrize(
    "chosen", [("OMP_WAIT_POLICY", "ACTIVE"), ("GOMP_SPINCOUNT", "1000"), ("KMP_BLOCKTIME", "5")]
)
def test_what_the_user_has_set_stays(chosen: tuple[str, str]) -> None:
    assert run(MODULES[0], **dict([chosen])) == dict([chosen])
