"""What all tests share: threads, markers, the order of files, and where DVC's log goes."""

import io
import logging
import os
import sys
from collections.abc import Iterator

import dvc  # noqa: F401 - it sets up its log's handlers
import pytest

# Before torch is loaded: two processes with two threads each are several times slower on two cores
# than with one each.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"


class Current(io.TextIOBase):
    """Standard output or standard error, whichever file that is at the time."""

    def __init__(self, name: str) -> None:
        self._name = name

    def write(self, text: str) -> int:
        written: int = getattr(sys, self._name).write(text)
        return written

    def flush(self) -> None:
        getattr(sys, self._name).flush()


# DVC's handlers keep the files of the moment in which they are made: those of one test's capture,
# which later tests would find closed, and nothing of what DVC says would be in theirs.
for handler in logging.getLogger("dvc").handlers:
    if isinstance(handler, logging.StreamHandler):
        handler.setStream(Current("stderr" if handler.level >= logging.WARNING else "stdout"))


# What trains, decodes, starts many processes or plays through minutes of traffic.
SLOW = (
    "tests/doubles/",
    "tests/rows/test_hub.py",
    "tests/scoring/test_rouge.py",
    "tests/stages/report/test_stage.py",
    "tests/stages/test_evaluate_outputs.py",
    "tests/stages/test_export.py",
    "tests/stages/test_generate",
    "tests/stages/test_label_",
    "tests/stages/test_predict.py",
    "tests/students/decoding/",
    "tests/students/model/test_loading_hub.py",
    "tests/students/training/",
    "tests/teacher/test_batch_runs.py",
    "tests/teacher/test_ledger_damage.py",
    "tests/teacher/test_pace",
    "tests/teacher/test_recall",
    "tests/teacher/test_survival.py",
    "tests/texts/test_similarity.py",
    "tests/tools/bulk/",
    "tests/tools/reviewing/",
    "tests/tools/test_serve.py",
    "tests/tools/test_summarize",
)


def runs_pipeline(item: pytest.Item) -> bool:
    """Whether a test's file runs the project's commands in a copy of it."""
    return hasattr(getattr(item, "module", None), "copy_project")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks slow and browser tests; pipelines go first, as they take longest."""
    for item in items:
        if runs_pipeline(item) or item.nodeid.startswith(SLOW):
            item.add_marker("slow")
        if "new_page" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    items.sort(key=lambda item: not runs_pipeline(item))


@pytest.fixture
def anyio_backend() -> str:
    """The loop of tests that are coroutines."""
    return "asyncio"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A test that asks for more threads leaves none to the next: sums depend on their number."""
    yield
    os.environ["OMP_NUM_THREADS"] = "1"
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
