"""The result table of README.md, written from metrics/ between two markers.

Run: understudy table, or make table
"""

from collections.abc import Sequence
from pathlib import Path

from understudy.contract.answered import Answered
from understudy.contract.dataset import Dataset
from understudy.contract.evaluation import Gap, Systems
from understudy.contract.names import ZEROSHOT, split_pair
from understudy.contract.params.sources import MADE_BY
from understudy.contract.recipes import RecipeGap, Recipes
from understudy.contract.teacher_use import TeacherUse
from understudy.contract.timing import StudentLatency
from understudy.contract.worth import Worth
from understudy.core.errors import DataError
from understudy.core.files import replacing
from understudy.core.parser import command_parser
from understudy.core.reading import read_text
from understudy.rendering.figures import signed
from understudy.rendering.references import AGREEMENT, name_references
from understudy.rendering.switching import describe_candidate, find_costs, seconds
from understudy.rendering.templates import render_markdown
from understudy.rendering.verdicts import (
    FIND_OUT,
    MODEL,
    RECIPE,
    describe_pair,
    keep_cheaper,
    name_covered,
    name_verdict,
)

README = Path("README.md")
TEMPLATE = Path(__file__).parent / "templates" / "table.md.j2"
BEGIN = "<!-- result table: written by `make table` from metrics/ -->"
MOST_LINES = 16
"""More verdicts than these do not get a line each."""
END = "<!-- end of result table -->"


def render(root: Path = Path()) -> str:
    """The table and the words below it, from the metrics files of a project.

    Raises:
        DataError: a file is absent, broken, or lacks a system.
    """
    gap, recipe_gap = Gap.load(root / Gap.PATH), RecipeGap.load(root / RecipeGap.PATH)
    trained = Recipes.load(root / Recipes.PATH)
    systems = Systems.load(root / Systems.PATH)
    lineup = systems.lineup
    kind, main, baseline = lineup.kind, lineup.kind.main, lineup.kind.baselines[0]
    recipes = {name: trained[name] for name in lineup.trained}
    worth, teacher = Worth.load(root / Worth.PATH), TeacherUse.load(root / TeacherUse.PATH)
    dataset = Dataset.load(root / Dataset.PATH)
    agrees = lineup.references == "teacher"
    tested = Answered.load(root / Answered.path_of("zeroshot")).tested
    unscored = tested.unusable if agrees else tested.failed
    scored = dataset.test.kept - unscored
    several = any(recipe.seeds > 1 for recipe in recipes.values())
    beside: dict[str, list[str]] = {}
    verdicts: list[str] = []
    grouped: dict[str, list[str]] = {}
    for name, pair in gap.items():
        system, other = split_pair(name)
        costs = find_costs(worth, name, scored, trained)
        recipe = keep_cheaper(recipe_gap[name][main], costs)
        found = recipe if several and recipe.known else pair[main]
        note = f" (*{MODEL}*: one seed)" if several and not recipe.known else ""
        if other == baseline:
            beside.setdefault(name_verdict(found) + note, []).append(system)
        else:
            verdicts.append(describe_pair(name, found) + note)
            shown = f"`{system}` against `{other}` ({signed(found.judged)}){note}"
            grouped.setdefault(name_verdict(found), []).append(shown)
    if len(verdicts) > MOST_LINES:
        verdicts = [f"{verdict}: {', '.join(shown)}" for verdict, shown in grouped.items()]
    return render_markdown(
        TEMPLATE,
        worth=describe_candidate(worth),
        scored=scored,
        several=several,
        recipes=recipes,
        subject=RECIPE if several else MODEL,
        covers=name_covered(kind),
        kind=kind,
        seconds=_time_answers(root, lineup.trained, worth) if kind.has_labels else {},
        find_out=FIND_OUT,
        systems=systems,
        lineup=lineup,
        agreement=AGREEMENT if agrees else "",
        references=name_references(lineup.references, kind),
        unscored=unscored,
        dataset=dataset,
        pairs_of=_count_pairs(root, lineup.sources, dataset),
        teacher=teacher,
        names=lineup.systems,
        baseline=baseline,
        pairs=len(list(gap.items())),
        verdicts=verdicts,
        beside=beside,
    ).rstrip("\n")


def _time_answers(root: Path, trained: Sequence[str], worth: Worth) -> dict[str, str]:
    """How long an answer takes, at the median: a student on one core, the teacher as it was."""
    found = {
        name: StudentLatency.load(root / StudentLatency.path_of(name)).one_core.median
        for name in trained
    }
    return {
        name: seconds(time)
        for name, time in {**found, ZEROSHOT: worth.teacher.seconds_median}.items()
    }


def _count_pairs(root: Path, sources: Sequence[str], dataset: Dataset) -> dict[str, int]:
    """Training pairs by source."""
    found = {"gold": dataset.train.kept} if "gold" in sources else {}
    for stage, source in MADE_BY.items():
        if source in sources:
            train = Answered.load(root / Answered.path_of(stage)).train
            found[source] = train.kept if train else 0
    return found


def insert(readme: str, table: str) -> str:
    """The README with the table between the markers.

    Raises:
        DataError: a marker is missing.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"{README}: the marker lines are missing: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Rewrites the table if the metrics have changed."""
    command_parser("understudy table", __doc__).parse_args(arguments)
    table = render()
    if not README.is_file():
        raise DataError(f"{README}: no such file; run this in the project's folder")
    old = read_text(README)
    new = insert(old, table)
    if new != old:
        with replacing(README) as partial:
            partial.write_text(new, encoding="utf-8")
