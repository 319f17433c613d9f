"""The section on whether a student is worth it: what it shows of each, and what it needs."""

from pathlib import Path

import pytest

from stages.report.inputs import gather
from stages.report.page import render
from stages.report.switching import build_worth
from tests.contract.examples import TRAINED
from tests.contract.payback_examples import make_student_worth, make_worth, write_latencies
from tests.stages.report.inputs import make_articles, write_project
from understudy.core.errors import DataError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, make_articles(3))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def row(name: str) -> list[str]:
    """A row's cells, without the teacher's."""
    found = dict(build_worth(gather(10)).rows)
    return list(found[name])


def test_each_student_has_its_verdicts_times_prices_and_payback(project: Path) -> None:
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


def test_the_page_has_the_section_and_its_finding(project: Path) -> None:
    page = render(gather(10))
    assert '<section id="worth"' in page
    assert "Every student pays; of t5-gold, the $4.00 that it took" in page
    assert "Example 9 CPU" in page


@pytest.mark.parametrize("name", ["worth", "latency/t5-labelled"])
def test_a_missing_file_is_an_error_that_names_it(name: str, project: Path) -> None:
    (project / "metrics" / f"{name}.json").unlink()
    with pytest.raises(DataError, match=rf"metrics/{name}\.json: no such file; `dvc repro`"):
        gather(10)
