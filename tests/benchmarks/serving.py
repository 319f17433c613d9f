"""The server against `understudy predict`'s engine: throughput, latency, overload and memory.

Run: python -m tests.benchmarks.serving [throughput] [memory]; make bench runs both (five minutes).
The load comes from a process of its own, on the same cores: what it needs is in the server's time.
In each pair the engine, called as `predict` does, and the server take turns, so their ratio holds
where other work makes both slower. `toy` decodes in under a millisecond, so that HTTP is most of
its work; `half-t5-small` has half of T5-small's layers and width, random weights and 16 tokens to
write: text without meaning, work as real students have it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import psutil

from tests.benchmarks.contest import describe_machine, run_child, write_table
from tests.imports import ROOT

PAIRS = 3
SECONDS = 3.0
"""About as long as each side of a pair takes."""
LONE = 100
"""Requests one at a time, at most."""
QUEUE, SATURATED = 96, 64
"""Requests in flight that more than fill the engine, and less than the queue."""
OVERLOAD, OVERLOADED = 4 * SATURATED, 2000
"""In flight, so that more is asked than fits, and requests in all."""
WAYS = {
    "toy": ((), ("--workers", "2", "--threads", "1")),
    "half-t5-small": ((), ("--workers", "2", "--threads", "1"), ("--threads", "2")),
}
"""Options of the server, the default first: against it the engine is paired."""
MANY = 100_000


@dataclass
class Server:
    """A running `understudy serve`."""

    process: "subprocess.Popen[str]"
    port: int

    @property
    def megabytes(self) -> float:
        """Resident memory of all its processes."""
        one = psutil.Process(self.process.pid)
        return float(sum(p.memory_info().rss for p in (one, *one.children(True))) / 2**20)

    def load(self, texts: Path, connections: int, count: int) -> dict[str, Any]:
        """What a load generator says."""
        command = [sys.executable, "-m", "tests.benchmarks.load"]
        given = (self.port, texts, connections, count)
        printed = subprocess.run(
            [*command, *map(str, given)], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        found: dict[str, Any] = json.loads(printed)
        return found


@contextmanager
def serving(model: Path, *options: str) -> Iterator[Server]:
    """Serves a model folder while the block runs, its log on a disk as in use."""
    log = model.with_suffix(".log")
    prompt = str(ROOT / "prompts" / "zeroshot.txt")
    command = [sys.executable, "-m", "understudy.tools", "serve", "--model", str(model)]
    given = ["--port", "0", "--prompt", prompt, "--max-queue", str(QUEUE), *options]
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen([*command, *given], stderr=file, text=True, cwd=ROOT) as process,
    ):
        while not (found := re.search(r"127\.0\.0\.1:(\d+)", log.read_text(encoding="utf-8"))):
            time.sleep(0.1)
        port = int(found[1])
        httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=120).raise_for_status()
        yield Server(process, port)
        process.terminate()


def make(name: str, folder: Path) -> None:
    """A model folder, and its inputs beside it."""
    from tests.students import decoding_params, export_taught, toy_pairs
    from understudy.contract.params.export import CONVERTED, ExportParams
    from understudy.students.decoding.conversion import convert
    from understudy.students.decoding.generation import write_generation_config

    if name == "toy":
        texts = list(toy_pairs(256, seed=7)["article"])
        export_taught("t5", folder)
        decoding = decoding_params(engine="ctranslate2", beams=4)
    else:
        from tests.benchmarks.contest import read_pairs
        from tests.benchmarks.training import build

        texts = [pair["article"] for pair in read_pairs("test")][:32]
        student = build("t5-half")
        student.model.save_pretrained(folder)
        student.tokenizer.save_pretrained(folder)
        export = ExportParams(quantization="int8", limit=10.0, rows=1)
        convert(folder, texts[:1], ["One."], (512, 16), export, folder / CONVERTED)
        decoding = decoding_params(
            engine="ctranslate2", beams=4, max_tokens=16, max_input_tokens=512
        )
    write_generation_config(folder, decoding)
    folder.with_suffix(".json").write_text(json.dumps(texts), encoding="utf-8")


def child(action: str, name: str, folder: Path) -> None:
    """Makes a model, or decodes its inputs for some time as `predict` does, on a fresh start."""
    if action == "make":
        make(name, folder)
        print("{}")
        return
    from understudy.students.decoding.decoding import decode
    from understudy.students.decoding.engines import open_engine
    from understudy.students.decoding.generation import read_generation_config

    texts = json.loads(folder.with_suffix(".json").read_text(encoding="utf-8"))
    params = read_generation_config(folder, 8192)
    engine, count = open_engine(folder, params.engine), len(texts)
    list(decode(engine, texts[:8], params, "warm", None))
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        list(decode(engine, texts, params, "bench", None))
        done += count
    rate = done / (time.perf_counter() - start)
    alone = list[float]()
    for text in texts[:LONE]:
        if sum(alone) > 1000 * SECONDS:
            break
        start = time.perf_counter()
        list(decode(engine, [text], params, "one", 1))
        alone.append(1000 * (time.perf_counter() - start))
    print(json.dumps({"rate": rate, "alone": median(alone)}))


def measure(name: str, folder: Path, options: tuple[str, ...]) -> list[str]:
    """A row of the table."""
    texts, ratios, rates, added = folder.with_suffix(".json"), [], [], []
    with serving(folder, *options) as server:
        probe = server.load(texts, 32, 64)
        count = int(max(1.5 * SATURATED, SECONDS * 64 / probe["seconds"]))
        for _ in range(PAIRS):
            direct = run_child("serving", "direct", name, folder)
            found = server.load(texts, SATURATED, count)
            assert set(found["statuses"]) == {"200"}, found
            rates.append(count / found["seconds"])
            ratios.append(rates[-1] / direct["rate"])
            lone = server.load(texts, 1, min(LONE, int(SECONDS * 1000 / direct["alone"])))
            added.append(lone["p50"] - direct["alone"])
        over = server.load(texts, OVERLOAD, OVERLOADED)
        others = {key: n for key, n in over["statuses"].items() if key not in ("200", "429")}
        workers = int(options[1]) if "--workers" in options else 1
        megabytes = server.megabytes / workers
    print(name, options, ratios, rates, added, over, file=sys.stderr)
    return [
        name,
        " ".join(options) or "–",
        f"{median(rates):,.0f}",
        f"{median(ratios):.0%} ({', '.join(f'{one:.0%}' for one in ratios)})",
        f"{median(added):+.1f}",
        f"{over['statuses'].get('200', 0):,}",
        f"{over['statuses'].get('429', 0):,}",
        str(sum(others.values())),
        f"{megabytes:,.0f}",
    ]


def throughput(scratch: Path) -> None:
    """Each model served in each way."""
    rows = []
    for name, ways in WAYS.items():
        folder = scratch / name
        run_child("serving", "make", name, folder)
        rows += [measure(name, folder, options) for options in ways]
    head = (
        "student, options, requests/s, of predict's, added ms, overload: 200, 429, others, "
        "MB a worker"
    )
    note = (
        f"{describe_machine()}; {SATURATED} in flight, {PAIRS} pairs, medians; added: to one "
        f"article alone, at the median; overload: {OVERLOADED:,} requests, {OVERLOAD} in "
        f"flight, a queue of {QUEUE}. "
        "half-t5-small: half of T5-small's layers and width, random weights, int8."
    )
    write_table("serving", head.split(", "), rows, note)


def memory(scratch: Path) -> None:
    """Resident memory, while one server answers many requests."""
    folder = scratch / "toy"
    if not folder.exists():
        run_child("serving", "make", "toy", folder)
    with serving(folder) as server:
        texts, sizes, start = folder.with_suffix(".json"), [server.megabytes], time.perf_counter()
        for count in (MANY // 10, MANY - MANY // 10):
            found = server.load(texts, SATURATED, count)
            assert found["statuses"] == {"200": count}, found
            sizes.append(server.megabytes)
        seconds = time.perf_counter() - start
    head = ("at the start", "after 10,000 requests", f"after {MANY:,} requests")
    note = f"{describe_machine()}; MB, toy; {MANY:,} requests in {seconds:.0f} s, all answered."
    write_table("serving memory", head, [[f"{size:,.0f}" for size in sizes]], note)


def main() -> None:
    """Runs what is named, or all."""
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as scratch:
        for run in (throughput, memory):
            if run.__name__ in (sys.argv[1:] or ("throughput", "memory")):
                run(Path(scratch))


if __name__ == "__main__":
    main()
