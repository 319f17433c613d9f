"""deploy/ against the project: the commands, options and packages that it names exist."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.imports import ROOT
from understudy.contract.params.serve import ServeParams
from understudy.serving.ending import HANDSHAKE_SECONDS, IDLE_SECONDS
from understudy.serving.running import DRAIN_SECONDS, KEY
from understudy.tools.cli import COMMANDS

DEPLOY = ROOT / "deploy"
DOCKERFILE = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
REQUIRED = {
    line
    for line in (DEPLOY / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
}


def read_unit() -> ConfigParser:
    """The systemd unit."""
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / "understudy.service", encoding="utf-8")
    return unit


def instruction(name: str) -> str:
    """What the Dockerfile says last under a name."""
    return str(re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)[-1])


def check_command(words: list[str]) -> None:
    """An `understudy` command whose options its --help knows."""
    command, *rest = words
    assert command in COMMANDS
    shown = subprocess.run(
        [sys.executable, "-m", "understudy.tools", command, "--help"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout  # fmt: skip
    options = [word for word in rest if word.startswith("--")]
    assert options
    assert all(f"{option} " in shown for option in options)


def test_the_image_runs_a_command_that_there_is_in_exec_form() -> None:
    program, *words = json.loads(instruction("ENTRYPOINT")) + json.loads(instruction("CMD"))
    assert program == "understudy"
    check_command(words)


def test_the_image_has_a_user_a_port_and_a_route_to_ask() -> None:
    assert instruction("USER") not in ("root", "0")
    assert instruction("EXPOSE") == str(ServeParams().port)
    assert f"127.0.0.1:{ServeParams().port}/readyz" in instruction("HEALTHCHECK")


def test_what_the_image_copies_exists_and_goes_to_the_builder() -> None:
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for path in line.split()[:-1]:
            assert (ROOT / path).exists(), path
            assert f"!{path.removeprefix('./')}" in sent


def test_the_packages_of_the_image_are_the_projects_and_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {name.partition("[")[0] for name in project["dependencies"]} >= REQUIRED
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower().replace("_", "-")
    assert all(f"\n{name}==" in lock for name in REQUIRED)
    assert not REQUIRED & {"torch", "transformers", "dvc", "pandas"}


def test_the_unit_runs_a_command_that_there_is_and_signals_the_server() -> None:
    service = read_unit()["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert Path(program).name == "understudy"
    check_command(words)
    assert service["ExecReload"].endswith("kill -HUP $MAINPID")
    assert KEY in (DEPLOY / "understudy.service").read_text(encoding="utf-8")


def test_the_unit_waits_longer_than_the_server_needs_to_end() -> None:
    service = read_unit()["Service"]
    words = shlex.split(service["ExecStart"])
    timeout = int(words[words.index("--timeout") + 1])
    needed = timeout + 2 * DRAIN_SECONDS + HANDSHAKE_SECONDS + 2 * IDLE_SECONDS
    assert int(service["TimeoutStopSec"]) > needed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_unit() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", DEPLOY / "understudy.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if "understudy.service" in line]
    assert [line for line in said if "is not executable" not in line] == []
