"""The section on whether a student is worth it: what it shows of each, and what it needs."""

from pathlib import Path

import pytest

from stages.report.inputs import gather
from stages.report.page import render
from stages.report.switching import build_worth
from tests.contract.examples import LINEUP, TRAINED
from tests.contract.payback_examples import (
    make_latencies,
    make_student_worth,
    make_worth,
    write_latencies,
)
from understudy.contract.timing import StudentLatency
from understudy.core.errors import DataError


def row(name: str) -> list[str]:
    """A row's cells, without the teacher's."""
    found = dict(build_worth(gather(10)).rows)
    return list(found[name])


def test_each_student_has_its_verdicts_times_prices_and_payback(project: Path) -> None:
    page = render(gather(10))
    assert '<section id="worth"' in page
    assert "Every student pays; of t5-gold, the $4.00 that it took" in page
    assert "Example 9 CPU" in page
    never = make_student_worth(answers_to_pay_back=None, months_to_pay_back=None, pays=0)
    teacher = {"seconds_median": 2.0, "seconds_p95": 4.5, "timed": 100}
    make_worth(teacher, bart_gold=never).write()
    write_latencies(project, {"t5-gold": 0.1})
    assert build_worth(gather(10)).columns == [*TRAINED, "zeroshot"]
    assert row("this model, against zeroshot")[0] == "better"
    assert row("this recipe, against zeroshot")[0] == "not known: one seed"
    assert row("on one core: median, 95th percentile")[0] == "270 ms, 600 ms"
    assert row("on all 4 cores")[0] == "90 ms, 200 ms"
    assert row("on all 4 cores")[-1] == "2.0 s, 4.5 s"
    assert row("price of 1,000 answers")[:1] + row("price of 1,000 answers")[-1:] == [
        "$0.1000",
        "$0.5000",
    ]
    assert row("answers until it is paid back")[:4] == ["10,000", "10,000", "10,000", "never"]
    assert row("months, at 100,000 answers a month")[:4] == ["0.1", "0.1", "0.1", "never"]


def test_students_timed_on_different_machines_have_no_number_of_cores(project: Path) -> None:
    other = make_latencies()["t5-labelled"].model_copy(update={"cores": 96, "machine": "Other"})
    other.write(StudentLatency.path_of("t5-labelled"))
    assert len(row("on all cores")) == len(TRAINED) + 1
    assert "on Example 9 CPU and Other;" in render(gather(10))


def test_a_price_that_is_not_known_is_called_that(project: Path) -> None:
    unknown = make_student_worth(
        saved_usd_per_1000=None, answers_to_pay_back=None, months_to_pay_back=None, pays=0
    )
    students = {name.replace("-", "_"): unknown for name in TRAINED}
    make_worth({"usd_per_1000": None}, LINEUP, **students).write()
    assert row("price of 1,000 answers") == ["$0.1000"] * len(TRAINED) + ["not known"]
    assert set(row("answers until it is paid back")[:-1]) == {"not known"}
    assert set(row("months, at 100,000 answers a month")[:-1]) == {"not known"}
    page = render(gather(10))
    assert (
        '<p class="finding">Whether it pays is not known, since no logged answer tells its tokens; '
        "teacher.prices are per token.</p>"
    ) in page
    assert "never" not in page[page.index('id="worth"') : page.index('id="scores"')]
    assert "None" not in page.partition('<script type="application/json"')[0]


@pytest.mark.parametrize("name", ["worth", "latency/t5-labelled"])
def test_a_missing_file_is_an_error_that_names_it(name: str, project: Path) -> None:
    (project / "metrics" / f"{name}.json").unlink()
    with pytest.raises(DataError, match=rf"metrics/{name}\.json: no such file; `dvc repro`"):
        gather(10)
