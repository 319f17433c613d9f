"""A folder with what the stage datacards reads, and copies planted in it."""

import shutil
from pathlib import Path

import pytest

from stages.datacards.__main__ import main
from tests.contract.examples import (
    TRAINED,
    make_answered,
    make_call_counts,
    make_origin,
    make_settings,
)
from tests.imports import ROOT
from understudy.contract.answered import Answered
from understudy.contract.dataset import Dataset
from understudy.contract.pairs import MODELS, pairs_schema
from understudy.contract.params.sources import SOURCES
from understudy.contract.trained import TrainedSettings
from understudy.core.tables import table_writer

Row = dict[str, str]
OUTPUTS = {
    path
    for source in SOURCES
    for path in (
        f"data/{source}/README.md",
        f"metrics/data/{source}.json",
        f"metrics/plots/lengths/{source}.csv",
    )
}
DATASET = Dataset.model_validate(
    {
        "train": {
            "read": 1009, "rejected": 2, "fetched": 1007, "under_limit": 1005, "kept": 8,
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
)  # fmt: skip
WRITER, LABELLER = "writer-1", "labeller-1"
ANSWERED: dict[str, Answered] = {
    "generate": make_answered(
        train={
            "asked": 8,
            "kept": 5,
            "dropped": {"failed": 1, "refused": 1, "empty": 0, "cut_off": 0, "too_long": 1},
        },
        validation={
            "asked": 2,
            "kept": 2,
            "dropped": {"failed": 0, "refused": 0, "empty": 0, "cut_off": 0, "too_long": 0},
        },
        calls=make_call_counts(model=WRITER),
    ),
    "label": make_answered(
        "label",
        train={"asked": 8, "kept": 5, "dropped": {"failed": 0, "not_json": 2, "copy": 1}},
        validation={"asked": 2, "kept": 2, "dropped": {"failed": 0, "not_json": 0, "copy": 0}},
        calls=make_call_counts(model=LABELLER),
    ),
}
"""By the stage that asked."""
LOST = {
    "inputs": {"unknown": 21, "line_breaks": 77, "changed": 3, "characters": "{ } ~ |"},
    "outputs": {"unknown": 0, "line_breaks": 5, "changed": 0, "characters": ""},
}
"""What a tokenizer cannot spell, as training has counted it."""


def story(name: str, words: int = 60) -> str:
    """An article of words of its own."""
    return " ".join(f"{name}{number}" for number in range(words)) + "."


def gold(name: str) -> str:
    """Highlights of two sentences with nine words each, of their own."""
    sentences = (range(9), range(9, 18))
    return "\n".join(" ".join(f"{name}gold{n}" for n in numbers) + " ." for numbers in sentences)


def row(name: str, article: str | None = None, highlights: str | None = None) -> Row:
    """A pair of its own words, or with a given text."""
    texts = {"article": article or story(name), "highlights": highlights or gold(name)}
    return {"id": name, **texts}


def label(name: str) -> str:
    """What a teacher could have answered: the beginning of no article."""
    return gold(f"{name}label")


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
    words = train[0]["article"].split()
    copied = f"{' '.join(words[:9])} .\n{' '.join(words[9:18])} ."
    labelled = [
        row("traina", highlights=copied),  # the article's own words
        *(row(f"train{letter}", highlights=label(letter)) for letter in "bcd"),
        row("exact", planted[0]["article"], label("exact")),
    ]
    held_out = ("valida", "validb")
    return {
        "gold/train": [*train, *planted],
        "gold/validation": [row("valida"), row("validb")],
        "gold/test": test,
        "written/train": written,
        "written/validation": [row("valida", story("writtenv")), row("validb", story("writtenw"))],
        "labelled/train": labelled,
        "labelled/validation": [row(name, highlights=label(name)) for name in held_out],
    }


def write_rows(path: Path, rows: list[Row]) -> None:
    """Writes pairs as Parquet."""
    with table_writer(path, pairs_schema()) as table:
        for one in rows:
            table.add(one)


def fill_project(folder: Path) -> None:
    """Writes all files that the stage reads."""
    for name, rows in list_rows().items():
        write_rows(folder / "data" / f"{name}.parquet", rows)
    for system in TRAINED:
        settings = make_settings(system, lost={"train": LOST, "validation": LOST})
        settings.write(TrainedSettings.path_in(folder / MODELS / system))
    for document in (make_origin(), DATASET):
        document.write(folder / document.PATH)
    for stage, answered in ANSWERED.items():
        answered.write(folder / Answered.path_of(stage))
    shutil.copy(ROOT / "profiles" / "sample.yaml", folder / "params.yaml")
    shutil.copytree(ROOT / "prompts", folder / "prompts")


def count_sources(*sources: str) -> None:
    """Runs the stage in the working directory, for these sources or for all."""
    for source in sources or SOURCES:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["datacards", source])
            main()


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def outputs(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in OUTPUTS & files(folder)}
