"""T5 that is to name a class: it always does, and its probabilities are those of whole labels."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.contract.examples import make_settings
from tests.students import decoding_params, export_taught, toy_pairs, train_params
from tests.students.classifying import LABELS, learn, make_task
from understudy.contract.params.classifying import LstmRun
from understudy.contract.trained import TrainedSettings
from understudy.core.errors import DataError
from understudy.students.classifying.labeller import Labeller
from understudy.students.classifying.recurrent import read_vectors
from understudy.students.decoding.decoding import decode_scored
from understudy.students.decoding.engines import CTranslate2, Transformers, Writer, open_engine
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.students.training.stage import train_on_source

ARTICLES = list(toy_pairs(12, seed=9)["article"])
PEOPLE = [f"{name} was in Rome ." for name in ("Anna", "Boris", "Clara")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5 that writes other texts than the labels that it is to answer."""
    folder = export_taught("t5", tmp_path_factory.mktemp("labels") / "t5")
    make_settings(labels=PEOPLE).write(TrainedSettings.path_in(folder))
    return folder


def test_both_engines_score_a_label_the_same_and_it_is_the_sum_over_its_tokens(
    folder: Path,
) -> None:
    params = decoding_params(max_input_tokens=64)
    engines = CTranslate2(folder, 1), Transformers(folder, 1)
    for article in ARTICLES[:3]:
        [encoded] = engines[0].encode([article], params)[0]
        converted, trained = (engine.score(encoded, PEOPLE) for engine in engines)
        assert converted == pytest.approx(trained, abs=1e-3)
        [(_, best)] = engines[1].decode([encoded], params, scored=True)
        written = engines[1].strip(best.ids)
        [again] = engines[1].score(encoded, [engines[1].tokenizer.decode(written)])
        assert best.log_probability * (len(written) + 1) == pytest.approx(again, abs=1e-3)


@pytest.mark.parametrize("wanted", ["ctranslate2", "transformers"])
def test_what_is_no_label_becomes_the_likeliest_one(wanted: str, folder: Path) -> None:
    engine = open_engine(folder, wanted, 1)
    assert isinstance(engine, Labeller)
    params = decoding_params(engine=wanted)
    found = list(decode_scored(engine, ARTICLES, params, "test", None))
    assert {told for _, told in found} <= set(PEOPLE)
    about = [(told, text) for (_, told), text in zip(found, ARTICLES, strict=True)]
    named = [told.split()[0] in text for told, text in about if "Anna" in text or "Boris" in text]
    assert named
    assert all(named)
    assert all(one.log_probability < 0 <= one.margin for one, _ in found)


class Scripted(Writer):
    """Writes what it is told to, letter by letter."""

    device = "cpu"

    def __init__(self, *texts: str) -> None:
        self._texts = texts

    def decode(self, encoded: Any, params: Any, *, scored: bool = False) -> Iterator[Any]:
        for index, text in enumerate(self._texts):
            yield index, Hypothesis([*map(ord, text)], -0.1, 0.3, (1, 2, 3))

    def spell(self, ids: Sequence[int]) -> str:
        return "".join(map(chr, ids))

    def strip(self, ids: Sequence[int]) -> list[int]:
        return list(ids)

    def score(self, encoded: list[int], answers: Sequence[str]) -> list[float]:
        return [-float(len(answer)) for answer in answers]


def test_case_and_white_space_do_not_matter_and_nothing_else_is_guessed() -> None:
    texts = ("other", " BILLING,  invoices\n", "Other.", "")
    engine = Labeller(Scripted(*texts), LABELS)
    found = dict(engine.decode([[]] * 4, decoding_params(), scored=True))
    assert [LABELS[found[at].ids[0]] for at in range(4)] == ["other", LABELS[0], "other", "other"]
    assert found[0].log_probability == pytest.approx(-0.1 * 6)
    assert found[0].margin == pytest.approx(-0.1 * 6 + 0.4 * 4)
    assert (found[2].log_probability, found[2].margin) == (-5, 5)


def test_t5_learns_labels_and_keeps_them_in_its_settings(tmp_path: Path) -> None:
    with contextlib.chdir(make_task(tmp_path / "task")):
        train_on_source("t5", "gold", train_params(max_steps=4, max_target_tokens=16))
        model = Path.cwd() / "models/seeds/t5-gold/3"
        settings = TrainedSettings.load(TrainedSettings.path_in(model))
        assert settings.labels == LABELS
        assert settings.cut.train.model_dump() == {"inputs": 1, "outputs": 0}
        engine = open_engine(model, "transformers", 1)
        params = decoding_params(max_tokens=8)
        [(found, told)] = decode_scored(engine, ["hours please"], params, "test", None)
        assert told in LABELS
        assert math.isfinite(found.log_probability)


def test_word_vectors_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "vectors.txt"
    file.write_text("invoice 1 2.5\nunused 3 4\n", encoding="utf-8")
    assert read_vectors(file, {"[PAD]": 0, "invoice": 1})[1].tolist() == [1, 2.5]
    with contextlib.chdir(make_task(tmp_path / "task")):
        params = LstmRun(word_vectors=str(file), states=4, max_steps=2, threads=1)
        learn("lstm", params)
        assert Path("models/seeds/lstm-gold/13/model.onnx").exists()
    for text, told in (("a 1 2\nb 1\n", "line 2: 1 numbers, expected 2"), ("a x\n", "no file of")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=told):
            read_vectors(file, {"a": 0})
