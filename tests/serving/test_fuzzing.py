"""A schema fuzzer finds no 5xx; `schemathesis` must be on the path, installed apart from this."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.serving.stand_in import running

FUZZER = shutil.which("schemathesis")


@pytest.mark.skipif(FUZZER is None, reason="needs schemathesis")
def test_a_fuzzer_of_the_published_schema_finds_no_5xx(student: Path, tmp_path: Path) -> None:
    with running(student) as server:
        schema = f"http://127.0.0.1:{server.port}/openapi.json"
        options = ["--checks", "not_a_server_error", "--max-examples", "20", "--seed", "1"]
        done = subprocess.run(
            [str(FUZZER), "run", schema, *options, "--no-color"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:]
        assert server.ask("a") == "v1.A"
    statuses = {line["status"] for line in server.lines if line["event"] == "request"}
    assert {200, 400} <= statuses
    assert max(statuses) < 500
