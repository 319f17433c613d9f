"""Reads what the report shows; whatever is absent or broken is one line that names the file."""

from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from pydantic import ConfigDict, TypeAdapter

from stages.report.records import (
    Dataset,
    Facts,
    Generated,
    Length,
    Origin,
    Pair,
    Scores,
    Teacher,
    Traits,
    Words,
)
from understudy.contract.document import Record, read_record
from understudy.contract.names import COLUMNS, LEAD, PAIRS, SYSTEMS, TRAINED, ZEROSHOT
from understudy.contract.pairs import PAIR_COLUMNS
from understudy.contract.verdicts import MINUS
from understudy.core.errors import DataError
from understudy.core.files import AGAIN, read_json
from understudy.core.params import Section, load_section
from understudy.core.tables import read_table
from understudy.texts.sentences import lead

TEST = Path("data/gold/test.parquet")
PREDICTIONS = Path("data/predictions")
SCORES = Path("data/scores.parquet")
SOURCE = Path("data/raw/source.json")
METRICS = Path("metrics")
CURVE = ("step", "epoch", "train_loss", "validation_loss")
LENGTHS = ("source", "text", "words_from", "words_to", "pairs")
R = TypeVar("R", bound=Record)


class Judged(Section):
    """What the report tells of the section `evaluate`."""

    model_config = ConfigDict(extra="ignore")

    margin: float
    stemmer: bool


def gather(articles: int) -> Facts:
    """Reads params.yaml and the files of all stages.

    Args:
        articles: how many test articles to take at most, from the first on.

    Raises:
        ParamsError: params.yaml cannot be used.
        DataError: a file is absent, broken, or lacks what the report shows.
    """
    judged = load_section("evaluate", Judged)
    points = read_points()
    shown = {name: rows.head(articles) for name, rows in points.items()}
    systems, gap, length, texts = (
        METRICS / f"{name}.json" for name in ("systems", "gap", "length", "texts")
    )
    return Facts(
        origin=_read(SOURCE, Origin),
        scores={name: _read(systems, Scores, name) for name in SYSTEMS},
        reference=_read(systems, Words, "reference"),
        gap={pair: _read(gap, Pair, MINUS.join(pair)) for pair in PAIRS},
        traits={name: _read(texts, Traits, name) for name in (*SYSTEMS, "reference")},
        length={name: _read(length, Length, name) for name in TRAINED},
        teacher=_read(METRICS / "teacher.json", Teacher),
        dataset=_read(METRICS / "dataset.json", Dataset),
        generated=_read(METRICS / "generated.json", Generated),
        data=read_json(METRICS / "data.json"),
        lengths=read_csv(METRICS / "plots" / "lengths.csv", LENGTHS, LENGTHS[2:]),
        curves={
            name: read_csv(METRICS / "curves" / f"{name}.csv", CURVE, CURVE) for name in TRAINED
        },
        scored=len(points[LEAD]),
        texts=read_texts(list(shown[LEAD].index)),
        points=shown,
        margin=judged.margin,
        stemmer=judged.stemmer,
    )


def read_points() -> dict[str, pd.DataFrame]:
    """Each system's scores, COLUMNS by id of the article.

    Raises:
        DataError: data/scores.parquet is absent or broken, or a system's rows are not those of
            the same articles.
    """
    table = read_table(SCORES, ("id", "system", *COLUMNS))
    points = {
        system: table[table["system"] == system].set_index("id")[list(COLUMNS)]
        for system in SYSTEMS
    }
    expected = points[LEAD].index
    for system, rows in points.items():
        if not len(rows) or not rows.index.equals(expected) or rows.isna().any(axis=None):
            raise DataError(
                f"{SCORES}: not one score of {system} for each article of {LEAD}; {AGAIN}"
            )
    return points


def read_texts(ids: list[str]) -> pd.DataFrame:
    """Articles, gold highlights and every system's summaries.

    Args:
        ids: of the articles to take, in the order of the test articles.

    Raises:
        DataError: a file is absent or broken, or lacks a text of an article.
    """
    texts = pd.DataFrame({"id": ids})
    for path, columns in _list_texts():
        table = read_table(path, ("id", *columns)).drop_duplicates("id").set_index("id")
        found = table.reindex(ids)
        missing = found.index[found.isna().any(axis="columns")]
        if len(missing):
            raise DataError(f"{path}: no text for article {missing[0]!r} of {SCORES}; `dvc repro`")
        for column, name in columns.items():
            texts[name] = list(found[column])
    texts[LEAD] = [lead(article) for article in texts["article"]]
    return texts


def _list_texts() -> list[tuple[Path, dict[str, str]]]:
    """Files with texts, and what their columns become."""
    return [
        (TEST, {name: name for name in PAIR_COLUMNS[1:]}),
        *(
            (PREDICTIONS / f"{system}.parquet", {"prediction": system})
            for system in (*TRAINED, ZEROSHOT)
        ),
    ]


def read_csv(path: Path, columns: tuple[str, ...], numbers: tuple[str, ...]) -> pd.DataFrame:
    """A CSV file that a stage wrote.

    Args:
        path: the file.
        columns: what it must have.
        numbers: those of them that hold numbers; a loss may be none or infinite.

    Raises:
        DataError: the file is absent, broken or has no rows.
    """
    try:
        table = pd.read_csv(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; `dvc repro` makes it, `dvc pull` gets it") from None
    except (ValueError, OSError) as error:
        problem = " ".join(str(error).split())
        raise DataError(f"{path}: not a readable CSV file: {problem}; {AGAIN}") from None
    missing = [name for name in columns if name not in table]
    if missing:
        raise DataError(f"{path}: no column '{missing[0]}'; {AGAIN}")
    if table.empty:
        raise DataError(f"{path}: no rows in it; {AGAIN}")
    for name in numbers:
        if not _holds_numbers(table[name], may_lack=name.endswith("_loss")):
            raise DataError(f"{path}: {name}: expected a number in each row; {AGAIN}")
    return table[list(columns)]


def _holds_numbers(column: "pd.Series[Any]", may_lack: bool) -> bool:
    numeric = pd.api.types.is_numeric_dtype(column)
    return numeric and (may_lack or bool(np.isfinite(column).all()))


def _read(path: Path, form: type[R], key: str | None = None) -> R:
    return read_record(path, TypeAdapter(form), key)
