"""Folders of toy articles, the command that summarizes them, and what it makes of them."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from tests.students import toy_pairs
from understudy.core.errors import run
from understudy.tools.predict import main

ROWS = 5
COMMAND = (sys.executable, "-m", "understudy.tools", "predict")
"""For a process of its own, with the project in PYTHONPATH."""


def write_articles(path: Path, seed: int = 0, rows: int = ROWS) -> Path:
    """One file of articles, of any kind; other seeds give other articles."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = toy_pairs(rows, seed)[["id", "article"]]
    if path.suffix == ".parquet":
        table.to_parquet(path)
    elif path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".txt":
        path.write_text("".join(f"{line}\n" for line in table["article"]), encoding="utf-8")
    else:
        lines = (json.dumps(row) for row in table.to_dict("records"))
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_folder(folder: Path, names: Iterable[str]) -> Path:
    """A folder with such files, each with articles of its own."""
    for seed, name in enumerate(names):
        write_articles(folder / name, seed)
    return folder


def predict(*arguments: object) -> int:
    """Runs the command in this process; returns its exit status."""
    try:
        run(lambda: main(list(map(str, arguments))))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def list_files(folder: Path) -> list[str]:
    """Names of the files in a folder that people see."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not path.parts[0].startswith("."))


def read_all(folder: Path) -> dict[str, bytes]:
    """Content of the files in a folder that people see."""
    return {name: (folder / name).read_bytes() for name in list_files(folder)}


def times(folder: Path) -> dict[str, int]:
    """When each of them was written."""
    return {name: (folder / name).stat().st_mtime_ns for name in list_files(folder)}


def ids(path: Path) -> list[str]:
    """The ids of an output."""
    if path.suffix == ".parquet":
        return list(pd.read_parquet(path)["id"])
    return [json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines()]
