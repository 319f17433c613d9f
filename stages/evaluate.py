"""evaluate: scores every system on the same test articles, and says what the scores are worth.

In:  data/gold/test.parquet, data/predictions/zeroshot.parquet, data/predictions/seeds,
     models/*/settings.json, data/written/answers.parquet.
     A test article without an answer of the teacher (its call failed) is scored for no system.
Out: data/scores.parquet, the scores of each system on each article, as it ships;
     data/seed-scores.parquet, those of each seed's model; metrics/systems.json, means with
     intervals; metrics/rouge.json, those of evaluate.source without the source in their names;
     metrics/gap.json, differences with verdicts on the models that ship; metrics/seeds.json and
     metrics/recipes.json, means over seeds and verdicts on recipes; metrics/texts.json, what ROUGE
     does not see; metrics/length.json, whether length explains the zero-shot scores;
     metrics/teacher.json, calls, tokens, money and time; metrics/plots/rouge.csv for `dvc plots`.
Run: python -m stages.evaluate
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from understudy.contract.answers import LATER, STRIPPED, normal_word
from understudy.contract.asked import ANSWERS, TOKEN_COLUMNS
from understudy.contract.document import write_csv
from understudy.contract.evaluation import (
    PLOT,
    REFERENCE,
    SCORES,
    SCORES_SCHEMA,
    SEED_SCORES,
    SEED_SCORES_SCHEMA,
    LengthEffects,
    PlotLine,
    RougeMetrics,
    Systems,
    SystemScores,
    TeacherCalls,
    TeacherUse,
    TextLength,
    Texts,
)
from understudy.contract.names import KINDS, LEAD, STUDENTS, TRAINED, ZEROSHOT, name_model
from understudy.contract.pairs import MODELS, PAIR_COLUMNS, TEST
from understudy.contract.params.evaluate import EvaluateParams, Words
from understudy.contract.params.teacher import Prices, TeacherParams
from understudy.contract.params.training import StudentParams
from understudy.contract.predictions import (
    PREDICTIONS,
    PREDICTIONS_SCHEMA,
    predictions_path,
    seed_predictions_path,
)
from understudy.contract.recipes import Recipes
from understudy.contract.trained import TrainedSettings
from understudy.core.errors import DataError, run
from understudy.core.params import load_section
from understudy.core.tables import read_table, table_writer
from understudy.scoring.bootstrap import Figures
from understudy.scoring.length import cut_like, explain_by_length
from understudy.scoring.letters import check_letters
from understudy.scoring.scoreboard import RecipeBoard, Scoreboard
from understudy.teacher.money import price_usd
from understudy.texts.sentences import lead
from understudy.texts.traits import measure_traits
from understudy.texts.words import count_words

Models = Mapping[str, Sequence[int]]
"""The seeds of each trained system."""


def read_predictions(test: pd.DataFrame, seeds: Models, folder: Path = PREDICTIONS) -> pd.DataFrame:
    """Every model's predictions in the order of the test articles, zero-shot and `lead-3` too.

    Returns:
        A column per model, named by `name_model`, and one for each system that is not trained;
        missing where a call of the teacher failed for good.

    Raises:
        DataError: some predictions are not those of these test articles.
    """
    predictions = {}
    for name, path in _list_predictions(seeds, folder).items():
        table = read_table(path, tuple(PREDICTIONS_SCHEMA))
        if list(table["id"]) != list(test["id"]):
            raise DataError(f"{path}: not one prediction for each row of {TEST}; run `dvc repro`")
        predictions[name] = list(table["prediction"])
    predictions[LEAD] = [lead(article) for article in test["article"]]
    return pd.DataFrame(predictions)


def _list_predictions(seeds: Models, folder: Path = PREDICTIONS) -> dict[str, Path]:
    paths = {
        name_model(system, seed): seed_predictions_path(system, seed, folder)
        for system in seeds
        for seed in seeds[system]
    }
    return {**paths, ZEROSHOT: predictions_path(ZEROSHOT, folder)}


def check_words(
    predictions: pd.DataFrame, seeds: Models, references: Sequence[str], words: Words
) -> None:
    """Stops with a DataError where English words would leave little of some texts to score."""
    texts = {f"the highlights of {TEST}": references}
    for name, path in _list_predictions(seeds).items():
        texts[str(path)] = list(predictions[name])
    texts[f"{LEAD} of the articles of {TEST}"] = list(predictions[LEAD])
    check_letters(texts, words, "set evaluate.words: unicode in params.yaml")


def score(
    predictions: pd.DataFrame,
    references: Sequence[str],
    stemmer: bool,
    kinds: Sequence[str] | None = None,
    words: Words = "english",
) -> dict[str, Figures]:
    """Scores every system (a column each), row by row.

    Returns:
        Arrays (articles, COLUMNS), or fewer columns where fewer ROUGE types are asked for.
    """
    from understudy.scoring.rouge import Rouge

    rows = Rouge(keep_in_memory=True).compute(
        predictions=[text for system in predictions for text in predictions[system]],
        references=list(references) * len(predictions.columns),
        stemmer=stemmer,
        aggregate=False,
        kinds=kinds,
        words=words,
    )
    columns = [values for measures in rows.values() for values in measures.values()]
    split = np.split(np.array(columns).T, len(predictions.columns))
    return dict(zip(predictions.columns, split, strict=True))


def explain_lengths(
    predictions: pd.DataFrame,
    references: Sequence[str],
    rows: Mapping[str, Figures],
    params: EvaluateParams,
) -> LengthEffects:
    """Each student beside zero-shot answers as they are and cut to its own length."""
    cut = pd.DataFrame(
        {name: list(map(cut_like, predictions[ZEROSHOT], predictions[name])) for name in TRAINED}
    )
    scores = score(cut, references, params.stemmer, ["rouge1"], params.words)
    return LengthEffects.model_validate(
        {
            name: explain_by_length(
                list(predictions[name]),
                list(predictions[ZEROSHOT]),
                rows[name][:, :3] - rows[ZEROSHOT][:, :3],
                rows[name][:, :3] - scores[name],
                params.judgement,
            )
            for name in TRAINED
        }
    )


def measure_lengths(texts: Sequence[str]) -> TextLength:
    """Mean length in words, lone punctuation left out, and how many texts are empty."""
    words = [count_words(text) for text in texts]
    return TextLength(words=sum(words) / len(words), empty=words.count(0))


def select_source(systems: Systems, source: str) -> RougeMetrics:
    """Systems without a source in their names, so that two runs line up."""
    students = {student: systems[f"{student}-{source}"] for student in STUDENTS}
    return RougeMetrics.model_validate(
        {**students, **{name: systems[name] for name in (ZEROSHOT, LEAD)}}
    )


def count_teacher(answers: pd.DataFrame, prices: Prices) -> TeacherCalls:
    """Calls, tokens, time, and the cost at the params' prices; cached input has its own price.

    Rows with equal prompts have one answer, which was paid for once.
    """
    paid = answers[answers["reason"] != "failed"].drop_duplicates("request")
    paid = paid.assign(**{name: LATER[name] for name in LATER if name not in paid})
    cost = 0.0
    for batch, rows in paid.groupby("batch"):
        tokens = (int(rows[name].sum()) for name in TOKEN_COLUMNS)
        cost += price_usd(*tokens, prices=prices, batch=bool(batch))
    seconds = paid["seconds"].dropna().to_numpy(float)
    return TeacherCalls(
        model=", ".join(sorted(set(paid["model"]) - {""})),
        calls=len(paid),
        rows=len(answers),
        unusable=int(answers["reason"].notna().sum()),
        failed=int((answers["reason"] == "failed").sum()),
        batch=int(paid["batch"].sum()),
        **{name: int(paid[name].sum()) for name in (*TOKEN_COLUMNS, "reasoning_tokens")},
        cost_usd=cost,
        reasoning_stripped=int((paid["reading"] == STRIPPED).sum()),
        finish_reasons=dict(
            sorted(Counter(map(normal_word, paid["finish_reason"].fillna(""))).items())
        ),
        timed=len(seconds),
        seconds_median=np.percentile(seconds, 50) if len(seconds) else None,
        seconds_p95=np.percentile(seconds, 95) if len(seconds) else None,
    )


def write_seed_scores(
    ids: Sequence[str], rows: Mapping[str, Mapping[int, Figures]], path: Path = SEED_SCORES
) -> None:
    """Writes the score of each trained model on each article, system after system."""
    models = {(name, seed): points for name in rows for seed, points in rows[name].items()}
    _write_points(ids, models, path, SEED_SCORES_SCHEMA)


def write_scores(ids: Sequence[str], rows: Mapping[str, Figures], path: Path = SCORES) -> None:
    """Writes each system's score on each article, system after system."""
    _write_points(ids, {(name,): points for name, points in rows.items()}, path, SCORES_SCHEMA)


