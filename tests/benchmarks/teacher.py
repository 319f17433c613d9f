"""The teacher's client against a bare loop, against a rate limit, and with many rows.

Run: python -m tests.benchmarks.teacher [throughput] [limit] [rows]; make bench runs all.
Each figure is a process of its own, as a stage is; ratios are of neighbours in one run.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.contest import describe_machine, main_memory_peak, run_child, write_table
from tests.doubles.teacher import settings
from tests.imports import ROOT
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.client import ask
from understudy.teacher.requests import Question

SERVICE_SECONDS = 0.05
CONCURRENCY = 64
CALLS, PAIRS = 5000, 3
PER_MINUTE, MINUTES = 600, 3
ROWS = 100_000


class Prompts:
    """Questions with so many different prompts of about 80 tokens, made anew by each iteration."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __iter__(self) -> Iterator[Question]:
        return (Question.of(f"{number} " + "word " * 60) for number in range(self._count))


@contextmanager
def server(seconds: float, per_minute: int = 0) -> Iterator[str]:
    """The address of a chat endpoint in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.chat_server", str(seconds), str(per_minute)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


def ask_all(address: str, count: int) -> None:
    """Our client, with a ledger on the disk."""
    params = TeacherParams(**settings(f"{address}/v1", concurrency=CONCURRENCY, max_retries=8))
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        answers = ask(Prompts(count), params, Path(folder) / "ledger.jsonl", "bench")
        assert sum(answer.text.startswith("word") for _, answer in answers) == count


async def ask_bare(address: str, count: int) -> None:
    """The loop that everybody writes first: AsyncOpenAI and a semaphore, answers in memory."""
    from openai import AsyncOpenAI

    gate = asyncio.Semaphore(CONCURRENCY)

    async with AsyncOpenAI(base_url=f"{address}/v1", api_key="none") as client:

        async def one(prompt: str) -> str:
            async with gate:
                messages: Any = [{"role": "user", "content": prompt}]
                done = await client.chat.completions.create(model="double", messages=messages)
                return done.choices[0].message.content or ""

        texts = await asyncio.gather(*(one(question.text) for question in Prompts(count)))
    assert sum(text.startswith("word") for text in texts) == count


def measure(kind: str, address: str, count: int) -> dict[str, float]:
    """Seconds and peak memory of one way to ask, in a process of its own."""
    return run_child("teacher", kind, address, count)


def child(kind: str, address: str, count: int) -> None:
    """What `measure` starts."""
    import openai  # noqa: F401 - both ways need it: it is no part of the time

    started = time.perf_counter()
    if kind == "bare":
        asyncio.run(ask_bare(address, count))
    else:
        ask_all(address, count)
    seconds = time.perf_counter() - started
    print(json.dumps({"seconds": seconds, "megabytes": main_memory_peak()}))


def throughput() -> str:
    """Calls a second beside the bare loop's."""
    ratios, speeds = [], []
    with server(SERVICE_SECONDS) as address:
        for _ in range(PAIRS):
            bare, ours = (measure(kind, address, CALLS)["seconds"] for kind in ("bare", "ours"))
            ratios.append(bare / ours)
            speeds.append((CALLS / bare, CALLS / ours))
            print(f"bare {CALLS / bare:.0f}, ours {CALLS / ours:.0f} calls/s", file=sys.stderr)
    theirs, mine = (median(column) for column in zip(*speeds, strict=True))
    return (
        f"{mine:.0f} calls/s with the ledger on, {theirs:.0f} of a bare `AsyncOpenAI` loop: "
        f"{median(ratios):.0%} of it ({', '.join(f'{ratio:.0%}' for ratio in ratios)}); "
        f"{CALLS:,} calls, concurrency {CONCURRENCY}, {1000 * SERVICE_SECONDS:.0f} ms a call"
    )


def limit() -> str:
    """How much of a limit of requests a minute is used, and what it costs in refusals."""
    with server(SERVICE_SECONDS, PER_MINUTE) as address:
        measure("ours", address, PER_MINUTE * MINUTES)
        with urllib.request.urlopen(f"{address}/counts") as answer:
            counts = json.load(answer)
    accepted, refused = counts["accepted"], counts["refused"]
    whole = int((accepted[-1] - accepted[0]) // 60)
    minutes = [
        sum(accepted[0] + 60 * n <= at < accepted[0] + 60 * (n + 1) for at in accepted)
        for n in range(whole)
    ]
    share = len(refused) / (len(accepted) + len(refused))
    return (
        f"{len(accepted):,} calls at {PER_MINUTE} a minute in {accepted[-1] - accepted[0]:.0f} s; "
        f"whole minutes use {', '.join(f'{n / PER_MINUTE:.1%}' for n in minutes)} of the "
        f"limit; {len(refused)} refused ({share:.2%})"
    )


def rows() -> str:
    """Memory and time of many rows, and of a tenth of them."""
    with server(0.0) as address:
        few, many = (measure("ours", address, count) for count in (ROWS // 10, ROWS))
    return (
        f"{ROWS:,} rows: {many['megabytes']:.0f} MB, {1e3 * many['seconds'] / ROWS:.2f} ms a row; "
        f"{ROWS // 10:,} rows: {few['megabytes']:.0f} MB, "
        f"{1e4 * few['seconds'] / ROWS:.2f} ms a row"
    )


MEASUREMENTS = {
    "throughput": ("throughput", throughput),
    "limit": ("a sliding limit", limit),
    "rows": ("many rows", rows),
}


def main() -> None:
    """Runs what is named, or all; all of them become the table."""
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]))
        return
    table = []
    for name in sys.argv[1:] or MEASUREMENTS:
        title, run = MEASUREMENTS[name]
        table.append([title, run()])
        print(*table[-1], sep=": ", flush=True)
    if not sys.argv[1:]:
        write_table("teacher", ("what", "measured"), table, describe_machine())


if __name__ == "__main__":
    main()
