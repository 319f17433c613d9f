"""understudy predict over many files, a second time: what is done again, and what is left alone."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.imports import ROOT
from tests.tools.bulk.articles import (
    COMMAND,
    list_files,
    predict,
    read_all,
    times,
    write_articles,
    write_folder,
)
from understudy.tools.bulk.scratch import OLD
from understudy.tools.summarize import Summarizer

NAMES = ("a/x.jsonl", "b/x.jsonl")
Again = Callable[..., dict[str, int]]
DEAD_PID = 2**22 + 1
"""Above the largest that Linux gives."""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "in", NAMES)


@pytest.fixture
def again(model: Path, source: Path, out: Path) -> Again:
    """Runs the command, and says when each output was written."""

    def command(*options: object, model: Path = model) -> dict[str, int]:
        assert predict("--model", model, "--input", source, "--output", out, *options) == 0
        return times(out)

    return command


def changed(first: dict[str, int], second: dict[str, int]) -> list[str]:
    assert set(first) == set(second)
    return [name for name in first if first[name] != second[name]]


def test_a_file_that_has_changed_or_is_new_is_done_alone(
    again: Again, source: Path, out: Path
) -> None:
    first, before = again(), read_all(out)
    write_articles(source / "a/x.jsonl", 9)
    write_articles(source / "c.jsonl", 7)
    second = again()
    assert second.pop("c.jsonl")
    assert changed(first, second) == ["a/x.jsonl"]
    assert read_all(out)["a/x.jsonl"] != before["a/x.jsonl"]


def test_what_is_finished_is_left_alone_though_it_or_what_it_is_of_was_copied(
    again: Again,
    out: Path,
    model: Path,
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = again()
    copied = shutil.copytree(model, tmp_path / "model")
    (copied / "README.md").write_text("# Another card\n", encoding="utf-8")
    content = (source / "a/x.jsonl").read_bytes()
    (source / "a/x.jsonl").unlink()
    (source / "a/x.jsonl").write_bytes(content)
    capsys.readouterr()
    assert again(model=copied) == first
    assert "2 files: 2 finished before, 0 to do" in capsys.readouterr().err
    other = tmp_path / "other"
    shutil.copytree(out, other, copy_function=shutil.copyfile)
    before = times(other)
    assert predict("--model", model, "--input", source, "--output", other) == 0
    assert times(other) == before


@pytest.mark.parametrize("file", ["generation_config.json", "ctranslate2/added.bin", "redact.json"])
def test_another_model_does_all_again(file: str, again: Again, model: Path, tmp_path: Path) -> None:
    first = again()
    other = shutil.copytree(model, tmp_path / "model")
    if file == "ctranslate2/added.bin":
        (other / file).write_bytes(b"weights")
    elif file == "redact.json":
        kinds = {"emails": True, "phones": False, "cards": False, "names": False}
        (other / file).write_text(json.dumps(kinds), encoding="utf-8")
    else:
        settings = {**json.loads((other / file).read_bytes()), "num_beams": 1}
        (other / file).write_text(json.dumps(settings), encoding="utf-8")
    assert changed(first, again(model=other)) == list(NAMES)


def test_other_settings_do_all_again(again: Again, tmp_path: Path) -> None:
    first = again()
    names = tmp_path / "names.txt"
    names.write_text("Anna\n", encoding="utf-8")
    second = again("--redact-names", names)
    assert changed(first, second) == list(NAMES)
    assert again("--redact-names", names) == second
    names.write_text("Boris\n", encoding="utf-8")
    third = again("--redact-names", names)
    assert changed(second, third) == list(NAMES)
    assert changed(third, again("--tokens-per-batch", 300)) == list(NAMES)


def test_an_output_that_was_removed_or_cut_is_made_again(again: Again, out: Path) -> None:
    again()
    before = read_all(out)
    (out / "a/x.jsonl").unlink()
    (out / "b/x.jsonl").write_bytes(before["b/x.jsonl"][:-1])
    again()
    assert read_all(out) == before


@pytest.mark.parametrize("content", [None, "", "{}", "[1", '{"input": {"size": "a"}}'])
def test_an_output_without_a_record_that_can_be_read_is_made_again(
    content: str | None, again: Again, out: Path
) -> None:
    first = again()
    record = out / ".understudy/done/a/x.jsonl.json"
    if content is None:
        record.unlink()
    else:
        record.write_text(content, encoding="utf-8")
    assert changed(first, again()) == ["a/x.jsonl"]


def test_a_file_that_changes_while_it_is_read_is_named_and_done_by_the_next_run(
    again: Again,
    model: Path,
    source: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def rewrite(worker: Summarizer, given: Path, *rest: Any) -> None:
        summarize(worker, given, *rest)
        if given.parent.name == "a":
            write_articles(given, 5)

    summarize = Summarizer.summarize
    with monkeypatch.context() as patch:
        patch.setattr(Summarizer, "summarize", rewrite)
        assert predict("--model", model, "--input", source, "--output", out) == 1
    told = capsys.readouterr().err
    assert f"error: {source / 'a/x.jsonl'}: changed while it was read; run the same" in told
    assert list_files(out) == ["b/x.jsonl"]
    assert set(again()) == set(NAMES)


def test_two_runs_at_once_do_no_harm(model: Path, source: Path, out: Path) -> None:
    arguments = ["--model", str(model), "--input", str(source), "--output", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    both = [subprocess.Popen([*COMMAND, *arguments], env=environment) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    first = times(out)
    assert predict(*arguments) == 0
    assert times(out) == first
    assert set(first) == set(NAMES)


def test_what_dead_runs_have_left_is_removed_and_what_others_are_at_is_not(
    again: Again, out: Path
) -> None:
    host, mine = socket.gethostname(), os.getpid()
    dead = out / f".understudy/work-{host}-{DEAD_PID}-0123abcd"
    alive = out / f".understudy/work-{host}-{mine}-0123abcd"
    old = out / ".understudy/work-elsewhere-1-0123abcd"
    new = out / ".understudy/work-elsewhere-2-0123abcd"
    for folder in (dead, alive, old, new):
        folder.mkdir(parents=True)
        (folder / "out.jsonl").write_text("{", encoding="utf-8")
    past = (old / "out.jsonl").stat().st_mtime - OLD - 60
    for path in (old / "out.jsonl", old):
        os.utime(path, (past, past))
    again()
    left = sorted((out / ".understudy").glob("work-*"))
    assert left == sorted([alive, new])


def test_a_run_that_was_killed_is_taken_up_where_it_was(model: Path, tmp_path: Path) -> None:
    names = [f"part-{number:02}.jsonl" for number in range(12)]
    source, out = tmp_path / "in", tmp_path / "out"
    for seed, name in enumerate(names):
        write_articles(source / name, seed, rows=40)
    arguments = ["--model", str(model), "--input", str(source), "--output", str(out)]
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        while "predict part-03" not in process.stderr.readline():
            pass
        process.kill()
    finished = times(out)
    assert set(names[:3]) <= set(finished)
    assert len(finished) < len(names)
    assert list(out.glob(".understudy/work-*/*"))
    assert predict(*arguments) == 0
    assert {name: made for name, made in times(out).items() if name in names[:3]} == {
        name: finished[name] for name in names[:3]
    }
    assert list_files(out) == names
    assert not list(out.glob(".understudy/work-*"))
    whole = tmp_path / "whole"
    assert predict(*arguments[:-1], whole) == 0
    assert read_all(out) == read_all(whole)