def _write_points(
    ids: Sequence[str],
    rows: Mapping[tuple[Any, ...], Figures],
    path: Path,
    schema: Mapping[str, pa.DataType],
) -> None:
    with table_writer(path, schema) as table:
        for names, points in rows.items():
            for identity, figures in zip(ids, points.tolist(), strict=True):
                table.add(dict(zip(schema, (identity, *names, *figures), strict=True)))


def judge_recipes(
    ids: Sequence[str],
    texts: pd.DataFrame,
    points: Mapping[str, Figures],
    seeds: Models,
    shipped: Mapping[str, int],
    margin: float,
) -> None:
    """Writes what the models of all seeds say about recipes."""
    names = {
        **{system: {seed: name_model(system, seed) for seed in seeds[system]} for system in seeds},
        **{system: {0: system} for system in (ZEROSHOT, LEAD)},
    }
    rows, said = {}, {}
    for system, models in names.items():
        rows[system] = {seed: points[name] for seed, name in models.items()}
        said[system] = {seed: list(texts[name]) for seed, name in models.items()}
    board = RecipeBoard(rows, margin)
    write_seed_scores(ids, {system: rows[system] for system in seeds})
    found = {system: board.summarize(system, shipped[system]) for system in seeds}
    Recipes.model_validate(found).write()
    board.compare(texts=said).write()


