"""worth: what each student saves in the teacher's place, and when that pays for getting it.

In:  metrics/gap.json, metrics/recipes.json, metrics/teacher.json, metrics/latency.json,
     models/SYSTEM/seeds.json of every student.
Out: metrics/worth.json.
Run: python -m stages.worth
"""

from understudy.contract.evaluation import Gap, TeacherUse
from understudy.contract.names import TRAINED
from understudy.contract.pairs import MODELS
from understudy.contract.params.payback import WorthParams
from understudy.contract.params.teacher import Prices, TeacherParams
from understudy.contract.recipes import RecipeGap
from understudy.contract.timing import Latencies
from understudy.contract.trained import TrainedSeeds
from understudy.contract.worth import Worth
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.scoring.payback import weigh_students
from understudy.teacher.money import price_usd


def weigh(params: WorthParams, prices: Prices) -> Worth:
    """Reads what the other stages found and weighs every student.

    Raises:
        DataError: a file is absent, broken, or lacks a student.
    """
    use = TeacherUse.load()
    asked = use.zeroshot
    tokens = (asked.prompt_tokens, asked.cached_tokens, asked.completion_tokens)
    return weigh_students(
        use,
        price_usd(*tokens, prices=prices, batch=False),  # an application can't wait for a batch
        Gap.load(),
        RecipeGap.load(),
        Latencies.load(),
        {name: TrainedSeeds.load(TrainedSeeds.path_in(MODELS / name)) for name in TRAINED},
        params,
    )


def main() -> None:
    """Reads params.yaml and weighs."""
    params = load_section("worth", WorthParams)
    weigh(params, load_section("teacher", TeacherParams).prices).write()


if __name__ == "__main__":
    run(main)
