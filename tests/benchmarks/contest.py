"""Contestants that run one after the other, each in a process of its own, and their table."""

import json
import re
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.imports import ROOT

REAL = ROOT.parent / "shared" / "data"
"""Real pairs and tokenizers, if they are there."""


def run_child(module: str, *arguments: object) -> dict[str, Any]:
    """What a contestant printed as its last line."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", "child", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def run_in_turn(
    module: str, contestants: Mapping[str, Sequence[object]], rounds: int
) -> dict[str, list[dict[str, Any]]]:
    """What each contestant printed in each round; a slow minute of the machine hits all of them.

    Args:
        module: whose `child` runs.
        contestants: its arguments by the name of the contestant; `{round}` is the round's number.
        rounds: how often each one has its turn.
    """
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, given in contestants.items():
            arguments = [str(one).replace("{round}", str(number)) for one in given]
            found[name].append(run_child(module, *arguments))
            print(f"{name}: {found[name][-1]}", file=sys.stderr, flush=True)
    return found


def peak_megabytes() -> float:
    """What this process needed: of a GPU's memory if there is one, of main memory otherwise.

    On a GPU what is taken at the end, since neither torch nor CTranslate2 gives any back.
    """
    import torch

    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        return float((total - free) / 2**20)
    return main_memory_peak()


def main_memory_peak() -> float:
    """The megabytes of main memory that this process needed.

    Linux's own mark of this program: getrusage's is inherited from the one that started it.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        (mark,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status.read_text(), re.MULTILINE)
        return int(mark) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def describe_machine() -> str:
    """Device and cores."""
    import os

    import torch

    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return f"{os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}"


def write_table(name: str, head: Sequence[str], rows: Sequence[Sequence[str]], note: str) -> None:
    """Prints a table and puts it in docs/benchmarks.md in place of the one of that name."""
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    text = "\n".join([note, "", *lines])
    print(text, flush=True)
    path = ROOT / "docs" / "benchmarks.md"
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def read_pairs(split: str) -> list[dict[str, str]]:
    """Real CNN/DailyMail pairs whose article is under 2,048 characters, or those of the project."""
    path = REAL / "cnndm" / f"{split}.jsonl"
    if path.is_file():
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [row for row in rows if len(row["article"]) < 2048]
    return read_own_pairs(split)


def read_own_pairs(split: str) -> list[dict[str, str]]:
    """The pairs of the project's last run."""
    import pandas as pd

    table = pd.read_parquet(ROOT / "data" / "gold" / f"{split}.parquet")
    records: list[dict[str, str]] = json.loads(table.to_json(orient="records"))
    return records


def write_pairs(folder: Path, rows: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, Path]:
    """Parquet files as the stages read them."""
    import pandas as pd

    paths = {split: folder / f"{split}.parquet" for split in rows}
    for split, pairs in rows.items():
        pd.DataFrame(pairs)[["id", "article", "highlights"]].to_parquet(paths[split])
    return paths
