"""understudy predict from and to buckets: moto's server on loopback, and the real client."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.s3 import S3Server
from tests.tools.bulk.articles import list_files, predict, read_all, write_folder
from understudy.core.errors import DataError
from understudy.tools.bulk.finding import find_inputs
from understudy.tools.bulk.storage import Folder

BUCKET = "articles"
NAMES = ("a/x.jsonl", "b/x.jsonl", "y.parquet")


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    """Its address and its key are in the environment."""
    with S3Server() as server, pytest.MonkeyPatch.context() as patch:
        server.create_bucket(BUCKET)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        ours = {"AWS_ENDPOINT_URL": server.url, "AWS_DEFAULT_REGION": "us-east-1"}
        for name, value in {**server.environment({}), **ours}.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture
def local(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "in", NAMES)


@pytest.fixture
def prefix(server: S3Server, local: Path, request: pytest.FixtureRequest) -> str:
    """A prefix of this test alone, with the same files."""
    root = f"s3://{BUCKET}/{request.node.name.split('[')[0]}"
    upload(local, f"{root}/in")
    return root


def upload(source: Path, address: str) -> None:
    folder = Folder(address)
    for name in list_files(source):
        folder.files.put_file(str(source / name), folder.locate(name))


def download(address: str) -> dict[str, bytes]:
    folder = Folder(address)
    found = {name: folder.read(name) for name in folder.list() if not name.startswith(".")}
    return {name: content for name, content in found.items() if content is not None}


def test_buckets_give_and_take_the_bytes_that_folders_do(
    model: Path, local: Path, prefix: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert predict("--model", model, "--input", local, "--output", out) == 0
    expected = read_all(out)
    assert set(expected) == set(NAMES)
    assert predict("--model", model, "--input", f"{prefix}/in", "--output", f"{prefix}/out") == 0
    assert download(f"{prefix}/out") == expected
    assert predict("--model", model, "--input", f"{prefix}/in", "--output", tmp_path / "o2") == 0
    assert read_all(tmp_path / "o2") == expected
    assert predict("--model", model, "--input", local, "--output", f"{prefix}/out2") == 0
    assert download(f"{prefix}/out2") == expected


def test_what_is_finished_in_a_bucket_is_left_alone(
    model: Path, prefix: str, server: S3Server, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("--model", model, "--input", f"{prefix}/in", "--output", f"{prefix}/out")
    assert predict(*command) == 0
    assert predict(*command) == 0
    assert "3 files: 3 finished before, 0 to do" in capsys.readouterr().err
    [key] = [key for key in server.keys(BUCKET) if key.endswith(f"{prefix[14:]}/out/a/x.jsonl")]
    server.delete(BUCKET, key)
    inputs = Folder(f"{prefix}/in")
    inputs.files.pipe_file(inputs.locate("b/x.jsonl"), b'{"article": "Anna was in Oslo."}\n')
    assert predict(*command) == 0
    assert "3 files: 1 finished before, 2 to do" in capsys.readouterr().err
    assert set(download(f"{prefix}/out")) == set(NAMES)


def test_globs_and_single_objects_are_found_in_buckets(prefix: str) -> None:
    out = Folder(f"{prefix}/out")
    assert set(find_inputs([f"{prefix}/in"], out).files) == set(NAMES)
    assert set(find_inputs([f"{prefix}/in/*/x.jsonl"], out).files) == {"a/x.jsonl", "b/x.jsonl"}
    assert set(find_inputs([f"{prefix}/in/y.parquet"], out).files) == {"y.parquet"}
    assert set(find_inputs([f"{prefix}/in/**"], out).files) == set(NAMES)
    with pytest.raises(DataError, match=r"^s3://.*/in/\*\.csv: nothing matches; expected"):
        find_inputs([f"{prefix}/in/*.csv"], out)
    with pytest.raises(DataError, match=r"^s3://.*/none: no such file or folder$"):
        find_inputs([f"{prefix}/none"], out)
    with pytest.raises(DataError, match="this is in the input"):
        find_inputs([f"{prefix}/in"], Folder(f"{prefix}/in/out"))


def test_a_broken_object_is_named_by_its_address(
    model: Path, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = Folder(f"{prefix}/in")
    inputs.files.pipe_file(inputs.locate("y.parquet"), b"PAR1")
    out = f"{prefix}/out"
    assert predict("--model", model, "--input", f"{prefix}/in", "--output", out) == 1
    told = capsys.readouterr().err
    assert f"error: {prefix}/in/y.parquet: not a readable Parquet file" in told
    assert "1 of 3 files are left: y.parquet" in told
    assert set(download(out)) == {"a/x.jsonl", "b/x.jsonl"}


def test_a_bucket_that_is_not_there_is_one_line(
    model: Path, local: Path, server: S3Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict("--model", model, "--input", "s3://nowhere/in", "--output", "s3://b/out") == 1
    assert capsys.readouterr().err == "error: s3://nowhere/in: no such file or folder\n"
    assert predict("--model", model, "--input", local, "--output", "s3://nowhere/out") == 1
    told = capsys.readouterr().err
    assert "error: s3://nowhere/out/.understudy/recipe.json: no such file" in told
    assert "articles in" not in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"AWS_ACCESS_KEY_ID": "wrong"}, "s3://articles/in: "),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "s3://articles/in: Could not connect"),
    ],
)
def test_an_endpoint_that_refuses_or_does_not_answer_is_one_line(
    variables: dict[str, str],
    problem: str,
    model: Path,
    server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    import s3fs

    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    status = predict("--model", model, "--input", "s3://articles/in", "--output", tmp_path / "out")
    s3fs.S3FileSystem.clear_instance_cache()
    told = capsys.readouterr().err
    assert status == 1
    assert told.startswith(f"error: {problem}")
    assert len(told.splitlines()) == 1
