"""predict --model --input --output: any file of articles in, a file of summaries out."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.imports import ROOT
from tests.students import decoding_params, summarize, taught_engine, toy_pairs
from understudy.core.errors import run
from understudy.students.decoding.generation import write_generation_config
from understudy.tools.predict import main
from understudy.tools.summarize import HINTS

ARTICLES = list(toy_pairs(7, seed=11)["article"])
IDS = [f"a-{number}" for number in range(7)]
Predict = Callable[..., int]


@pytest.fixture(scope="module")
def summaries() -> list[str]:
    return summarize(taught_engine("t5"), ARTICLES, max_input_tokens=1024)


@pytest.fixture
def predict(model: Path, monkeypatch: pytest.MonkeyPatch) -> Predict:
    """Runs the command in this process; returns its exit status."""

    def command(*arguments: object, model: Path = model) -> int:
        monkeypatch.setattr(
            "sys.argv", ["predict", "--model", str(model), "--input", *map(str, arguments)]
        )
        try:
            run(main)
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return command


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """The same rows as any kind of file."""
    if path.suffix == ".jsonl":
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    elif path.suffix == ".csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    elif path.suffix == ".parquet":
        pd.DataFrame(rows).to_parquet(path)
    else:
        path.write_text("".join(f"{row['article'] or ''}\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path) -> list[tuple[str, str | None]]:
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [(row["id"], row["prediction"]) for row in rows]
    table = pd.read_csv(path, dtype=str) if path.suffix == ".csv" else pd.read_parquet(path)
    assert list(table.columns) == ["id", "prediction"]
    table = table.astype(object).where(table.notna(), None)
    return list(zip(table["id"], table["prediction"], strict=True))


def rows(articles: list[str | None]) -> list[dict[str, Any]]:
    return [{"id": i, "article": a} for i, a in zip(IDS, articles, strict=True)]


@pytest.mark.parametrize("kind", [".jsonl", ".csv", ".parquet", ".txt"])
def test_each_row_gets_its_summary_under_its_id_in_order(
    kind: str, predict: Predict, summaries: list[str], tmp_path: Path
) -> None:
    source, out = write(tmp_path / f"in{kind}", rows(list(ARTICLES))), tmp_path / f"out{kind}"
    assert predict(source, "--output", out) == 0
    if kind == ".txt":
        expected = [" ".join(summary.split()) for summary in summaries]
        assert out.read_text(encoding="utf-8").splitlines() == expected
    else:
        assert read(out) == list(zip(IDS, summaries, strict=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"in{kind}", f"out{kind}"]


@pytest.mark.parametrize("kind", [".jsonl", ".csv", ".parquet", ".txt"])
def test_rows_without_text_keep_their_place_and_are_named(
    kind: str,
    predict: Predict,
    summaries: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    articles: list[str | None] = [None, *ARTICLES[1:3], "  ", *ARTICLES[4:6], None]
    expected = [None, *summaries[1:3], None, *summaries[4:6], None]
    source, out = write(tmp_path / f"in{kind}", rows(articles)), tmp_path / "out.jsonl"
    assert predict(source, "--output", out) == 0
    told = capsys.readouterr().err
    assert [prediction for _, prediction in read(out)] == expected
    for number in (1, 4, 7):
        assert f"{source}: row {number} has no summary: " in told
    assert told.count("has no summary") == 3


def test_a_file_without_a_usable_article_is_one_line_and_no_output(
    predict: Predict, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = write(tmp_path / "in.jsonl", rows([None] * 7)), tmp_path / "out.parquet"
    assert predict(source, "--output", out) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith(
        f"error: {source}: none of 7 rows has a usable 'article' (row 1: missing"
    )
    assert not out.exists()


def test_a_broken_line_keeps_its_place(
    predict: Predict,
    summaries: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, out = write(tmp_path / "in.jsonl", rows(list(ARTICLES))), tmp_path / "out.jsonl"
    lines = source.read_text(encoding="utf-8").splitlines()
    source.write_text("\n".join([lines[0], "{", *lines[2:]]), encoding="utf-8")
    assert predict(source, "--output", out) == 0
    identities = [IDS[0], "2", *IDS[2:]]
    expected = [summaries[0], None, *summaries[2:]]
    assert read(out) == list(zip(identities, expected, strict=True))
    assert f"{source}: row 2 has no summary: row: " in capsys.readouterr().err


def test_rows_without_ids_are_numbered_and_another_column_may_hold_the_articles(
    predict: Predict, summaries: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.jsonl", [{"body": article} for article in ARTICLES])
    assert predict(source, "--column", "body") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in lines] == [str(number) for number in range(1, 8)]
    assert [line["prediction"] for line in lines] == summaries
    assert predict(write(tmp_path / "none.txt", []), "--output", tmp_path / "out.jsonl") == 0
    assert read(tmp_path / "out.jsonl") == []


def test_the_command_itself_writes_nothing_but_json_to_stdout(
    model: Path, summaries: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "understudy.tools", "predict", "--model", model, "--input", "-"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input="\n".join(ARTICLES),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["prediction"] for row in found] == summaries


def test_a_model_that_was_scored_by_transformers_is_decoded_by_transformers(
    predict: Predict, model: Path, summaries: list[str], tmp_path: Path
) -> None:
    folder = shutil.copytree(model, tmp_path / "model")
    (folder / "ctranslate2/model.bin").write_bytes(b"never read")
    write_generation_config(folder, decoding_params(engine="transformers"))
    source, out = write(tmp_path / "in.jsonl", rows(list(ARTICLES))), tmp_path / "out.jsonl"
    assert predict(source, "--output", out, model=folder) == 0
    assert read(out) == list(zip(IDS, summaries, strict=True))


def refused(status: int, told: str) -> str:
    """The one line of a command that failed in a way its user can mend."""
    assert status == 1, told
    assert "Traceback" not in told
    [line] = [line for line in told.splitlines() if line.startswith("error: ")]
    assert told.rstrip().endswith(line)
    return line


@pytest.mark.parametrize("kind", [".jsonl", ".csv", ".parquet"])
def test_a_wrong_column_is_one_line_and_leaves_the_output_of_the_run_before(
    kind: str, predict: Predict, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = write(tmp_path / f"in{kind}", rows(list(ARTICLES))), tmp_path / "out.jsonl"
    out.write_text("before", encoding="utf-8")
    status = predict(source, "--output", out, "--column", "body")
    line = refused(status, capsys.readouterr().err)
    assert "'body'" in line
    assert "--column" in line
    assert out.read_text(encoding="utf-8") == "before"


@pytest.mark.parametrize(
    ("name", "content", "out", "told"),
    [
        ("in.xlsx", b"text", "out.jsonl", "in.xlsx: expected a file ending in .jsonl, .csv, .pa"),
        ("in", b"text", "out.jsonl", "in: expected a file ending in .jsonl, .csv, .parquet"),
        ("in.txt", b"text\n", "out.doc", "ending in .jsonl, .csv, .parquet, .txt for --output"),
        ("in.txt", b"\xff\xfa", "out.jsonl", "none of 1 rows has a usable 'article' (row 1: not U"),
        *(
            (f"none{kind}", None, "out.jsonl", f"none{kind}: no such file; {HINTS.file}")
            for kind in (".jsonl", ".csv", ".parquet", ".txt")
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(
    name: str,
    content: bytes | None,
    out: str,
    told: str,
    predict: Predict,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    status = predict(tmp_path / name, "--output", tmp_path / out)
    assert told in refused(status, capsys.readouterr().err)


@pytest.mark.parametrize("stdin", [False, True])
def test_only_line_ends_end_a_line_and_bytes_that_are_no_text_keep_their_place(
    stdin: bool,
    predict: Predict,
    summaries: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    odd = ARTICLES[1].replace(" ", "\u2028", 1).replace(" ", "\x0c", 1)
    content = "\ufeff" + "\r\n".join([ARTICLES[0], odd, "", ARTICLES[2]])
    content_bytes = content.encode("utf-8") + b"\n\xff\n"
    (tmp_path / "in.txt").write_bytes(content_bytes)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content_bytes), "ascii"))
    assert predict("-" if stdin else tmp_path / "in.txt") == 0
    found = [json.loads(line)["prediction"] for line in capsys.readouterr().out.splitlines()]
    assert [found[0], *found[2:]] == [summaries[0], None, summaries[2], None]
    assert found[1]


@pytest.mark.parametrize("kind", [".jsonl", ".csv", ".parquet", ".txt"])
def test_a_folder_is_never_replaced(
    kind: str, predict: Predict, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = write(tmp_path / "in.jsonl", rows(list(ARTICLES))), tmp_path / f"out{kind}"
    out.mkdir()
    (out / "part-0.parquet").touch()
    line = refused(predict(source, "--output", out), capsys.readouterr().err)
    assert f"{out}: this is a folder" in line
    assert [path.name for path in out.iterdir()] == ["part-0.parquet"]


def test_a_place_that_cannot_be_written_is_one_line_before_the_model_is_loaded(
    predict: Predict, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.jsonl", rows(list(ARTICLES)))
    out = source / "out.jsonl"
    status = predict(source, "--output", out, model=tmp_path)
    assert f"{out}: cannot be written (" in refused(status, capsys.readouterr().err)


@pytest.mark.parametrize("kind", [".jsonl", ".csv", ".parquet"])
def test_an_id_that_is_no_text_costs_no_summary(
    kind: str,
    predict: Predict,
    summaries: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / f"out{kind}"
    lines = [json.dumps(row) for row in rows(list(ARTICLES))]
    lines[2] = lines[2].replace("a-2", "\\ud800")
    source.write_text("\n".join(lines), encoding="utf-8")
    assert predict(source, "--output", out) == 0
    assert read(out) == list(zip([*IDS[:2], "3", *IDS[3:]], summaries, strict=True))
    assert f"{source}: row 3: its id is not UTF-8" in capsys.readouterr().err


def test_too_little_memory_is_one_line_that_names_what_to_lower(
    predict: Predict,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA failed with error out of memory")

    monkeypatch.setattr("understudy.students.decoding.engines.CTranslate2.decode", fail)
    source, out = write(tmp_path / "in.jsonl", rows(list(ARTICLES))), tmp_path / "out.jsonl"
    status = predict(source, "--output", out, "--tokens-per-batch", "300")
    line = refused(status, capsys.readouterr().err)
    assert "lower tokens_per_batch (= 300, in section predict or --tokens-per-batch)" in line
    assert not out.exists()
