"""Many files: memory over 1,000,000 rows, and two workers of Ray beside one process.

Run: python -m tests.benchmarks.bulk; make bench runs it. Without Ray, its rows are left out.
"""

import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from tests.benchmarks.contest import describe_machine, main_memory_peak, run_child, write_table
from tests.benchmarks.memory import draw_texts
from understudy.contract.params.decoding import DecodingParams
from understudy.students.decoding.engines import Writer, open_engine
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.tools.bulk.dispatch import Request, summarize_files
from understudy.tools.bulk.working import Outcome, Work, Worker, work_here

ROWS = (10_000, 100_000, 1_000_000)
FILES, EARLY, ROWS_A_FILE, ROUNDS = 20, 5, 1_000, 3


def work_on_two(work: Work, names: Sequence[str]) -> Iterator[Outcome]:
    """Summarizes files with two workers of Ray."""
    from understudy.tools.bulk.cluster import work_on_ray

    return work_on_ray(work, names, workers=2)


ENGINES = {"local": work_here, "ray": work_on_two}


class Stub(Writer):
    """An engine that answers each text with its first tokens, so that the rest is measured."""

    def __init__(self, model: Path) -> None:
        real = open_engine(model, "ctranslate2", threads=1)
        assert isinstance(real, Writer)
        self.tokenizer, self.family, self.device = real.tokenizer, real.family, real.device

    def decode(
        self, encoded: Sequence[list[int]], params: DecodingParams, *, scored: bool = False
    ) -> Iterator[tuple[int, Hypothesis]]:
        """See `Engine`."""
        for index, ids in enumerate(encoded):
            yield index, Hypothesis(ids[: params.max_tokens])


def make_model(folder: Path) -> Path:
    """The toy student, as `export` leaves it."""
    from tests.students import export_taught

    model = export_taught("t5", folder / "model")
    settings = {"num_beams": 2, "max_new_tokens": 24}
    (model / "generation_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return model


def write_rows(path: Path, rows: int) -> None:
    """A file with texts of up to 12 words; one of Parquet has a single row group, as of pandas."""
    texts = enumerate(draw_texts(rows, 12))
    table = pd.DataFrame(texts, columns=["id", "article"]).astype({"id": str})
    if path.suffix == ".parquet":
        table.to_parquet(path, row_group_size=rows)
    else:
        table.to_json(path, orient="records", lines=True)


def child(kind: str, *given: str) -> None:
    """Summarizes a folder, and prints how long it took and the memory it needed."""
    model, source, out = map(Path, given[:3])
    started, ends = time.perf_counter(), list[float]()

    def work_with_stub(work: Work, names: Sequence[str]) -> Iterator[Outcome]:
        worker = Worker(work)
        worker.summarizer.engine = Stub(model)
        yield from map(worker.summarize, names)

    def work(work: Work, names: Sequence[str]) -> Iterator[Outcome]:
        for outcome in ENGINES.get(kind, work_with_stub)(work, names):
            ends.append(time.perf_counter())
            yield outcome

    summarize_files(Request(model, [str(source)], str(out)), work)
    found = {"seconds": time.perf_counter() - started, "megabytes": main_memory_peak()}
    if len(ends) == FILES:  # the first ones had to wait for the model, or for Ray
        found["rate"] = (FILES - EARLY) * ROWS_A_FILE / (ends[-1] - ends[EARLY - 1])
    print(json.dumps(found))


def measure_memory(folder: Path, model: Path, kind: str) -> list[str]:
    """The peak at each number of rows, in one file."""
    peaks = []
    for rows in ROWS:
        source, out = folder / f"{kind}-{rows}", folder / f"{kind}-{rows}-out"
        source.mkdir()
        write_rows(source / f"rows{kind}", rows)
        peaks.append(run_child("bulk", "stub", model, source, out)["megabytes"])
    return [f"one {kind}", *(f"{peak:,.0f}" for peak in peaks), f"{peaks[-1] / peaks[0]:.2f}"]


def measure_workers(folder: Path, model: Path) -> list[list[str]]:
    """Rows a second of one process and of two workers, and whether they write the same bytes."""
    from tests.students import toy_pairs

    source = folder / "files"
    source.mkdir()
    for seed in range(FILES):
        toy_pairs(ROWS_A_FILE, seed)[["id", "article"]].to_parquet(source / f"{seed}.parquet")
    kinds = ["local", *(["ray"] if importlib.util.find_spec("ray") else [])]
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    for number in range(ROUNDS):
        for kind in kinds:
            out = folder / f"{number}-{kind}"
            found[kind].append(run_child("bulk", kind, model, source, out))
            for path in source.iterdir():
                one = folder / "0-local" / path.name
                assert (out / path.name).read_bytes() == one.read_bytes()
    shown = {"local": "one process, all cores", "ray": "two workers of Ray, a core each"}
    return [[shown[kind], *describe(found[kind])] for kind in kinds]


def describe(found: Sequence[dict[str, Any]]) -> list[str]:
    """Seconds, and rows a second once all is loaded."""
    seconds, rate = (median(one[key] for one in found) for key in ("seconds", "rate"))
    return [f"{seconds:.1f}", f"{rate:,.0f}"]


def main() -> None:
    """Measures memory, then speed."""
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:])
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = make_model(folder)
        write_table(
            "bulk memory",
            ("", *(f"{rows:,} rows: MB" for rows in ROWS), "ratio"),
            [measure_memory(folder, model, kind) for kind in (".parquet", ".jsonl")],
            f"{describe_machine()}; a stub in the engine's place, texts of up to 12 words.",
        )
        write_table(
            "bulk",
            ("", "seconds", "rows a second once loaded"),
            measure_workers(folder, model),
            f"{describe_machine()}; {FILES} files of {ROWS_A_FILE:,} rows, the toy student; "
            f"{ROUNDS} rounds, medians; the seconds are with those that Ray and the model take to "
            "start. The bytes are the same.",
        )


if __name__ == "__main__":
    main()
