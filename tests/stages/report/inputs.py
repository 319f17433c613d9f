"""What the stage `report` reads, of any size."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.contract.examples import (
    make_dataset,
    make_gap,
    make_generated,
    make_lengths,
    make_origin,
    make_recipe_gap,
    make_recipes,
    make_survey,
    make_systems,
    make_teacher,
    make_texts,
)
from tests.contract.payback_examples import make_latencies, make_worth
from tests.imports import ROOT
from understudy.contract.document import Document
from understudy.contract.names import COLUMNS, LEAD, SYSTEMS, TRAINED, ZEROSHOT
from understudy.contract.survey import LengthBin
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
) -> None:
    """Everything that the stage reads, with params.yaml of the sample."""
    for name, content in make_metrics(len(articles), seeds).items():
        write_json(folder / name, content)
    write_texts(folder / "data", articles, points or make_points(articles))
    write_plots(folder / "metrics")
    shutil.copy(ROOT / "profiles" / "sample.yaml", folder / "params.yaml")


def write_texts(folder: Path, articles: Articles, points: Mapping[str, pd.DataFrame]) -> None:
    """Articles, predictions and scores."""
    for name in ("gold", "predictions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(articles)
    table[["id", "article", "highlights"]].to_parquet(folder / "gold" / "test.parquet")
    for system in (*TRAINED, ZEROSHOT):
        written = table[["id"]].assign(prediction=table[system])
        written.to_parquet(folder / "predictions" / f"{system}.parquet")
    scores = [
        pd.DataFrame({"id": table["id"], "system": system, **points[system].to_dict("list")})
        for system in SYSTEMS
    ]
    pd.concat(scores).to_parquet(folder / "scores.parquet", index=False)


def write_plots(folder: Path) -> None:
    """Learning curves and lengths."""
    for name in ("curves", "plots"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, system in enumerate(TRAINED):
        rows = [[100 * n, n / 2, 5 / n + number / 10, 4 / n + number / 10] for n in (1, 2, 3, 4)]
        path = folder / "curves" / f"{system}.csv"
        pd.DataFrame(rows, columns=list(CurvePoint.model_fields)).to_csv(path, index=False)
    bins = [
        (source, text, low, low + 10, 3 + low // 10)
        for text in ("article", "highlights")
        for source in ("gold", "written")
        for low in (0, 10, 20)
    ]
    columns = list(LengthBin.model_fields)
    pd.DataFrame(bins, columns=columns).to_csv(folder / "plots" / "lengths.csv", index=False)


def make_metrics(articles: int, seeds: int = 1) -> dict[str, dict[str, Any]]:
    """The JSON files by their paths."""
    documents: tuple[Document, ...] = (
        make_origin(),
        make_systems(),
        make_gap(),
        make_recipes(seeds),
        make_recipe_gap(seeds),
        make_texts(),
        make_lengths(),
        make_teacher(),
        make_dataset(articles),
        make_generated(),
        make_survey(),
        make_worth(),
        make_latencies(),
    )
    return {str(document.PATH): document.to_json() for document in documents}


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
