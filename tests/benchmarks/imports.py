"""How fast logs are read and imported, and in how much memory: 100,000 calls in each shape.

Run: python -m tests.benchmarks.imports; make bench runs it.
"""

import itertools
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.contest import describe_machine, main_memory_peak, run_child, write_table
from tests.benchmarks.memory import WORDS
from tests.logs import shapes
from understudy.logs.logged import LogCounts
from understudy.logs.reader import read_logs

CALLS = 100_000
WORDS_OF_A_CALL = 330
SHAPES = ("openai", "litellm", "langfuse", "finetuning", "langfuse-array", "batch")


def draw_calls(calls: int) -> Iterator[tuple[int, shapes.Messages, str]]:
    """Numbered calls with random texts, made as they are asked for."""
    draw = random.Random(calls)
    for number in range(calls):
        text = " ".join(draw.choices(WORDS, k=WORDS_OF_A_CALL))
        yield number, shapes.ask(f"Summarize: {text}"), text[:300]


def write_log(folder: Path, shape: str, calls: int) -> list[Path]:
    """The files of a log, written call by call."""
    if shape == "batch":
        paths = [folder / "output.jsonl", folder / "input.jsonl"]
        with paths[0].open("wb") as said, paths[1].open("wb") as asked:
            for number, messages, answer in draw_calls(calls):
                asked.write(shapes.dump(shapes.batch_input(f"r-{number}", messages)) + b"\n")
                said.write(shapes.dump(shapes.batch_output(f"r-{number}", answer)) + b"\n")
        return paths
    name, _, is_array = shape.partition("-")
    path, separator = folder / ("log.json" if is_array else "log.jsonl"), b"\n"
    with path.open("wb") as file:
        if is_array:
            file.write(b"[")
        for number, messages, answer in draw_calls(calls):
            if is_array:
                separator = b"," if number < calls - 1 else b"]"
            file.write(shapes.dump(shapes.ONE_LINE[name](messages, answer)) + separator)
    return [path]


def child(work: str, *paths: str) -> None:
    """Reads a log, or imports it into a ledger; prints seconds and megabytes."""
    logs, started = [Path(path) for path in paths], time.perf_counter()
    done = _read(logs) if work == "read" else _import(logs)
    seconds = time.perf_counter() - started
    assert done == CALLS, (work, done)
    print(json.dumps({"seconds": seconds, "megabytes": main_memory_peak()}))


def _read(logs: list[Path]) -> int:
    counts = LogCounts()
    for _ in read_logs(logs, counts=counts):
        pass
    return counts.calls


def _import(logs: list[Path]) -> int:
    """Imports in the folder of the logs."""
    from tests.tools.importing.task import write_task
    from understudy.teacher.ledger import Ledger
    from understudy.tools.importing.takeover import import_files

    os.chdir(logs[0].parent)
    write_task("Summarize: $article")
    with Ledger(Path("ledger.jsonl")) as ledger:
        return import_files(ledger, logs, any_model=True).took


def main() -> None:
    """Reads each shape, then imports it, in a process of its own each."""
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:])
        return
    table = []
    for shape in SHAPES:
        with tempfile.TemporaryDirectory() as folder:
            paths = write_log(Path(folder), shape, CALLS)
            size = sum(path.stat().st_size for path in paths) / 2**20
            found = [run_child("imports", work, *paths) for work in ("read", "import")]
        figures = ((f"{CALLS / one['seconds']:,.0f}", f"{one['megabytes']:,.0f}") for one in found)
        table.append([shape, f"{size:,.0f}", *itertools.chain(*figures)])
        print(*table[-1], file=sys.stderr, flush=True)
    write_table(
        "imports on cpu",
        ("shape", "MB of log", "read: calls/s", "peak MB", "imported: calls/s", "peak MB"),
        table,
        f"{describe_machine()}; {CALLS:,} calls in each shape, one process.",
    )


if __name__ == "__main__":
    main()
