"""Timing: one article at a time, on as many threads as are asked for, by the engine of predict."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from tests.students import as_writer, decoding_params, export_taught, summarize, toy_pairs
from understudy.contract.params.decoding import DecodingParams
from understudy.students.decoding.decoding import answer
from understudy.students.decoding.engines import Writer, open_engine
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.students.decoding.protocol import Engine
from understudy.students.decoding.timing import (
    WARM_UP,
    name_machine,
    summarize_seconds,
    time_answers,
    time_student,
)
from understudy.students.model.machine import count_cores

ARTICLES = list(toy_pairs(6, seed=9)["article"])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_taught("t5", tmp_path_factory.mktemp("models") / "t5-gold")


@pytest.mark.parametrize("threads", [1, 3])
def test_the_converted_model_gets_as_many_threads_as_are_asked_for(
    threads: int, model: Path
) -> None:
    open_engine(model, "ctranslate2", 2)  # what is made once has its threads now
    before = psutil.Process().num_threads()
    engine: Any = open_engine(model, "ctranslate2", threads)
    assert psutil.Process().num_threads() - before == threads
    assert engine._translator.num_translators == 1


@pytest.mark.parametrize("threads", [1, 3])
def test_torch_gets_as_many_threads_as_are_asked_for(threads: int, model: Path) -> None:
    engine = open_engine(model, "transformers", threads)
    assert (torch.get_num_threads(), engine.device) == (threads, "cpu")


@pytest.mark.parametrize("wanted", ["ctranslate2", "transformers"])
@pytest.mark.parametrize("threads", [1, 2])
def test_an_article_alone_is_answered_as_by_predict(wanted: str, threads: int, model: Path) -> None:
    params = decoding_params(engine=wanted)
    expected = summarize(open_engine(model, wanted), ARTICLES)
    engine = open_engine(model, wanted, threads)
    assert [answer(engine, article, params) for article in ARTICLES] == expected


class Counting(Writer):
    """Writes down what it is asked, as an engine."""

    device = "cpu"

    def __init__(self, engine: Engine) -> None:
        self.tokenizer, self.family = as_writer(engine).tokenizer, as_writer(engine).family
        self.asked: list[int] = []
        self._engine = engine

    def decode(
        self, encoded: Sequence[list[int]], params: DecodingParams, *, scored: bool = False
    ) -> Iterator[tuple[int, Hypothesis]]:
        self.asked.append(len(encoded))
        return self._engine.decode(encoded, params, scored=scored)


def test_articles_are_asked_one_by_one_after_some_to_warm_up(model: Path) -> None:
    engine = Counting(open_engine(model, "ctranslate2", 1))
    time_answers(engine, ARTICLES, decoding_params())
    assert engine.asked == [1] * (WARM_UP + len(ARTICLES))


def test_a_students_figures_are_sane(model: Path) -> None:
    found = time_student(model, ARTICLES, decoding_params(engine="ctranslate2"))
    assert found.articles == len(ARTICLES)
    ways = [way for way in (found.one_core, found.all_cores, found.gpu) if way]
    assert all(0 < way.median <= way.p95 for way in ways)
    assert found.fastest in ways
    assert found.fastest.mean == min(way.mean for way in ways)


def test_percentiles_lie_linearly_between_the_nearest_two() -> None:
    found = summarize_seconds([1.0, 2.0, 3.0, 4.0, 10.0])
    assert (found.median, found.mean) == (3.0, 4.0)
    assert found.p95 == pytest.approx(4 + 0.8 * 6)  # place 3.8 of 0 to 4
    assert summarize_seconds([0.5]).p95 == 0.5


def test_the_machine_has_a_name() -> None:
    assert name_machine(gpu=False).strip()
    assert count_cores() >= 1
