"""Peak memory of training and decoding with ten times as many rows.

Run: python -m tests.benchmarks.memory; make bench runs it.
"""

import json
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.contest import describe_machine, peak_megabytes, run_child, write_table
from understudy.contract.pairs import pairs_schema
from understudy.core.tables import table_writer

ROWS = (10_000, 100_000)
STEPS = 40
WORDS = [f"word{number}" for number in range(2000)]


def draw_texts(rows: int, words: int) -> Iterator[str]:
    """Random texts of about so many words, made as they are asked for."""
    draw = random.Random(rows)
    for _ in range(rows):
        yield " ".join(draw.choices(WORDS, k=draw.randint(words // 2, words)))


def write_pairs(path: Path, rows: int) -> None:
    """Pairs whose articles have up to 120 words."""
    with table_writer(path, pairs_schema()) as table:
        texts = zip(draw_texts(rows, 120), draw_texts(rows, 12), strict=True)
        for number, (article, highlights) in enumerate(texts):
            table.add({"id": str(number), "article": article, "highlights": highlights})


def child(kind: str, rows: int) -> None:
    """Trains a tiny model for a few steps, or decodes a few tokens of every row."""
    from understudy.students.model.families import FAMILIES
    from understudy.students.model.loading import build_tiny

    family = FAMILIES["t5"]
    with tempfile.TemporaryDirectory() as folder:
        student = build_tiny(family, draw_texts(2000, 120), seed=1)
        pairs = Path(folder, "train.parquet")
        write_pairs(pairs, rows)
        if kind == "training":
            _train(student, pairs, Path(folder))
        else:
            _decode(student, pairs, Path(folder), rows)
    print(json.dumps({"megabytes": peak_megabytes()}))


def _train(student: object, pairs: Path, folder: Path) -> None:
    from tests.students import train_params
    from understudy.students.model.loading import Student
    from understudy.students.training.trainer import train

    assert isinstance(student, Student)
    few = folder / "validation.parquet"
    write_pairs(few, 64)
    params = train_params(max_steps=STEPS, validations=1, max_input_tokens=512)
    state = folder / "state"
    state.mkdir()
    train(student, {"train": pairs, "validation": few}, params, state)


def _decode(student: object, pairs: Path, folder: Path, rows: int) -> None:
    from stages.predict import predict
    from tests.students import decoding_params
    from understudy.contract.params.export import ExportParams
    from understudy.students.decoding.conversion import convert
    from understudy.students.model.loading import Student

    assert isinstance(student, Student)
    model = folder / "model"
    student.model.save_pretrained(model)
    student.tokenizer.save_pretrained(model)
    export = ExportParams(quantization="float32", limit=0.1, rows=1)
    assert convert(model, ["word1"], ["word2"], (512, 8), export, model / "ctranslate2").passed
    params = decoding_params(
        beams=1, max_tokens=2, max_input_tokens=512, tokens_per_batch=8192, engine="ctranslate2"
    )
    predict(model, pairs, folder / "out.parquet", params)


def main() -> None:
    """Runs both with both numbers of rows."""
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], int(sys.argv[3]))
        return
    table = []
    for kind in ("training", "decoding"):
        found = [run_child("memory", kind, rows)["megabytes"] for rows in ROWS]
        table.append([kind, *(f"{peak:,.0f}" for peak in found), f"{found[1] / found[0]:.2f}"])
    write_table(
        "memory on cpu",
        ("", *(f"{rows:,} rows: MB" for rows in ROWS), "ratio"),
        table,
        f"{describe_machine()}; a tiny T5, articles of up to 120 words.",
    )


if __name__ == "__main__":
    main()
