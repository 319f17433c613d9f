"""evaluate: scores every system on the same test rows, and says what the scores are worth.

In:  data/gold/test.parquet, data/predictions/zeroshot.parquet, data/predictions/seeds,
     metrics/students, metrics/answers. References are the gold outputs, or the teacher's own
     answers where the test rows have none. A row without a reference, or whose call failed, is
     scored for no system. A classification learns its baselines of the training pairs.
Out: data/scores.parquet, the scores of each system on each row, as it ships;
     data/seed-scores.parquet, those of each seed's model; metrics/systems.json, means with
     intervals; metrics/rouge.json or metrics/labels.json, those of evaluate.source without the
     source in their names; metrics/gap.json, differences with verdicts on the models that ship;
     metrics/seeds.json and metrics/recipes.json, means over seeds and verdicts on recipes;
     metrics/teacher.json, calls, tokens, money and time.
     Of summaries, metrics/texts.json, what ROUGE does not see, metrics/length.json, whether length
     explains the zero-shot scores, and metrics/plots/rouge.csv for `dvc plots`. Of labels,
     metrics/noise.json, how often the teacher's differ from gold ones, metrics/confusion, who was
     taken for whom, metrics/plots/reliability.csv and metrics/plots/accuracy.csv.
     What sources that params.yaml no longer lists have left in folders is removed.
Run: python -m stages.evaluate
"""

from stages.evaluate.judging import Scored, judge_recipes, price_calls, select_source, write_scores
from stages.evaluate.systems import Answers, load_answers, read_answers
from understudy.contract.evaluation import OneSource
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.params.sources import load_sources
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.teacher_use import TeacherUse
from understudy.core.errors import ParamsError, run
from understudy.core.params import PARAMS, load_section
from understudy.scoring.scoreboard import Scoreboard


def score(answers: Answers, params: EvaluateParams) -> Scored:
    """Scores every model as the kind of task asks for; loads what that kind needs alone."""
    if not answers.lineup.kind.has_labels:
        from stages.evaluate.summaries import Summaries

        return Summaries(answers, params)
    from stages.evaluate.classes import Labels

    return Labels(answers, params)


def main() -> None:
    """Reads params.yaml and scores."""
    params, sources = load_section("evaluate", EvaluateParams), load_sources()
    if problem := params.find_problem(sources):
        raise ParamsError(f"{PARAMS}: {problem}")
    prices = load_section("teacher", TeacherParams).prices
    calls = load_answers(sources)
    answers = read_answers(sources)
    kind = answers.lineup.kind
    scored = score(answers, params)
    rows = {system: scored.points[name] for system, name in answers.shipped.items()}
    board = Scoreboard(rows, params.judgement, kind)
    systems = scored.write(board)
    write_scores(list(answers.test["id"]), rows)
    judge_recipes(answers, scored, params.margin)
    select_source(systems, params.source).write(OneSource.path_of(kind))
    TeacherUse(**{name: price_calls(one.calls, prices) for name, one in calls.items()}).write()


if __name__ == "__main__":
    run(main)
