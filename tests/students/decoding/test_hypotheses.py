"""How sure a student is: of the same summaries as without asking, and alike by both engines."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.students import decoding_params, export_taught, taught_engine, toy_pairs
from understudy.students.decoding.engines import CTranslate2, open_engine
from understudy.students.decoding.hypotheses import Hypothesis, rate_beams, undo_penalty
from understudy.students.decoding.protocol import Engine
from understudy.students.model.families import FAMILIES

ARTICLES = list(toy_pairs(24, seed=9)["article"])
EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))
SEARCHES = [(1, 1.0), (1, 0.0), (4, 0.0), (4, 1.0), (4, 2.0)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Engine]:
    base = tmp_path_factory.mktemp("exported")
    folders: dict[str, Path] = {name: export_taught(name, base / name) for name in FAMILIES}
    return {name: open_engine(folder, "ctranslate2", 1) for name, folder in folders.items()}


def encode(engine: Engine, articles: Sequence[str] = ARTICLES) -> list[list[int]]:
    return engine.encode(articles, decoding_params())[0]


def search(engine: Engine, *, scored: bool, **changes: Any) -> list[Hypothesis]:
    """In the order of the articles, without special tokens."""
    found = dict(engine.decode(encode(engine), decoding_params(**changes), scored=scored))
    return [
        Hypothesis(engine.strip(one.ids), one.log_probability, one.margin)
        for _, one in sorted(found.items())
    ]


@EACH_FAMILY
@pytest.mark.parametrize(("beams", "penalty"), SEARCHES)
@pytest.mark.parametrize("tokens", [1, 90, 10_000])
def test_scores_change_no_summary(
    family: str, beams: int, penalty: float, tokens: int, exported: dict[str, Engine]
) -> None:
    settings = {"beams": beams, "length_penalty": penalty, "tokens_per_batch": tokens}
    for engine in (exported[family], taught_engine(family)):
        plain, scored = (search(engine, scored=wanted, **settings) for wanted in (False, True))
        assert [one.ids for one in plain] == [one.ids for one in scored]
        assert all(math.isnan(one.log_probability) for one in plain)
        assert all(one.log_probability < 0 for one in scored)
        assert all(math.isnan(one.margin) == (beams == 1) for one in scored)


@EACH_FAMILY
@pytest.mark.parametrize(("beams", "penalty"), SEARCHES)
@pytest.mark.parametrize("longest", [5, 24])
def test_ctranslate2_is_as_sure_as_the_model_itself(
    family: str, beams: int, penalty: float, longest: int, exported: dict[str, Engine]
) -> None:
    engine = exported[family]
    assert isinstance(engine, CTranslate2)
    settings = {"beams": beams, "length_penalty": penalty, "max_tokens": longest}
    found = dict(engine.decode(encode(engine), decoding_params(**settings), scored=True))
    to_tokens = engine.tokenizer.convert_ids_to_tokens
    texts = [to_tokens(ids) for ids in encode(engine)]
    written = [to_tokens(found[row].ids) for row in range(len(texts))]
    told = engine._translator.score_batch(texts, written, max_input_length=0)
    for row, result in enumerate(told):
        counted = result.log_probs[:longest]  # the end token is the last, where there was room
        mean = sum(counted) / len(counted)
        assert found[row].log_probability == pytest.approx(mean, abs=1e-3)


@EACH_FAMILY
@pytest.mark.parametrize(("beams", "penalty"), SEARCHES)
@pytest.mark.parametrize("longest", [5, 24])
def test_both_engines_are_as_sure(
    family: str, beams: int, penalty: float, longest: int, exported: dict[str, Engine]
) -> None:
    settings = {"beams": beams, "length_penalty": penalty, "max_tokens": longest}
    pairs = zip(
        search(exported[family], scored=True, **settings),
        search(taught_engine(family), scored=True, **settings),
        strict=True,
    )
    # where BART must end, the libraries disagree by a token
    alike = [(one, other) for one, other in pairs if one.ids == other.ids]
    assert len(alike) > len(ARTICLES) / 2 or (family, longest) == ("bart", 5)
    for one, other in alike:
        assert one.log_probability == pytest.approx(other.log_probability, abs=0.02)


def test_an_answer_is_as_sure_alone_as_among_others(exported: dict[str, Engine]) -> None:
    engine = exported["t5"]
    together = search(engine, scored=True, tokens_per_batch=10_000)
    for row, ids in enumerate(encode(engine)[:8]):
        [(_, alone)] = engine.decode([ids], decoding_params(), scored=True)
        assert alone.log_probability == pytest.approx(together[row].log_probability, abs=1e-4)
        assert alone.margin == pytest.approx(together[row].margin, abs=1e-4)


def test_the_margin_is_what_the_best_beam_is_ahead() -> None:
    assert rate_beams([1, 2], [-0.5, -0.75]) == Hypothesis([1, 2], -0.5, 0.25)
    assert math.isnan(rate_beams([1, 2], [-0.5]).margin)


@pytest.mark.parametrize("penalty", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize(("tokens", "counted"), [(1, 2), (8, 9), (9, 10), (10, 10)])
def test_the_length_penalty_is_undone(penalty: float, tokens: int, counted: int) -> None:
    score = -0.5 * counted / counted**penalty
    assert undo_penalty(score, tokens, penalty, 10) == pytest.approx(-0.5)
