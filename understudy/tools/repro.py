"""Runs every stage whose inputs changed, as `dvc repro` does, tiny students two at a time.

A tiny student's training leaves cores idle: those of different sources run side by side, each on
its share of the cores. Others fill the machine alone, and run one after the other.

Run: understudy repro, or make repro
"""

import sys
from collections.abc import Mapping, Sequence

from understudy.core.parser import command_parser


def list_makers(sources: Sequence[str]) -> list[str]:
    """The stages that make the pairs of these sources; `filter` leads to all of them."""
    from understudy.contract.params.sources import MADE_BY

    made = [f"{stage}@{source}" for stage, source in MADE_BY.items() if source in sources]
    return made or ["filter"]


def list_chains(seeds: Mapping[str, Sequence[int]], sources: Sequence[str]) -> list[list[str]]:
    """The stages of each source's students, in order.

    Args:
        seeds: of each student.
        sources: those that run.
    """
    models = [(student, seed) for student in seeds for seed in seeds[student]]
    return [
        [
            *(f"train-{student}@{source}-{seed}" for student, seed in models),
            *(
                f"{stage}-{student}@{student}-{source}-{seed}"
                for student, seed in models
                for stage in ("export", "predict")
            ),
            *(f"select@{student}-{source}" for student in seeds),
        ]
        for source in sources
    ]


def find_due(chains: Sequence[list[str]]) -> list[list[str]]:
    """The chains in which a student is to be trained; none if there is only one."""
    from understudy.versioning.status import survey_stages

    due = {stage.name for stage in survey_stages() if stage.state != "up to date"}
    found = [
        chain for chain in chains if due & {name for name in chain if name.startswith("train-")}
    ]
    return found if len(found) > 1 else []


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the stages; the exit status is DVC's."""
    from understudy.contract.names import STUDENTS
    from understudy.contract.params.sources import load_sources
    from understudy.contract.params.training import StudentParams
    from understudy.core.params import load_section
    from understudy.students.model.loading import TINY
    from understudy.students.model.machine import count_cores
    from understudy.versioning.parallel import reproduce, reproduce_chains

    parser = command_parser("understudy repro", __doc__)
    parser.add_argument(
        "--one-by-one", action="store_true", help="run no two stages at once, as `dvc repro` does"
    )
    options = parser.parse_args(arguments)
    cores = count_cores()
    status = 0
    students = {name: load_section(f"train-{name}", StudentParams) for name in STUDENTS}
    are_tiny = all(student.model == TINY for student in students.values())
    may_share = are_tiny and cores > 1 and not options.one_by_one
    seeds = {name: student.seeds for name, student in students.items()}
    sources = load_sources()
    if may_share and (chains := find_due(list_chains(seeds, sources))):
        status = reproduce(*list_makers(sources)) or reproduce_chains(chains, cores)
    if status := status or reproduce():
        sys.exit(status)
