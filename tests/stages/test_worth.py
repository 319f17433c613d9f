"""worth: metrics/worth.json from the files of the other stages, by prices of params.yaml."""

import json
from pathlib import Path
from typing import Any

import pytest

from stages.worth import main, price_calls
from tests.contract.examples import TRAINED, make_calls, make_systems, make_teacher
from tests.contract.payback_examples import (
    make_recipe_gap,
    make_seeds,
    make_teacher_gap,
    write_latencies,
)
from understudy.contract.params.teacher import Prices
from understudy.contract.trained import TrainedSeeds
from understudy.contract.worth import Worth
from understudy.core.errors import DataError

PARAMS = """
teacher: {prices: {input: 2.0, cached_input: 0.5, output: 10.0, batch_factor: 0.5}}
worth: {machine_usd_per_hour: 0.5, answers_per_month: 200000}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stage reads: 100 zero-shot answers by batch, a fourth of their input cached."""
    asked = {"batch": 100, "prompt_tokens": 40_000, "cached_tokens": 10_000}
    asked["completion_tokens"] = 6_000
    documents: tuple[Any, ...] = (
        make_teacher(generate=make_calls(12.0), zeroshot=make_calls(0.0625, **asked)),
        make_teacher_gap(dict.fromkeys(TRAINED, ("equivalent", 0.2))),
        make_recipe_gap({"t5-written": "undecided"}),
        make_systems(),
    )
    monkeypatch.chdir(tmp_path)
    for document in documents:
        document.write()
    for name in TRAINED:
        make_seeds(7200, 7200, 3600).write(TrainedSeeds.path_of(name))
    write_latencies(tmp_path, {"t5-written": 0.72})
    Path("params.yaml").write_text(PARAMS, "utf-8")
    return tmp_path


def test_the_file_is_as_worked_out_by_hand(project: Path) -> None:
    main()
    found = json.loads(Path("metrics/worth.json").read_text("utf-8"))
    # live: 30,000 at $2, 10,000 at $0.50 and 6,000 at $10 a million are $0.125 for 100 answers;
    # what was paid in a batch, half of that, is in the file already
    assert found["teacher"] == {"usd_per_1000": 1.25, "timed": 0}
    assert found["t5-written"] == {
        "model_verdict": "equivalent",
        "recipe_verdict": "undecided",
        "f1_difference": 0.2,
        "seconds_median": 0.648,
        "usd_per_1000": 0.1,  # 0.2 hours at $0.50
        "saved_usd_per_1000": 1.15,
        "training_hours": 5.0,
        "training_usd": 2.5,
        "answers_usd": 12.0625,
        "answers_to_pay_back": 12_664,  # $14.5625 at $0.00115
        "months_to_pay_back": 0.0633,
        "pays": 1,
    }
    assert found["t5-gold"]["answers_usd"] == 0.0625
    assert found["usd_per_article"] == 0.000625
    assert found["usd_per_seed"] == {"t5": 2.5, "bart": 2.5}  # on three sources
    assert (found["machine_usd_per_hour"], found["answers_per_month"]) == (0.5, 200_000)
    assert found["candidate"] == "t5-gold"  # as good as the others, and the cheapest


@pytest.mark.parametrize(
    "name", ["gap", "recipes", "systems", "teacher", "latency/bart-gold", "students/t5-written"]
)
def test_a_missing_file_is_an_error_that_names_it(name: str, project: Path) -> None:
    Path(f"metrics/{name}.json").unlink()
    with pytest.raises(DataError, match=rf"metrics/{name}\.json: no such file; `dvc repro`"):
        main()
    assert not Worth.PATH.exists()


PRICES = Prices(input=2.0, output=10.0)


def test_answers_that_do_not_tell_their_tokens_do_not_make_the_others_cheaper() -> None:
    tokens = {"prompt_tokens": 30_000, "cached_tokens": 0, "completion_tokens": 6_000}
    half = make_calls(calls=100, metered=50, **tokens)
    assert price_calls(half, PRICES) == pytest.approx(0.12 / 50)
    assert price_calls(make_calls(calls=100, metered=0, **tokens), PRICES) is None
    assert price_calls(make_calls(calls=100, metered=0, **tokens), Prices()) == 0