def main() -> None:
    """Reads params.yaml and scores."""
    params = load_section("evaluate", EvaluateParams)
    prices = load_section("teacher", TeacherParams).prices
    students = {name: load_section(f"train-{name}", StudentParams).seeds for name in STUDENTS}
    seeds = {system: students[system.partition("-")[0]] for system in TRAINED}
    shipped = {
        name: TrainedSettings.load(TrainedSettings.path_in(MODELS / name)).params.seed
        for name in seeds
    }
    test = read_table(TEST, PAIR_COLUMNS)
    models = read_predictions(test, seeds)
    answered = models.notna().all(axis="columns")
    if not answered.any():
        raise DataError("no test article has an answer of the teacher; `dvc repro -f -s zeroshot`")
    test, models = test[answered], models[answered]
    articles, highlights = list(test["article"]), list(test["highlights"])
    check_words(models, seeds, highlights, params.words)
    points = score(models, highlights, params.stemmer, words=params.words)
    names = {name: name_model(name, seed) for name, seed in shipped.items()}
    names |= {ZEROSHOT: ZEROSHOT, LEAD: LEAD}
    predictions = pd.DataFrame({system: models[name] for system, name in names.items()})
    rows = {system: points[name] for system, name in names.items()}
    board = Scoreboard(rows, params.judgement)
    scores = {
        name: SystemScores(
            **dict(board.summarize(name)), **dict(measure_lengths(list(predictions[name])))
        )
        for name in rows
    }
    systems = Systems.model_validate({**scores, REFERENCE: measure_lengths(highlights)})
    texts = predictions.assign(**{REFERENCE: highlights})
    traits = {name: measure_traits(articles, list(texts[name])) for name in texts}
    teacher = {name: count_teacher(read_table(path), prices) for name, path in ANSWERS.items()}
    write_scores(list(test["id"]), rows)
    judge_recipes(list(test["id"]), models, points, seeds, shipped, params.margin)
    systems.write()
    select_source(systems, params.source).write()
    board.compare(texts={name: list(predictions[name]) for name in rows}).write()
    Texts.model_validate(traits).write()
    explain_lengths(predictions, highlights, rows, params).write()
    TeacherUse(**teacher).write()
    lines = (
        PlotLine(system=name, metric=kind, f1=found[kind].f1)
        for name, found in systems.items()
        for kind in KINDS
    )
    write_csv(PLOT, lines)


if __name__ == "__main__":
    run(main)
