"""Runs every stage whose inputs changed, as `dvc repro` does, tiny students two at a time.

A tiny student's training leaves cores idle: those of different sources run side by side, each on
its share of the cores. Others fill the machine alone, and run one after the other.

Run: understudy repro, or make repro
"""

import sys
from collections.abc import Collection, Sequence

from understudy.core.parser import command_parser

OF_STUDENTS = ("train-", "export-", "predict", "select@")
"""What stages of students are called; behind the @ there is the source, among others."""


def list_makers(sources: Sequence[str]) -> list[str]:
    """The stages that make the pairs of these sources; `filter` leads to all of them."""
    from understudy.contract.params.sources import MADE_BY

    made = [f"{stage}@{source}" for stage, source in MADE_BY.items() if source in sources]
    return made or ["filter"]


def list_chains(stages: Sequence[str], sources: Sequence[str]) -> list[list[str]]:
    """The stages of each source's students, in order.

    Args:
        stages: the names of all, in the order of `dvc repro`.
        sources: those that run.
    """
    of_students = [name for name in stages if name.startswith(OF_STUDENTS)]
    return [
        [name for name in of_students if source in name.partition("@")[2].split("-")]
        for source in sources
    ]


def find_due(chains: Sequence[list[str]], due: Collection[str]) -> list[list[str]]:
    """The chains in which a student is to be trained; none if there is only one."""
    found = [
        chain for chain in chains if any(name in due for name in chain if name.startswith("train-"))
    ]
    return found if len(found) > 1 else []


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the stages; the exit status is DVC's."""
    from understudy.contract.kind import this_kind
    from understudy.contract.params.classifying import STUDENTS
    from understudy.contract.params.sources import load_sources
    from understudy.core.params import load_section
    from understudy.students.model.loading import TINY
    from understudy.students.model.machine import count_cores
    from understudy.versioning.parallel import reproduce, reproduce_chains
    from understudy.versioning.status import survey_stages

    parser = command_parser("understudy repro", __doc__)
    parser.add_argument(
        "--one-by-one", action="store_true", help="run no two stages at once, as `dvc repro` does"
    )
    options = parser.parse_args(arguments)
    cores = count_cores()
    status = 0
    sections = [load_section(f"train-{name}", STUDENTS[name]) for name in this_kind().students]
    # a student that has no model to start from is as small as a tiny one
    are_tiny = all(getattr(section, "model", TINY) == TINY for section in sections)
    sources = load_sources()
    if are_tiny and cores > 1 and not options.one_by_one:
        stages = survey_stages()
        due = {stage.name for stage in stages if stage.state != "up to date"}
        chains = find_due(list_chains([stage.name for stage in stages], sources), due)
        if chains:
            status = reproduce(*list_makers(sources)) or reproduce_chains(chains, cores)
    if status := status or reproduce():
        sys.exit(status)
