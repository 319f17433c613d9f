"""A folder with what the stage datacards reads, and copies planted in it."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.contract.examples import make_origin
from tests.imports import ROOT
from understudy.contract.answers import COLUMNS, Answer
from understudy.contract.pairs import PAIR_COLUMNS
from understudy.core.tables import TableWriter, table_writer, text_columns
from understudy.teacher.completion import failed_answer

Row = dict[str, str]
SAMPLE, HUB, FILES = (make_origin(kind).to_json() for kind in ("sample", "hub", "files"))
DATASET: dict[str, Any] = {
    "train": {
        "read": 1009,
        "rejected": 2,
        "fetched": 1007,
        "under_limit": 1005,
        "kept": 8,
        "dropped": {"too_long": 2, "duplicate": 997, "in_test": 0},
    },
    "validation": {
        "read": 3,
        "rejected": 0,
        "fetched": 3,
        "under_limit": 3,
        "kept": 2,
        "dropped": {"too_long": 0, "duplicate": 0, "in_test": 1},
    },
    "test": {
        "read": 4,
        "rejected": 0,
        "fetched": 4,
        "under_limit": 4,
        "kept": 4,
        "dropped": {"too_long": 0, "duplicate": 0, "in_test": 0},
    },
}
GENERATED: dict[str, Any] = {
    "train": {
        "asked": 8,
        "kept": 5,
        "dropped": {"failed": 1, "refused": 1, "empty": 0, "cut_off": 0, "too_long": 1},
    },
    "validation": {
        "asked": 2,
        "kept": 2,
        "dropped": {"failed": 0, "refused": 0, "empty": 0, "cut_off": 0, "too_long": 0},
    },
}
WRITER = "writer-1"


def story(name: str, words: int = 60) -> str:
    """An article of words of its own."""
    return " ".join(f"{name}{number}" for number in range(words)) + "."


def gold(name: str) -> str:
    """Highlights of two sentences with nine words each, of their own."""
    sentences = (range(9), range(9, 18))
    return "\n".join(" ".join(f"{name}gold{n}" for n in numbers) + " ." for numbers in sentences)


def row(name: str, article: str | None = None) -> Row:
    return {"id": name, "article": article or story(name), "highlights": gold(name)}


def list_rows() -> dict[str, list[Row]]:
    """All pairs, by the path of their file below data/."""
    test = [row(f"test{letter}") for letter in "abcd"]
    train = [row(f"train{letter}") for letter in "abcde"]
    planted = [
        row("exact", test[0]["article"].upper()),
        row("near", f"{test[1]['article']} And so on"),
        row("twin", f"Once {train[0]['article']}"),
    ]
    written = [
        row("traina", f"Here {gold('traina')} and more {story('writtena')}"),  # both sentences
        row("trainb", f"Here {gold('trainb').splitlines()[1]} {story('writtenb')}"),  # one
        row("trainc", story("writtenc")),
        row("traind", f"{train[3]['article']} It is known by heart"),
        row("traine", f"Again {test[2]['article']}"),
    ]
    return {
        "gold/train": [*train, *planted],
        "gold/validation": [row("valida"), row("validb")],
        "gold/test": test,
        "written/train": written,
        "written/validation": [row("valida", story("writtenv")), row("validb", story("writtenw"))],
    }


def write_rows(path: Path, rows: list[Row]) -> None:
    with table_writer(path, text_columns(*PAIR_COLUMNS)) as table:
        for one in rows:
            table.add(one)


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def write_answers(path: Path, model: str = WRITER) -> None:
    with table_writer(path, {**text_columns("split", "id", "reason"), **COLUMNS}) as table:
        for number in range(3):
            answer = Answer(f"sha256:{number}", "text", "stop", "", model, 9, 0, 9)
            _add(table, number, answer, None)
        _add(table, 3, failed_answer("sha256:3", "asked-for", "HTTP 500"), "failed")


def _add(table: TableWriter, number: int, answer: Answer, reason: str | None) -> None:
    table.add({"split": "train", "id": f"{number}", "reason": reason, **answer.to_record()})


def fill_project(folder: Path) -> None:
    """Writes all files that the stage reads."""
    for name, rows in list_rows().items():
        write_rows(folder / "data" / f"{name}.parquet", rows)
    write_answers(folder / "data/written/answers.parquet")
    write_json(folder / "data/raw/source.json", SAMPLE)
    write_json(folder / "metrics/dataset.json", DATASET)
    write_json(folder / "metrics/generated.json", GENERATED)
    shutil.copy(ROOT / "profiles" / "sample.yaml", folder / "params.yaml")
    shutil.copytree(ROOT / "prompts", folder / "prompts")
