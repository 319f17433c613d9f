"""A copy of the project in a folder of its own, driven by the commands its users type."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.imports import ROOT

SET_BY_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")  # `make test` sets them for what it starts
LEFT_OUT = ("tests/", "dvc.lock", "metrics/", ".dvc/tmp", ".dvc/cache", "docs/")
SECOND = "classification"
"""The folder of the second pipeline, which few tests have a use for."""


class Project:
    """A Git repository with the project's files, and the environment that commands run in."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self.path = path
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HF_HUB_OFFLINE": "1",
            "DVC_SITE_CACHE_DIR": str(path.parent / "site"),
            "GIT_AUTHOR_NAME": "Test",
            "GIT_AUTHOR_EMAIL": "test@localhost",
            "GIT_COMMITTER_NAME": "Test",
            "GIT_COMMITTER_EMAIL": "test@localhost",
            "GIT_CONFIG_GLOBAL": os.devnull,
            **environment,
        }
        for name in ("PYTHONPATH", *SET_BY_MAKE):
            self.environment.pop(name, None)

    def run(self, *command: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a command in the project; with ok, a failure shows all that it printed."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        if ok and done.returncode:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def commit(self, message: str) -> None:
        """Commits everything."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)

    def change_params(self, **changes: Any) -> None:
        """Sets dotted keys (`__` for a dot) of params.yaml, comments kept."""
        path, yaml = self.path / "params.yaml", YAML()
        params = yaml.load(path.read_text(encoding="utf-8"))
        for dotted, value in changes.items():
            *sections, key = re.sub(r"_[A-Z]+5?", _dashed, dotted).split("__")
            section = params
            for name in sections:
                section = section.setdefault(name, {})
            section[key] = value
        with path.open("w", encoding="utf-8") as file:
            yaml.dump(params, file)

    def write_rows(self, counts: Mapping[str, int]) -> None:
        """Puts so many short rows of each split in the place of the example's files."""
        for split, count in counts.items():
            rows = (
                {
                    "id": f"{split}-{n}",
                    "article": f"{split} {n} is told.",
                    "highlights": f"{split} {n}",
                }
                for n in range(count)
            )
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            (self.path / f"data/example/{split}.jsonl").write_text(lines, encoding="utf-8")

    def pipeline(self, folder: str) -> "Project":
        """Another pipeline of the same repository; what runs there is this project's code."""
        other = Project(self.path / folder, {})
        other.environment = {**self.environment, "PYTHONPATH": str(self.path)}
        return other

    def restore_params(self) -> None:
        """Takes params.yaml back to the last commit."""
        self.run("git", "checkout", "--quiet", "params.yaml")


def _dashed(found: re.Match[str]) -> str:
    return found[0].replace("_", "-").lower()


def copy_project(
    path: Path, profile: str, environment: Mapping[str, str], *, both: bool = False
) -> Project:
    """A fresh repository with the working tree's files and one profile in place.

    Args:
        path: of the repository.
        profile: of the first pipeline.
        environment: of its commands.
        both: have the second pipeline, too.
    """
    second = [f"{SECOND}/dvc.lock", f"{SECOND}/metrics/"] if both else [f"{SECOND}/"]
    left_out = (*LEFT_OUT, *second)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if not name.startswith(left_out) and (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, path / name)
    project = Project(path, environment)
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.run("make", "profile", f"NAME={profile}")
    return project


def quick(steps: int, networks: Sequence[str] = ("T5", "BART")) -> dict[str, Any]:
    """Changes of params that make students learn, decode and be timed for a moment."""
    training = {"max_steps": steps, "validations": 2}
    students = {
        f"train_{family}__settings__{key}": value
        for family in networks
        for key, value in training.items()
    }
    decoding = {"predict__beams": 1, "predict__max_tokens": 24, "latency__articles": 2}
    return {**students, **decoding}
