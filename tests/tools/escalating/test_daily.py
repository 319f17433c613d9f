"""What a day's calls may cost: booked before they are sent, by workers that may die."""

import math
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from tests.imports import ROOT
from understudy.teacher.errors import TeacherError
from understudy.tools.escalating.daily import DayBudget

DAY = date(2026, 3, 1)
CLAIM = """
import sys
from datetime import date
from pathlib import Path
from understudy.tools.escalating.daily import DayBudget
budget = DayBudget(Path(sys.argv[1]), 10.0, lambda: date(2026, 3, 1))
print(budget.claim("key", 4.0).state, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "teacher/ledger.jsonl.days"


@contextmanager
def budget(file: Path, cap: float | None = 10.0, day: date = DAY) -> Iterator[DayBudget]:
    opened = DayBudget(file, cap, lambda: day)
    try:
        yield opened
    finally:
        opened.close()


def test_a_call_counts_at_its_worst_case_until_it_is_settled(file: Path) -> None:
    with budget(file) as one:
        claim = one.claim("a", 6.0)
        assert (claim.state, one.spent_usd, one.left_usd) == ("held", 6.0, 4.0)
        one.settle(claim, 1.5)
        assert (one.spent_usd, one.left_usd) == (1.5, 8.5)
        one.release(one.claim("b", 6.0))
        assert one.spent_usd == 1.5
        one.lose(one.claim("c", 6.0))
        assert one.spent_usd == 7.5
    with budget(file) as again:
        assert again.spent_usd == 7.5


def test_what_does_not_fit_waits_while_something_may_become_cheaper(file: Path) -> None:
    with budget(file) as one, budget(file) as other:
        claim = one.claim("a", 6.0)
        assert other.claim("b", 6.0).state == "waits"
        one.settle(claim, 5.0)
        assert other.claim("b", 6.0).state == "full"
        assert other.claim("b", 5.0).state == "held"  # to the last cent
        assert other.left_usd == 0


def test_a_key_that_another_worker_asks_is_taken_until_that_ends(file: Path) -> None:
    with budget(file) as one, budget(file) as other:
        claim = one.claim("a", 1.0)
        assert other.claim("a", 1.0).state == "taken"
        one.settle(claim, 1.0)
        assert other.claim("a", 1.0).state == "held"


def test_a_worker_that_is_killed_leaves_its_call_booked_and_its_key_free(file: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(file)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stdout.readline() == "held\n"
    with budget(file) as one:
        assert one.claim("key", 1.0).state == "taken"
        assert one.claim("b", 7.0).state == "waits"
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        assert one.claim("b", 7.0).state == "full"  # nobody will settle the dead worker's
        assert one.claim("key", 1.0).state == "held"
        assert one.spent_usd == 5.0
    assert [path.name for path in file.parent.glob("*.lock")] == []


def test_a_day_has_a_cap_of_its_own_and_a_late_answer_counts_on_the_day_of_its_call(
    file: Path,
) -> None:
    today = [DAY]
    one = DayBudget(file, 10.0, lambda: today[0])
    claim = one.claim("a", 8.0)
    today[0] = date(2026, 3, 2)
    assert (one.spent_usd, one.left_usd) == (0.0, 10.0)
    assert one.claim("b", 9.0).state == "held"
    one.settle(claim, 2.0)
    assert one.spent_usd == 9.0
    one.close()
    with budget(file) as yesterday:
        assert yesterday.spent_usd == 2.0


def test_sums_of_small_amounts_are_exact(file: Path) -> None:
    with budget(file, cap=0.3) as one:
        for key in ("a", "b", "c"):
            claim = one.claim(key, 0.1)
            assert claim.state == "held"
            one.settle(claim, 0.1)
        assert one.spent_usd == 0.3
        assert one.claim("d", 1e-12).state == "full"
        assert one.claim("free", 0.0).state == "held"


def test_without_a_cap_all_is_booked_and_nothing_refused(file: Path) -> None:
    with budget(file, cap=None) as one:
        claim = one.claim("a", math.inf)
        assert (claim.state, one.left_usd) == ("held", math.inf)
        one.settle(claim, 3.0)
        assert one.spent_usd == 3.0


def test_a_file_or_a_folder_that_is_none_is_one_error(file: Path) -> None:
    file.parent.write_text("a file", encoding="utf-8")
    with pytest.raises(TeacherError, match="cannot book"):
        DayBudget(file, 1.0)
    file.parent.unlink()
    file.parent.mkdir()
    file.write_text("this is no database, and long enough to be seen as none", encoding="utf-8")
    with pytest.raises(TeacherError, match=r"ledger\.jsonl\.days: cannot book .* move the file"):
        DayBudget(file, 1.0)
    assert [path.name for path in file.parent.glob("*.lock")] == []
