"""The key is in no file, no line and no error, even where the endpoint repeats it everywhere."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.doubles.batches import BatchServer
from tests.doubles.teacher import Call, Reply, refuse, say
from tests.project import Project, copy_project

VARIABLE, KEY = "SPITEFUL_KEY", "sk-spiteful-0123456789abcdef"


def spiteful(call: Call) -> Reply:
    """Repeats the key in answers, refusals and errors."""
    if call.number % 7 == 1:
        return refuse(500, f"Failed for {KEY}.", retry_after_ms="1", x_request_id=KEY)
    if call.number % 7 == 2:
        return refuse(400, f"Filtered for {KEY}.", "content_filter")
    if call.number % 7 == 3:
        return say(None, refusal=f"Not for {KEY}.", model=f"double-{KEY}")
    return say(f"An article for {KEY}.", model="double")


@pytest.fixture(scope="module")
def server() -> Iterator[BatchServer]:
    with BatchServer(spiteful) as server:
        server.key = KEY
        yield server


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, server: BatchServer) -> Project:
    folder = tmp_path_factory.mktemp("secrets")
    project = copy_project(folder / "clone", "sample", {VARIABLE: KEY})
    project.change_params(
        fetch__source="files",
        teacher__base_url=server.url,
        teacher__model="double",
        teacher__api_key_env=VARIABLE,
        teacher__batch__poll_seconds=0.01,
        generate__min_length=0,
    )
    project.commit("Start")
    return project


def search(folder: Path) -> list[str]:
    """Files below a folder with the key in their bytes or, for Parquet, in their cells."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [str(p) for p in files if KEY.encode() in p.read_bytes() or KEY in _cells(p)]


def _cells(path: Path) -> str:
    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            return ""
    return str(pq.read_table(path).to_pylist())


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"a {KEY} b", encoding="utf-8")
    assert search(tmp_path) == [str(tmp_path / "log")]


@pytest.mark.parametrize("mode", ["live", "batch"])
def test_no_file_and_no_line_has_the_key(project: Project, server: BatchServer, mode: str) -> None:
    (project.path / "prompts" / "generate.txt").write_text(f"{mode}: $highlights\n", "utf-8")
    project.change_params(teacher__mode=mode)
    said = ""
    for command in (
        ("dvc", "repro", "-v", "generate"),
        ("python", "-m", "understudy.tools", "ledger", "stats"),
        ("python", "-m", "understudy.tools", "ledger", "export", f"{mode}.parquet"),
    ):
        done = project.run(*command)
        said += done.stdout + done.stderr
    assert server.calls if mode == "live" else server.submitted
    assert "An article for ***" in str(pq.read_table(project.path / f"{mode}.parquet").to_pylist())
    assert KEY not in said
    assert search(project.path.parent) == []


@pytest.mark.parametrize("status", [400, 401, 500])
def test_no_error_has_the_key(project: Project, server: BatchServer, status: int) -> None:
    server.script = lambda call: refuse(status, f"No to {KEY}", KEY, retry_after_ms="1")
    (project.path / "prompts" / "generate.txt").write_text(f"{status}: $highlights\n", "utf-8")
    project.change_params(teacher__mode="live", teacher__max_retries=1)
    done = project.run("python", "-m", "stages.generate", ok=False)
    assert done.returncode == 1
    assert "No to ***" in done.stderr
    assert KEY not in done.stdout + done.stderr
    assert search(project.path.parent) == []
