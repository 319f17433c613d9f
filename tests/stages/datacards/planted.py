"""A folder with what the stage datacards reads, and copies planted in it."""

import shutil
from pathlib import Path

from understudy.contract.generated import Generated

from tests.contract.examples import make_origin, make_settings
from tests.imports import ROOT
from understudy.contract.answers import Answer
from understudy.contract.asked import WRITTEN_ANSWERS, WRITTEN_ANSWERS_SCHEMA
from understudy.contract.dataset import Dataset
from understudy.contract.names import TRAINED
from understudy.contract.pairs import MODELS, PAIRS_SCHEMA
from understudy.contract.trained import TrainedSettings
from understudy.core.tables import table_writer
from understudy.teacher.completion import failed_answer

Row = dict[str, str]
DATASET = Dataset.model_validate(
    {
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
)
GENERATED = Generated.model_validate(
    {
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
)
WRITER = "writer-1"
LOST = {
    "articles": {"unknown": 21, "line_breaks": 77, "changed": 3, "characters": "{ } ~ |"},
    "highlights": {"unknown": 0, "line_breaks": 5, "changed": 0, "characters": ""},
}
"""What a tokenizer cannot spell, as training has counted it."""


def story(name: str, words: int = 60) -> str:
    """An article of words of its own."""
    return " ".join(f"{name}{number}" for number in range(words)) + "."


def gold(name: str) -> str:
    """Highlights of two sentences with nine words each, of their own."""
    sentences = (range(9), range(9, 18))
    return "\n".join(" ".join(f"{name}gold{n}" for n in numbers) + " ." for numbers in sentences)


def row(name: str, article: str | None = None) -> Row:
    """A pair of its own words, or with a given article."""
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
    """Writes pairs as Parquet."""
    with table_writer(path, PAIRS_SCHEMA) as table:
        for one in rows:
            table.add(one)


def write_answers(path: Path, model: str = WRITER) -> None:
    """Writes three answers and a failed call, which names a model that has not answered."""
    answers = [Answer(f"sha256:{n}", "text", "stop", "", model, 9, 0, 9) for n in range(3)]
    answers.append(failed_answer("sha256:3", "asked-for", "HTTP 500"))
    with table_writer(path, WRITTEN_ANSWERS_SCHEMA) as table:
        for number, answer in enumerate(answers):
            reason = answer.find_problem()
            table.add({"split": "train", "id": f"{number}", "reason": reason, **answer.to_record()})


def fill_project(folder: Path) -> None:
    """Writes all files that the stage reads."""
    for name, rows in list_rows().items():
        write_rows(folder / "data" / f"{name}.parquet", rows)
    write_answers(folder / WRITTEN_ANSWERS)
    for system in TRAINED:
        settings = make_settings(system, lost={"train": LOST, "validation": LOST})
        settings.write(TrainedSettings.path_in(folder / MODELS / system))
    for document in (make_origin(), DATASET, GENERATED):
        document.write(folder / document.PATH)
    shutil.copy(ROOT / "profiles" / "sample.yaml", folder / "params.yaml")
    shutil.copytree(ROOT / "prompts", folder / "prompts")
