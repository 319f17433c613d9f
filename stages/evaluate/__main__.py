"""evaluate: scores every system on the same test articles, and says what the scores are worth.

In:  data/gold/test.parquet, data/predictions/zeroshot.parquet, data/predictions/seeds,
     metrics/students, metrics/answers. References are the gold highlights, or the teacher's own
     answers where the test articles have none. An article without a reference, or whose call
     failed, is scored for no system.
Out: data/scores.parquet, the scores of each system on each article, as it ships;
     data/seed-scores.parquet, those of each seed's model; metrics/systems.json, means with
     intervals; metrics/rouge.json, those of evaluate.source without the source in their names;
     metrics/gap.json, differences with verdicts on the models that ship; metrics/seeds.json and
     metrics/recipes.json, means over seeds and verdicts on recipes; metrics/texts.json, what ROUGE
     does not see; metrics/length.json, whether length explains the zero-shot scores;
     metrics/teacher.json, calls, tokens, money and time; metrics/plots/rouge.csv for `dvc plots`.
     What sources that params.yaml no longer lists have left in folders is removed.
Run: python -m stages.evaluate
"""

import pandas as pd

from stages.evaluate.judging import (
    explain_lengths,
    judge_recipes,
    measure_lengths,
    price_calls,
    score,
    select_source,
    write_scores,
)
from stages.evaluate.systems import (
    check_words,
    choose_references,
    load_answers,
    read_predictions,
    remove_unlisted,
)
from understudy.contract.document import write_csv
from understudy.contract.evaluation import (
    PLOT,
    REFERENCE,
    Gap,
    PlotLine,
    Systems,
    SystemScores,
    TeacherUse,
    Texts,
)
from understudy.contract.kind import this_kind
from understudy.contract.lineup import Lineup
from understudy.contract.names import KINDS, name_model
from understudy.contract.pairs import TEST
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.params.sources import load_sources
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.trained import TrainedSeeds
from understudy.core.errors import DataError, ParamsError, run
from understudy.core.params import PARAMS, load_section
from understudy.core.tables import read_table
from understudy.scoring.scoreboard import Scoreboard
from understudy.texts.traits import measure_traits


def main() -> None:
    """Reads params.yaml and scores."""
    params, sources = load_section("evaluate", EvaluateParams), load_sources()
    if problem := params.find_problem(sources):
        raise ParamsError(f"{PARAMS}: {problem}")
    prices = load_section("teacher", TeacherParams).prices
    test = read_table(TEST, this_kind().columns)
    whose, references = choose_references(test)
    lineup = Lineup(sources, whose)
    remove_unlisted(lineup)
    trained = {name: TrainedSeeds.load(TrainedSeeds.path_of(name)) for name in lineup.trained}
    seeds = {name: [run.seed for run in found.runs] for name, found in trained.items()}
    shipped = {name: found.shipped for name, found in trained.items()}
    answers = load_answers(sources)
    models = read_predictions(test, seeds, lineup.untrained)
    answered = references.notna()
    if not answered.any():
        raise DataError("no test article has an answer of the teacher; `dvc repro -f -s zeroshot`")
    test, models = test[answered], models[answered]
    articles, expected = list(test["article"]), list(references[answered])
    check_words(models, seeds, expected, params.words)
    points = score(models, expected, params.stemmer, words=params.words)
    names = {name: name_model(name, seed) for name, seed in shipped.items()}
    names |= {name: name for name in lineup.untrained}
    predictions = pd.DataFrame({system: models[name] for system, name in names.items()})
    rows = {system: points[name] for system, name in names.items()}
    board = Scoreboard(rows, params.judgement)
    scores = {
        name: SystemScores.model_validate(
            {**board.summarize(name), **dict(measure_lengths(list(predictions[name])))}
        )
        for name in rows
    }
    found = {**scores, REFERENCE: measure_lengths(expected), "references": whose}
    systems = Systems.model_validate(found)
    texts = predictions.assign(**{REFERENCE: expected})
    traits = {name: measure_traits(articles, list(texts[name])) for name in texts}
    write_scores(list(test["id"]), rows)
    judge_recipes(list(test["id"]), models, points, lineup, trained, params.margin)
    systems.write()
    select_source(systems, params.source).write()
    said = {name: list(predictions[name]) for name in rows}
    Gap.model_validate(board.compare(lineup.pairs, said)).write()
    Texts.model_validate(traits).write()
    explain_lengths(predictions, expected, rows, lineup, params).write()
    TeacherUse(**{name: price_calls(one.calls, prices) for name, one in answers.items()}).write()
    lines = (
        PlotLine(system=name, metric=kind, f1=found[kind].judged)
        for name, found in systems.items()
        for kind in KINDS
    )
    write_csv(PLOT, lines)


if __name__ == "__main__":
    run(main)
