"""How long a student takes for an answer: one article at a time, by the engine of `predict`."""

import platform
import re
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from understudy.contract.params.decoding import DecodingParams
from understudy.contract.timing import Latency, StudentLatency
from understudy.students.decoding.decoding import answer
from understudy.students.decoding.engines import open_engine
from understudy.students.decoding.protocol import Engine
from understudy.students.model.machine import count_cores, name_device

WARM_UP = 3
"""Articles that are summarized before the first one is timed."""
PROCESSOR = Path("/proc/cpuinfo")


def time_student(folder: Path, articles: Sequence[str], params: DecodingParams) -> StudentLatency:
    """Times a model folder on one core, on all, and on the GPU where `predict` uses it.

    Raises:
        StudentError: the folder holds no usable model.
    """
    one, every = (
        time_answers(open_engine(folder, params.engine, threads), articles, params)
        for threads in (1, count_cores())
    )
    served = open_engine(folder, params.engine)
    gpu = time_answers(served, articles, params) if served.device == "cuda" else None
    return StudentLatency(
        cores=count_cores(),
        machine=name_machine(gpu=gpu is not None),
        one_core=one,
        all_cores=every,
        gpu=gpu,
        articles=len(articles),
    )


def time_answers(engine: Engine, articles: Sequence[str], params: DecodingParams) -> Latency:
    """Times every article, from its text to its summary's."""
    for article in articles[:WARM_UP]:
        answer(engine, article, params)
    seconds = []
    for article in articles:
        start = perf_counter()
        answer(engine, article, params)
        seconds.append(perf_counter() - start)
    return summarize_seconds(seconds)


def summarize_seconds(seconds: Sequence[float]) -> Latency:
    """Median, 95th percentile (linear between the nearest two) and mean."""
    median, p95 = np.percentile(seconds, (50, 95))
    return Latency(median=median, p95=p95, mean=float(np.mean(seconds)))


def name_machine(*, gpu: bool) -> str:
    """What the processor is called, as far as the system tells, and the GPU."""
    found = re.search(
        r"^model name\s*:\s*(.+)$", PROCESSOR.read_text() if PROCESSOR.exists() else "", re.M
    )
    processor = found[1].strip() if found else platform.processor() or platform.machine()
    return f"{processor}, {name_device()}" if gpu else processor
