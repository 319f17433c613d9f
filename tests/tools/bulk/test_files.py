"""understudy predict over many files: what is written, and what is said of what cannot be."""

import json
import os
import resource
import signal
from pathlib import Path

import pandas as pd
import pytest

from tests.imports import run_python
from tests.tools.bulk.articles import (
    COMMAND,
    ids,
    list_files,
    predict,
    read_all,
    write_articles,
    write_folder,
)

NAMES = ("a/x.jsonl", "b/x.jsonl", "y.parquet", "z.csv", "t.txt")


def test_each_output_is_what_the_command_makes_of_that_file_alone(
    model: Path, tmp_path: Path
) -> None:
    source, out = write_folder(tmp_path / "in", NAMES), tmp_path / "out"
    pd.read_parquet(source / "y.parquet")[:0].to_parquet(source / "no rows.parquet")
    assert predict("--model", model, "--input", source, "--output", out) == 0
    assert list_files(out) == sorted([*NAMES, "no rows.parquet"])
    assert ids(out / "no rows.parquet") == []
    for name in NAMES:
        alone = tmp_path / f"alone{Path(name).suffix}"
        assert predict("--model", model, "--input", source / name, "--output", alone) == 0
        assert (out / name).read_bytes() == alone.read_bytes(), name


def test_what_cannot_be_read_is_named_and_the_others_are_done(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = write_folder(tmp_path / "in", ["good.jsonl", "whole.parquet"]), tmp_path / "out"
    whole = (source / "whole.parquet").read_bytes()
    (source / "half.parquet").write_bytes(whole[: len(whole) // 2])
    (source / "half.jsonl").write_bytes((source / "good.jsonl").read_bytes()[:-20])
    (source / "empty.jsonl").touch()
    pd.DataFrame({"body": ["A."]}).to_parquet(source / "column.parquet")
    (source / "utf16.jsonl").write_bytes('{"article": "A."}\n'.encode("utf-16"))
    assert predict("--model", model, "--input", source, "--output", out) == 1
    assert list_files(out) == ["good.jsonl", "whole.parquet"]
    told = capsys.readouterr().err
    lines = [line for line in told.splitlines() if line.startswith("error: ")]
    for name, problem in {
        "half.parquet": "not a readable Parquet file",
        "half.jsonl": "ends in the middle of a line",
        "empty.jsonl": "the file has no rows",
        "column.parquet": "no column 'article' for article; it has body: name its column",
        "utf16.jsonl": "UTF-16",
    }.items():
        [line] = [line for line in lines if line.startswith(f"error: {source / name}: ")]
        assert problem in line
    assert lines[-1].startswith("error: 5 of 7 files are left: column.parquet, empty.jsonl, ")
    assert len(lines) == 6
    assert "Traceback" not in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_what_may_not_be_read_is_named_and_the_others_are_done(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = write_folder(tmp_path / "in", ["a.jsonl", "b.parquet", "c.csv"]), tmp_path / "out"
    (source / "a.jsonl").chmod(0)
    (source / "b.parquet").chmod(0)
    assert predict("--model", model, "--input", source, "--output", out) == 1
    told = capsys.readouterr().err
    assert f"error: {source / 'a.jsonl'}: Permission denied" in told
    assert f"error: {source / 'b.parquet'}: not a readable Parquet file" in told
    assert list_files(out) == ["c.csv"]
    out.chmod(0o500)
    assert predict("--model", model, "--input", source, "--output", out / "below") == 1
    assert f"error: {out / 'below'}: cannot be written (Permission denied)" in (
        capsys.readouterr().err
    )


def test_a_file_that_was_mended_is_done_by_the_next_run_alone(model: Path, tmp_path: Path) -> None:
    source, out = write_folder(tmp_path / "in", ["a.jsonl", "b.jsonl"]), tmp_path / "out"
    (source / "b.jsonl").write_text('{"article": "Anna', encoding="utf-8")
    command = ("--model", model, "--input", source, "--output", out)
    assert predict(*command) == 1
    before = (out / "a.jsonl").stat()
    write_articles(source / "b.jsonl", 1)
    assert predict(*command) == 0
    assert list_files(out) == ["a.jsonl", "b.jsonl"]
    assert (out / "a.jsonl").stat().st_ino == before.st_ino


def test_rows_are_named_by_their_file_in_the_folder_and_nothing_else_is_left(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = write_folder(tmp_path / "in", NAMES), tmp_path / "out"
    with (source / "a/x.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": "none", "article": " "}) + "\n")
    given = (source / "*" / "x.jsonl", source / "y.parquet")  # files and globs
    assert predict("--model", model, "--input", *given, "--output", out) == 0
    assert "a/x.jsonl: row 6 has no summary: empty" in capsys.readouterr().err.splitlines()
    assert ids(out / "a/x.jsonl")[-1] == "none"
    outputs = ["a/x.jsonl", "b/x.jsonl", "y.parquet"]
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()) == [
        *(f".understudy/done/{name}.json" for name in outputs),
        ".understudy/recipe.json",
        *outputs,
    ]
    assert not list(out.rglob("work-*"))


def test_a_shard_of_the_files_is_done_by_each_machine_and_all_by_all(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"part-{number}.jsonl" for number in range(6)]
    source, whole = write_folder(tmp_path / "in", names), tmp_path / "whole"
    assert predict("--model", model, "--input", source, "--output", whole) == 0
    out, seen = tmp_path / "out", list[str]()
    for number in (1, 2, 3):
        shard = ("--shard", f"{number}/3")
        assert predict("--model", model, "--input", source, "--output", out, *shard) == 0
        done = [name for name in list_files(out) if name not in seen]
        seen += done
        told = f"6 files, {len(done)} of them in shard {number}/3: 0 finished before, {len(done)} "
        assert told in capsys.readouterr().err
    assert sorted(seen) == names
    assert read_all(out) == read_all(whole)
    one = ("--shard", "1/1", "--output", tmp_path / "one")
    assert predict("--model", model, "--input", source / names[0], *one) == 0
    assert list_files(tmp_path / "one") == names[:1]


def refuse_large_files() -> None:
    """A disk that takes files of up to 1,000 bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))


def test_a_full_disk_ends_the_run_with_one_line_and_nothing_half_written(
    model: Path, tmp_path: Path
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    for name in ("a.jsonl", "b.jsonl"):
        write_articles(source / name, rows=40)
    given = ("--model", model, "--input", source, "--output", out)
    done = run_python(*COMMAND[1:], *given, cwd=tmp_path, preexec_fn=refuse_large_files)
    assert done.returncode == 1
    assert f"error: {out / 'a.jsonl'}: File too large" in done.stderr
    assert "error: 2 of 2 files are left: a.jsonl, b.jsonl; see above" in done.stderr
    assert str(out / "b.jsonl") not in done.stderr
    assert "Traceback" not in done.stderr
    assert list_files(out) == []


def test_a_place_that_cannot_be_written_is_one_line_before_the_model_is_loaded(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_folder(tmp_path / "in", ["a.jsonl"])
    out = write_articles(tmp_path / "file.jsonl")
    assert predict("--model", model, "--input", source, "--output", out / "below") == 1
    told = capsys.readouterr().err
    assert told.startswith(f"error: {out / 'below'}: cannot be written (Not a directory); name")


def test_a_model_that_cannot_be_used_ends_the_run_at_the_first_file(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_folder(tmp_path / "in", ["a.jsonl", "b.jsonl"])
    for folder, problem in ((tmp_path / "none", "no such folder"), (source, "no config.json")):
        assert predict("--model", folder, "--input", source, "--output", tmp_path / "out") == 1
        assert f"error: {folder}: {problem}" in capsys.readouterr().err
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}", encoding="utf-8")
    assert predict("--model", broken, "--input", source, "--output", tmp_path / "out") == 1
    told = capsys.readouterr().err
    assert told.count("error: ") == 2
    assert "2 of 2 files are left" in told
