"""What the stage `report` reads, of any size."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.contract.examples import (
    LINEUP,
    SYSTEMS,
    TRAINED,
    make_answered,
    make_dataset,
    make_gap,
    make_origin,
    make_recipe_gap,
    make_recipes,
    make_survey,
    make_systems,
    make_teacher,
)
from tests.contract.label_examples import CLASSES, LABELS, make_noise
from tests.contract.payback_examples import make_calibration, make_latencies, make_worth
from tests.contract.text_examples import make_lengths, make_texts
from tests.imports import ROOT
from understudy.contract.answered import Answered
from understudy.contract.calibration import SystemCalibration
from understudy.contract.classes import (
    NO_LABEL,
    RELIABILITY,
    ConfusionLine,
    ReliabilityLine,
    confusion_path,
)
from understudy.contract.document import Document, write_csv
from understudy.contract.kind import CLASSIFICATION
from understudy.contract.lineup import Lineup
from understudy.contract.names import COLUMNS, LEAD, ZEROSHOT
from understudy.contract.survey import LengthBin, SourceSurvey, histogram_of
from understudy.contract.timing import StudentLatency
from understudy.contract.trained import CurvePoint

VOCABULARY = (
    "the of a in to was said people city river storm houses damaged fire crew mayor winner film "
    "festival Oslo Rome Anna Boris Monday Friday 12 3.5 1,250 lighthouse prize bridge closed "
    "opened after before with two three hundred metres repairs cost crowns women's team beat"
).split()

Articles = list[dict[str, str]]


def make_articles(count: int, words: int = 60, seed: int = 3) -> Articles:
    """Rows with id, article, highlights and a summary under each system but lead-3."""
    generator = np.random.default_rng(seed)

    def write(length: int) -> str:
        chosen = [VOCABULARY[at] for at in generator.integers(len(VOCABULARY), size=length)]
        sentences = [" ".join(chosen[start : start + 12]) for start in range(0, length, 12)]
        return "".join(f"{sentence.capitalize()}. " for sentence in sentences).strip()

    return [
        {
            "id": f"test-{number:06}",
            "article": write(words),
            "highlights": write(20),
            **{system: write(22) for system in TRAINED},
            ZEROSHOT: write(40),
        }
        for number in range(count)
    ]


def make_labelled(count: int, labels: Sequence[str] = LABELS, seed: int = 5) -> Articles:
    """Rows of a classification, with a label of every system; one answer is none."""
    generator = np.random.default_rng(seed)
    names = ("label", *CLASSES.systems)
    drawn = generator.integers(len(labels), size=(count, len(names)))
    rows = make_articles(count, words=20)
    found = [
        {
            "id": row["id"],
            "text": row["article"],
            **{n: labels[at] for n, at in zip(names, places, strict=True)},
        }
        for row, places in zip(rows, drawn, strict=True)
    ]
    found[0][ZEROSHOT] = NO_LABEL
    return found


def make_long_articles(count: int) -> Articles:
    """Articles of 2,047 characters, highlights and summaries as long as those of the study."""
    rows = make_articles(count, words=420)
    for row in rows:
        row["article"] = row["article"][:2047].ljust(2047, "x")
        for name in ("highlights", *TRAINED):
            row[name] = f"{row[name]}\n{row[name][::-1]}"
    return rows


def make_points(articles: Articles, seed: int = 4) -> dict[str, pd.DataFrame]:
    """Random scores of every system, COLUMNS of each article."""
    generator = np.random.default_rng(seed)
    return {
        system: pd.DataFrame(
            generator.uniform(0, 100, (len(articles), len(COLUMNS))), columns=list(COLUMNS)
        )
        for system in SYSTEMS
    }


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def write_project(
    folder: Path,
    articles: Articles,
    points: Mapping[str, pd.DataFrame] | None = None,
    seeds: int = 1,
    lineup: Lineup = LINEUP,
) -> None:
    """Everything that the stage reads, with params.yaml of the sample."""
    labels = list(dict.fromkeys([*LABELS, *(row.get("label", LABELS[0]) for row in articles)]))
    for name, content in make_metrics(len(articles), seeds, lineup, labels).items():
        write_json(folder / name, content)
    if lineup.kind is CLASSIFICATION:
        points = write_answers(folder, articles, lineup)
    write_texts(folder / "data", articles, points or make_points(articles), lineup)
    write_plots(folder, lineup)
    shutil.copy(ROOT / "profiles" / "sample.yaml", folder / "params.yaml")
    if lineup.kind is CLASSIFICATION:
        with (folder / "params.yaml").open("a", encoding="utf-8") as params:
            params.write(f"task: {json.dumps({'kind': 'classification', 'labels': labels})}\n")


def write_answers(
    folder: Path, rows: Articles, lineup: Lineup = CLASSES
) -> dict[str, pd.DataFrame]:
    """What evaluate writes of labels alone; returns the points of the answers."""
    points = {}
    for system in lineup.systems:
        lines = [ConfusionLine(actual=row["label"], predicted=row[system]) for row in rows]
        write_csv(folder / confusion_path(system), lines)
        right = [100.0 * (line.actual == line.predicted) for line in lines]
        points[system] = pd.DataFrame(dict.fromkeys(lineup.kind.score_columns, right))
    bins = [
        ReliabilityLine(system=system, confidence=at, accuracy=at - 9, rows=7)
        for system in lineup.trained
        for at in (40.0, 97.5)
    ]
    write_csv(folder / RELIABILITY, bins)
    return points


def write_texts(
    folder: Path, articles: Articles, points: Mapping[str, pd.DataFrame], lineup: Lineup = LINEUP
) -> None:
    """Articles, predictions and scores; the highlights are the references, whosever they are."""
    for name in ("gold", "predictions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(articles)
    test = table[list(lineup.kind.columns)]
    if lineup.references == "teacher":
        output = lineup.kind.output
        table[ZEROSHOT] = table[output]
        test = test.assign(**{output: pd.Series([None] * len(test), dtype="string")})
    test.to_parquet(folder / "gold" / "test.parquet")
    for system in (*lineup.trained, ZEROSHOT):
        written = table[["id"]].assign(prediction=table[system])
        written.to_parquet(folder / "predictions" / f"{system}.parquet")
    scores = [
        pd.DataFrame({"id": table["id"], "system": system, **points[system].to_dict("list")})
        for system in lineup.systems
    ]
    pd.concat(scores).to_parquet(folder / "scores.parquet", index=False)


def write_plots(folder: Path, lineup: Lineup = LINEUP) -> None:
    """Learning curves and lengths."""
    (folder / "metrics/curves").mkdir(parents=True, exist_ok=True)
    for number, system in enumerate(lineup.trained):
        rows = [[100 * n, n / 2, 5 / n + number / 10, 4 / n + number / 10] for n in (1, 2, 3, 4)]
        path = folder / "metrics/curves" / f"{system}.csv"
        pd.DataFrame(rows, columns=list(CurvePoint.model_fields)).to_csv(path, index=False)
    for source in lineup.sources:
        bins = [
            (source, text, low, low + 10, 3 + low // 10)
            for text in (("text",) if lineup.kind is CLASSIFICATION else ("article", "highlights"))
            for low in (0, 10, 20)
        ]
        write_lengths(folder, source, bins)


def write_lengths(folder: Path, source: str, bins: Sequence[tuple[Any, ...]]) -> None:
    """metrics/plots/lengths/SOURCE.csv."""
    (folder / histogram_of(source)).parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(bins, columns=list(LengthBin.model_fields))
    table.to_csv(folder / histogram_of(source), index=False)


def make_metrics(
    articles: int, seeds: int = 1, lineup: Lineup = LINEUP, labels: Sequence[str] = LABELS
) -> dict[str, dict[str, Any]]:
    """The JSON files by their paths."""
    systems, teacher = make_systems(lineup, labels), make_teacher(lineup)
    documents: tuple[Document, ...] = (
        make_origin(),
        systems,
        make_gap(lineup=lineup),
        make_recipes(seeds, systems),
        make_recipe_gap(seeds, lineup=lineup),
        *(
            (make_noise(),)
            if lineup.kind is CLASSIFICATION
            else (make_texts(lineup), make_lengths(lineup))
        ),
        teacher,
        make_dataset(articles),
        make_worth(lineup=lineup),
    )
    found = {document.PATH: document for document in documents}
    found |= {Answered.path_of(stage): make_answered(stage) for stage in teacher.stages}
    found |= {
        SourceSurvey.path_of(source): make_survey(source, lineup) for source in lineup.sources
    }
    for system, latency in make_latencies(lineup=lineup).items():
        found[StudentLatency.path_of(system)] = latency
        found[SystemCalibration.path_of(system)] = make_calibration()
    return {str(path): document.to_json() for path, document in found.items()}


def list_files(lineup: Lineup = LINEUP) -> list[str]:
    """Every file that the stage reads but params.yaml."""
    return [
        *make_metrics(1, 1, lineup),
        *(f"metrics/curves/{system}.csv" for system in lineup.trained),
        *(str(histogram_of(source)) for source in lineup.sources),
        *(f"data/predictions/{system}.parquet" for system in (*lineup.trained, ZEROSHOT)),
        "data/gold/test.parquet",
        "data/scores.parquet",
    ]


def lead_of(article: str) -> str:
    """What the system lead-3 says of an article."""
    from understudy.texts.sentences import lead

    return lead(article)


def score(articles: Articles) -> dict[str, pd.DataFrame]:
    """The true scores, as the stage `evaluate` gives them."""
    from understudy.scoring.rows import score_rows

    points = {}
    for system in SYSTEMS:
        texts = [row[system] if system != LEAD else lead_of(row["article"]) for row in articles]
        rows = score_rows(texts, [row["highlights"] for row in articles], stemmer=True)
        columns = {
            f"{kind}_{measure}": values
            for kind, measures in rows.items()
            for measure, values in measures.items()
        }
        points[system] = pd.DataFrame(columns)
    return points
