"""latency: how long a student takes from an article to its summary, on this machine.

In:  models/SYSTEM as it ships, such as models/t5-gold; data/gold/test.parquet.
Out: metrics/latency/SYSTEM.json, seconds on one core, on all cores, and on the GPU if there is one.
Run: python -m stages.latency [SYSTEM …]   without SYSTEM all students
"""

import sys
from pathlib import Path

from understudy.contract.kind import this_kind
from understudy.contract.lineup import Lineup
from understudy.contract.pairs import MODELS, TEST
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.latency import LatencyParams
from understudy.contract.params.sources import load_sources
from understudy.contract.timing import StudentLatency
from understudy.core.errors import DataError, run
from understudy.core.params import load_section
from understudy.core.parser import command_parser
from understudy.core.tables import iterate_table
from understudy.students.decoding.timing import time_student
from understudy.students.model.machine import count_cores


def pick_articles(test: Path, count: int) -> list[str]:
    """At most so many test articles, evenly spaced, since a split may be sorted by length.

    Raises:
        DataError: there are none.
    """
    name = this_kind().input
    articles = [row[name] for row in iterate_table(test, (name,))]
    if not articles:
        raise DataError(f"{test}: no {name} to time; expected one or more, `dvc repro filter`")
    count = min(count, len(articles))
    return [articles[place * len(articles) // count] for place in range(count)]


def measure(system: str, test: Path, articles: int, params: DecodingParams) -> StudentLatency:
    """Times one student.

    Args:
        system: names its model folder.
        test: the test split.
        articles: how many of it are timed.
        params: the section `predict`.
    """
    latency = time_student(MODELS / system, pick_articles(test, articles), params)
    print(
        f"latency {system}: {latency.one_core.median:.3g} s a text on one core, "
        f"{latency.all_cores.median:.3g} s on {count_cores()}",
        file=sys.stderr,
    )
    return latency


def main() -> None:
    """Reads params.yaml and times the models that ship of the systems on the command line."""
    parser = command_parser("python -m stages.latency", __doc__)
    parser.add_argument(
        "systems", nargs="*", metavar="SYSTEM", help="a folder's name under models/; none for all"
    )
    systems, known = parser.parse_args().systems, Lineup().trained
    if unknown := [system for system in systems if system not in known]:
        parser.error(f"{unknown[0]}: expected one of {', '.join(known)}")
    articles = load_section("latency", LatencyParams).articles
    params = load_section("predict", DecodingParams)
    for system in systems or Lineup(load_sources()).trained:
        measure(system, TEST, articles, params).write(StudentLatency.path_of(system))


if __name__ == "__main__":
    run(main)
