"""Students loaded from a Hub: their commit, and what is said when that fails."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.hub import Hub
from tests.doubles.hub_content import t5_model_files
from tests.imports import ROOT

T5 = "google-t5/t5-small"
NO_SHA = "0" * 40
LOAD = """
import json, sys
from understudy.core.errors import StudentError
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import load_student
found = []
for name, revision in json.loads(sys.argv[1]):
    try:
        student = load_student(name, revision, FAMILIES["t5"])
        found.append([student.commit, student.model.config.model_type])
    except StudentError as error:
        found.append(str(error))
print(json.dumps(found))
"""


def load_elsewhere(calls: list[tuple[str, str | None]], environment: dict[str, str]) -> list[Any]:
    """Load each name and revision in a process of its own: its clients read HF_ENDPOINT once."""
    process = subprocess.run(
        [sys.executable, "-c", LOAD, json.dumps(calls)],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    found: list[Any] = json.loads(process.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def from_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What loading gives: by the branch and by the commit, then what is not there."""
    folder = tmp_path_factory.mktemp("hub")
    with Hub() as hub:
        commit = hub.add_model(T5, t5_model_files(folder / "model"))
        calls = [
            (T5, "main"),
            (T5, None),
            (T5, commit),
            ("google-t5/nothing", None),
            (T5, NO_SHA),
            ("not a name!", None),
        ]
        names = ["branch", "none", "commit", "no id", "no revision", "no name"]
        found = load_elsewhere(calls, hub.environment(folder / "home"))
        yield {"sha": commit, **dict(zip(names, found, strict=True))}


@pytest.mark.parametrize("asked", ["branch", "none", "commit"])
def test_a_model_from_the_hub_tells_the_commit_it_came_from(
    asked: str, from_hub: dict[str, Any]
) -> None:
    assert from_hub[asked] == [from_hub["sha"], "t5"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("no id", ["'google-t5/nothing'", "check the name"]),
        ("no revision", [T5, NO_SHA, "no branch, tag or commit"]),
        ("no name", ["'not a name!'", "check the name"]),
    ],
)
def test_what_the_hub_does_not_have_is_one_clear_error(
    asked: str, told: list[str], from_hub: dict[str, Any]
) -> None:
    message = from_hub[asked]
    assert "\n" not in message
    assert all(words in message for words in told), message


def test_an_unreachable_hub_is_one_clear_error_without_a_long_wait(tmp_path: Path) -> None:
    with Hub() as hub:
        environment = hub.environment(tmp_path)
    with socket.socket() as bound:  # and not listening: connections are refused
        bound.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        start = time.monotonic()
        [message] = load_elsewhere([(T5, None)], {**environment, "HF_ENDPOINT": address})
    assert time.monotonic() - start < 20
    assert "\n" not in message
    assert all(words in message for words in (T5, "cannot be reached", "HF_ENDPOINT", "tiny"))
