"""worth: what each student saves in the teacher's place, and when that pays for getting it.

In:  metrics/systems.json, metrics/gap.json, metrics/recipes.json, metrics/teacher.json,
     metrics/latency and metrics/students with a file for each student.
Out: metrics/worth.json.
Run: python -m stages.worth
"""

from understudy.contract.evaluation import Gap, Systems
from understudy.contract.params.payback import WorthParams
from understudy.contract.params.teacher import Prices, TeacherParams
from understudy.contract.recipes import RecipeGap
from understudy.contract.teacher_use import TeacherCalls, TeacherUse
from understudy.contract.timing import StudentLatency
from understudy.contract.trained import TrainedSeeds
from understudy.contract.worth import Worth
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.scoring.payback import weigh_students
from understudy.teacher.money import price_answer


def price_calls(calls: TeacherCalls, prices: Prices) -> float | None:
    """US dollars for one of a stage's answers, if it were asked live; see `price_answer`."""
    metered = calls.calls if calls.metered is None else calls.metered
    tokens = (calls.prompt_tokens, calls.cached_tokens, calls.completion_tokens)
    return price_answer(metered, tokens, prices)


def weigh(params: WorthParams, prices: Prices) -> Worth:
    """Reads what the other stages found and weighs every student.

    Raises:
        DataError: a file is absent, broken, or lacks a student.
    """
    use, systems = TeacherUse.load(), Systems.load()
    names = systems.lineup.trained
    return weigh_students(
        use,
        price_calls(use.zeroshot, prices),
        systems,
        Gap.load(),
        RecipeGap.load(),
        {name: StudentLatency.load(StudentLatency.path_of(name)) for name in names},
        {name: TrainedSeeds.load(TrainedSeeds.path_of(name)) for name in names},
        params,
    )


def main() -> None:
    """Reads params.yaml and weighs."""
    params = load_section("worth", WorthParams)
    weigh(params, load_section("teacher", TeacherParams).prices).write()


if __name__ == "__main__":
    run(main)
