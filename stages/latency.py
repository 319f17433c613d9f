"""latency: how long each student takes from an article to its summary, on this machine.

In:  models/SYSTEM of every student, as it ships; data/gold/test.parquet.
Out: metrics/latency.json, seconds on one core, on all cores, and on the GPU if there is one.
Run: python -m stages.latency
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from understudy.contract.names import TRAINED
from understudy.contract.pairs import MODELS, TEST
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.latency import LatencyParams
from understudy.contract.timing import Latencies
from understudy.core.errors import DataError, run
from understudy.core.params import load_section
from understudy.core.tables import iterate_table
from understudy.students.decoding.timing import name_machine, time_student
from understudy.students.model.machine import count_cores


def pick_articles(test: Path, count: int) -> list[str]:
    """At most so many test articles, evenly spaced, since a split may be sorted by length.

    Raises:
        DataError: there are none.
    """
    articles = [row["article"] for row in iterate_table(test, ("article",))]
    if not articles:
        raise DataError(f"{test}: no article to time; expected one or more, `dvc repro filter`")
    count = min(count, len(articles))
    return [articles[place * len(articles) // count] for place in range(count)]


def measure(
    models: Mapping[str, Path], test: Path, articles: int, params: DecodingParams
) -> Latencies:
    """Times one student after the other.

    Args:
        models: model folders by system.
        test: the test split.
        articles: how many of it are timed.
        params: the section `predict`.
    """
    texts, found = pick_articles(test, articles), {}
    for system, folder in models.items():
        found[system] = latency = time_student(folder, texts, params)
        print(
            f"latency {system}: {latency.one_core.median:.3f} s an article on one core, "
            f"{latency.all_cores.median:.3f} s on {count_cores()}",
            file=sys.stderr,
        )
    gpu = any(latency.gpu for latency in found.values())
    return Latencies.model_validate(
        {**found, "cores": count_cores(), "machine": name_machine(gpu=gpu)}
    )


def main() -> None:
    """Reads params.yaml and times the models that ship."""
    articles = load_section("latency", LatencyParams).articles
    params = load_section("predict", DecodingParams)
    measure({name: MODELS / name for name in TRAINED}, TEST, articles, params).write()


if __name__ == "__main__":
    run(main)
