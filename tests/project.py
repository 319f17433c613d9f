"""A copy of the project in a folder of its own, driven by the commands its users type."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.imports import ROOT

SET_BY_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")  # `make test` sets them for what it starts
LEFT_OUT = ("tests/", "dvc.lock", "metrics/", ".dvc/tmp", ".dvc/cache", "docs/")
SECOND = "classification"
"""The folder of the second pipeline, which few tests have a use for."""
CODE = ("stages/", "understudy/", "${")
STUB = """\
import hashlib, sys
from pathlib import Path
split = sys.argv.index("--")
found = hashlib.sha256()
for dep in map(Path, sys.argv[1:split]):
    for file in sorted(dep.rglob("*")) if dep.is_dir() else [dep]:
        found.update(file.read_bytes() if file.is_file() else b"")
for out in map(Path, sys.argv[split + 1:]):
    file = out if out.suffix else out / "check.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(found.hexdigest() + str(out))
"""


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

    def repro(self, *arguments: str) -> list[str]:
        """Runs DVC; the stages that ran, or would with --dry."""
        return list_stages(self.run("dvc", "repro", *arguments).stdout)

    def tell(self, *command: str) -> dict[str, Any]:
        """What a command of ours says as JSON."""
        done = self.run("python", "-m", "understudy.tools", *command, "--json")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def read(self, path: str) -> dict[str, Any]:
        """A JSON file."""
        found: dict[str, Any] = json.loads((self.path / path).read_text(encoding="utf-8"))
        return found

    def clone(self, name: str) -> "Project":
        """A clone beside it, with nothing pulled."""
        self.run("git", "clone", "--quiet", str(self.path), f"../{name}")
        return Project(self.path.parent / name, {})

    @contextmanager
    def stages(self) -> Iterator[dict[str, Any]]:
        """The stages of dvc.yaml, written back when the block ends."""
        path = self.path / "dvc.yaml"
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        yield document["stages"]
        path.write_text(json.dumps(document), encoding="utf-8")  # which is YAML, in this order

    def stub_stages(
        self,
        real: Collection[str] = (),
        left_out: Collection[str] = (),
        students: Collection[str] = ("t5", "bart"),
    ) -> None:
        """Replaces what stages run by what tells their inputs apart; takes stages and students out.

        What they depend on, and make, stays. A stub's output is another one if and only if an
        input that is no code is, so a stage behind it runs if and only if it has to.
        """
        (self.path / "stub.py").write_text(STUB, encoding="utf-8")
        others = {"t5", "bart"}.difference(students)
        with self.stages() as stages:
            for name in tuple(stages):
                if name in left_out or name.endswith(tuple(f"-{one}" for one in others)):
                    del stages[name]
            for stage in (stage for name, stage in stages.items() if name not in real):
                if len(stage.get("matrix", {}).get("student", ())) > 1:
                    stage["matrix"]["student"] = list(students)
                named = tuple(f"models/{one}-" for one in others)
                stage["deps"] = [dep for dep in stage["deps"] if not dep.startswith(named)]
                deps = [dep for dep in stage["deps"] if not dep.startswith(CODE)]
                stage["cmd"] = " ".join(["python stub.py", *deps, "--", *list_outs(stage)])

    def train_t5_alone(self) -> None:
        """Makes copies of T5's files BART's, as if it had been trained, exported and asked.

        These processes load torch: with them gone, a run takes two thirds of its time.
        """
        with self.stages() as stages:
            for name in ("train-bart", "export-bart", "predict-bart"):
                stage = stages[name]
                outs = [out.replace("${item.student}", "bart") for out in list_outs(stage)]
                copied = {out: out.replace("bart-", "t5-") for out in outs}
                folders = " ".join(str(Path(out).parent) for out in outs)
                copies = [f"cp -r {source} {out}" for out, source in copied.items()]
                stage["deps"] = list(copied.values())
                stage["cmd"] = " && ".join([f"mkdir -p {folders}", *copies])

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


def list_outs(stage: Mapping[str, Any]) -> list[str]:
    """Paths that a stage of dvc.yaml makes."""
    outs = (out for kind in ("outs", "metrics", "plots") for out in stage.get(kind, ()))
    return [out if isinstance(out, str) else next(iter(out)) for out in outs]


def list_stages(printed: str) -> list[str]:
    """Names of the stages that DVC says to run, or would with --dry."""
    return re.findall(r"^Running stage '(.+)':", printed, re.MULTILINE)


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
