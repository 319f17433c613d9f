"""evaluate: scores every system on the same test articles.

In:  data/cnn/test.parquet, data/predictions/*.parquet, data/gpt/answers.parquet.
     A test article without an answer of the teacher (its call failed) is scored for no system.
Out: metrics/systems.json, all systems; metrics/rouge.json, those of evaluate.source without the
     source in their names; metrics/gap.json, gpt minus cnn per student; metrics/teacher.json,
     calls, tokens and money; metrics/plots/rouge.csv, the same scores for `dvc plots`.
Run: python -m stages.evaluate
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import Field
from tqdm import tqdm

from stages.errors import DataError, run
from stages.params import Section, load_section
from stages.scoring.bootstrap import interval
from stages.scoring.sentences import lead
from stages.tables import PAIR_COLUMNS, read_table, replacing, write_json
from stages.teacher.answers import COLUMNS
from stages.teacher.money import price_usd
from stages.teacher.settings import Prices, TeacherParams

if TYPE_CHECKING:
    from stages.scoring.rouge import RowScores

TEST = Path("data/cnn/test.parquet")
PREDICTIONS = Path("data/predictions")
ANSWERS = {
    "generate": Path("data/gpt/answers.parquet"),
    "zeroshot": PREDICTIONS / "zeroshot.parquet",
}
METRICS = Path("metrics")
STUDENTS = ("t5", "bart")
SOURCES = ("cnn", "gpt")
ZEROSHOT, LEAD = "zeroshot", "lead-3"
SYSTEMS = (*(f"{student}-{source}" for student in STUDENTS for source in SOURCES), ZEROSHOT)
TOKENS = tuple(name for name in COLUMNS if name.endswith("_tokens"))


class EvaluateParams(Section):
    """The params section `evaluate`."""

    source: Literal["cnn", "gpt"]
    """Whose students metrics/rouge.json shows."""
    stemmer: bool
    """Compare Porter stems instead of words."""
    resamples: int = Field(ge=100)
    """Bootstrap samples behind each interval."""
    seed: int = Field(ge=0)


def read_predictions(test: pd.DataFrame, folder: Path = PREDICTIONS) -> pd.DataFrame:
    """Every system's predictions in the order of the test articles, `lead-3` included.

    Returns:
        A column per system; missing where a call of the teacher failed for good.

    Raises:
        DataError: a system's predictions are not those of these test articles.
    """
    predictions = {}
    for system in SYSTEMS:
        path = folder / f"{system}.parquet"
        table = read_table(path, ("id", "prediction"))
        if list(table["id"]) != list(test["id"]):
            raise DataError(f"{path}: not one prediction for each row of {TEST}; run `dvc repro`")
        predictions[system] = list(table["prediction"])
    predictions[LEAD] = [lead(article) for article in test["article"]]
    return pd.DataFrame(predictions)


def score(
    predictions: pd.DataFrame, references: Sequence[str], stemmer: bool
) -> "dict[str, RowScores]":
    """Scores of every system, row by row."""
    from stages.scoring.rouge import Rouge

    metric = Rouge(keep_in_memory=True)
    return {
        system: metric.compute(
            predictions=list(texts), references=list(references), stemmer=stemmer, aggregate=False
        )
        for system, texts in tqdm(
            predictions.items(), "evaluate", len(predictions.columns), unit=" systems"
        )
    }


def summarize(rows: "RowScores", params: EvaluateParams) -> dict[str, dict[str, float]]:
    """Means of recall, precision and F1 per ROUGE type, with the interval of F1."""
    summary = {}
    for kind, measures in rows.items():
        means = {name: _round(sum(values) / len(values)) for name, values in measures.items()}
        low, high = interval(measures["f1"], params.resamples, params.seed)
        summary[kind] = {**means, "f1_low": _round(low), "f1_high": _round(high)}
    return summary


def compare(first: "RowScores", second: "RowScores", params: EvaluateParams) -> dict[str, Any]:
    """The same for the differences, article by article, of `first` minus `second`."""
    differences = {
        kind: {
            name: [a - b for a, b in zip(values, second[kind][name], strict=True)]
            for name, values in measures.items()
        }
        for kind, measures in first.items()
    }
    return summarize(differences, params)


def describe_texts(texts: Sequence[str]) -> dict[str, float]:
    """Mean length in words, lone punctuation left out, and how many texts are empty."""
    words = [len(re.findall(r"\S*\w\S*", text)) for text in texts]
    return {"words": _round(sum(words) / len(words)), "empty": words.count(0)}


def select_source(systems: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Systems without a source in their names, so that two runs line up."""
    students = {student: systems[f"{student}-{source}"] for student in STUDENTS}
    return students | {name: systems[name] for name in (ZEROSHOT, LEAD)}


def count_teacher(answers: pd.DataFrame, prices: Prices) -> dict[str, Any]:
    """Calls, tokens and what they cost at the params' prices; cached input has its own price."""
    tokens = {name: int(answers[name].sum()) for name in TOKENS}
    cost = sum(
        price_usd(*(int(rows[name].sum()) for name in TOKENS), prices=prices, batch=bool(batch))
        for batch, rows in answers.groupby("batch")
    )
    model = ", ".join(sorted(set(answers["model"][answers["reason"] != "failed"])))
    counts = {
        "model": model,
        "calls": len(answers),
        "unusable": int(answers["reason"].notna().sum()),
        "failed": int((answers["reason"] == "failed").sum()),
        "batch": int(answers["batch"].sum()),
    }
    return {**counts, **tokens, "cost_usd": round(cost, 6)}


def _round(figure: float) -> float:
    return round(figure, 4)


def _write_plot(systems: Mapping[str, Any], path: Path) -> None:
    rows = [
        {"system": system, "metric": kind, "f1": measures["f1"]}
        for system, scores in systems.items()
        for kind, measures in scores.items()
        if isinstance(measures, dict)
    ]
    with replacing(path) as partial:
        pd.DataFrame(rows).to_csv(partial, index=False)


def main() -> None:
    """Reads params.yaml and scores."""
    params = load_section("evaluate", EvaluateParams)
    prices = load_section("teacher", TeacherParams).prices
    test = read_table(TEST, PAIR_COLUMNS)
    predictions = read_predictions(test)
    answered = predictions.notna().all(axis="columns")
    if not answered.any():
        raise DataError("no test article has an answer of the teacher; `dvc repro -f -s zeroshot`")
    test, predictions = test[answered], predictions[answered]
    rows = score(predictions, list(test["highlights"]), params.stemmer)
    systems = {
        name: {**summarize(rows[name], params), **describe_texts(list(predictions[name]))}
        for name in rows
    }
    gap = {name: compare(rows[f"{name}-gpt"], rows[f"{name}-cnn"], params) for name in STUDENTS}
    teacher = {name: count_teacher(read_table(path), prices) for name, path in ANSWERS.items()}
    reference = describe_texts(list(test["highlights"]))
    write_json(METRICS / "systems.json", {**systems, "reference": reference})
    write_json(METRICS / "rouge.json", select_source(systems, params.source))
    write_json(METRICS / "gap.json", gap)
    write_json(METRICS / "teacher.json", teacher)
    _write_plot(systems, METRICS / "plots" / "rouge.csv")


if __name__ == "__main__":
    run(main)
