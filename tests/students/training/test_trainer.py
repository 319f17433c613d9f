"""Training on toy pairs: steps, loss, seeds, the best checkpoint, patience."""

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.students import tiny, toy_pairs, train_params, train_toy, write_pairs
from understudy.contract.trained import CutTexts, ExampleCounts
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import Student
from understudy.students.model.tokens import encode_texts
from understudy.students.training.engine import StudentTrainer
from understudy.students.training.trainer import (
    plan_steps,
    train,
)

EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))


def mean_loss(student: Student, pairs: pd.DataFrame, smoothing: float = 0.0) -> float:
    """Cross-entropy per target token, pair by pair and so without padding, by transformers."""
    import torch
    from transformers.trainer_pt_utils import LabelSmoother

    inputs, _ = encode_texts(student.tokenizer, list(pairs["article"]), 64, student.family.prefix)
    targets, _ = encode_texts(student.tokenizer, list(pairs["highlights"]), 32)
    model, total = student.model.eval(), 0.0
    with torch.inference_mode():
        for article, highlights in zip(inputs, targets, strict=True):
            labels = torch.tensor([highlights])
            output = model(input_ids=torch.tensor([article]), labels=labels)
            loss = LabelSmoother(smoothing)(output, labels) if smoothing else output.loss
            total += float(loss) * len(highlights)
    return total / sum(map(len, targets))


def gradients_of_one_step(state: Path, family: str, **changes: Any) -> dict[str, Any]:
    """By name, summed over the passes of a step with 32 examples."""
    import torch

    student, sums = tiny(family), {}
    for name, parameter in student.model.named_parameters():
        sums[name] = torch.zeros_like(parameter)
        parameter.register_hook(sums[name].add_)
    train_toy(state, family, student=student, max_steps=1, batch_size=32, **changes)
    return sums


@pytest.mark.parametrize(
    ("changes", "examples", "validations"),
    [
        ({"epochs": 1.0, "validations": 1}, 80, [10]),
        ({"epochs": 1.0, "validations": 1}, 81, [11]),
        ({"epochs": 0.25, "validations": 1}, 80, [3]),
        ({"epochs": 2.0, "validations": 4}, 80, [5, 10, 15, 20]),
        ({"epochs": 1.0, "validations": 4}, 80, [2, 5, 8, 10]),
        ({"epochs": 9.0, "validations": 3, "max_steps": 6}, 80, [2, 4, 6]),
        ({"epochs": 1.0, "validations": 1, "max_steps": 99}, 80, [10]),
        ({"epochs": 1.0, "validations": 50}, 80, list(range(1, 11))),
        ({"epochs": 0.01, "validations": 4}, 1, [1]),
    ],
)
def test_the_plan_counts_steps_and_spaces_validations_evenly(
    changes: dict[str, Any], examples: int, validations: list[int]
) -> None:
    params = train_params(**{"max_steps": None, "batch_size": 8, **changes})
    assert plan_steps(params, examples) == (validations[-1], validations)


@pytest.mark.parametrize("examples", range(1, 60, 7))
@pytest.mark.parametrize("validations", [1, 2, 3, 5, 8, 13])
def test_all_steps_are_taken_and_the_last_validation_falls_on_the_last(
    examples: int, validations: int
) -> None:
    params = train_params(max_steps=None, batch_size=4, validations=validations)
    steps, planned = plan_steps(params, examples)
    assert steps == planned[-1] == math.ceil(examples / 4)
    assert len(planned) == min(validations, steps)
    gaps = [later - before for before, later in pairwise([0, *planned])]
    assert 0 < min(gaps) <= max(gaps) <= min(gaps) + 1


@EACH_FAMILY
def test_the_loss_falls_on_a_toy_set(family: str, tmp_path: Path) -> None:
    _, trained = train_toy(tmp_path, family, max_steps=24, epochs=9.0, validations=4)
    first, last = trained.curve[0], trained.curve[-1]
    assert [point.step for point in trained.curve] == [6, 12, 18, 24]
    assert trained.curve[-1].step == 24
    assert last.train_loss < 0.6 * first.train_loss
    assert last.validation_loss < 0.7 * first.validation_loss
    assert all(math.isfinite(figure) for point in trained.curve for _, figure in point)


@EACH_FAMILY
def test_equal_seeds_give_equal_weights_and_curves(family: str, tmp_path: Path) -> None:
    (first, told), (second, again) = (train_toy(tmp_path / name, family) for name in "ab")
    assert told.curve == again.curve
    states = (first.model.state_dict(), second.model.state_dict())
    assert all(states[0][name].equal(states[1][name]) for name in states[0])


def test_another_seed_sees_the_pairs_in_another_order(tmp_path: Path) -> None:
    _, first = train_toy(tmp_path / "a", seed=3)
    _, second = train_toy(tmp_path / "b", seed=4)
    assert first.curve != second.curve


@EACH_FAMILY
def test_the_weights_kept_are_those_of_the_best_validation(family: str, tmp_path: Path) -> None:
    # Validation highlights that contradict their articles: learning more makes it worse again.
    held_out = toy_pairs(16, seed=1)
    held_out["highlights"] = list(toy_pairs(16, seed=2)["highlights"])
    changes: dict[str, Any] = {"max_steps": 60, "epochs": 9.0, "validations": 6}
    student, trained = train_toy(tmp_path, family, held_out, **changes)
    losses = [point.validation_loss for point in trained.curve]
    best = trained.best_validation_loss
    assert best == min(losses)
    assert trained.best_step == trained.curve[losses.index(best)].step
    assert losses[-1] > best + 0.01
    assert mean_loss(student, held_out) == pytest.approx(best, abs=2e-4)


@EACH_FAMILY
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_small_and_large_passes_give_the_same_gradients(
    family: str, smoothing: float, tmp_path: Path
) -> None:
    several = {
        budget: gradients_of_one_step(
            tmp_path / str(budget), family, tokens_per_pass=budget, label_smoothing=smoothing
        )
        for budget in (1, 150, 100_000)
    }
    whole = several.pop(100_000)
    assert max(float(gradient.abs().max()) for gradient in whole.values()) > 0.01
    for gradients in several.values():
        for name, gradient in gradients.items():
            assert gradient.allclose(whole[name], rtol=1e-4, atol=1e-5), name


@EACH_FAMILY
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_training_loss_is_that_of_transformers_on_unpadded_pairs(
    family: str, smoothing: float, tmp_path: Path
) -> None:
    student, pairs = tiny(family), toy_pairs(64)
    expected = mean_loss(student, pairs, smoothing)
    changes: dict[str, Any] = {"batch_size": 64, "max_steps": 1, "tokens_per_pass": 400}
    _, trained = train_toy(tmp_path, family, student=student, label_smoothing=smoothing, **changes)
    assert [point.train_loss for point in trained.curve] == [pytest.approx(expected, abs=1e-4)]


@EACH_FAMILY
def test_the_validation_loss_is_without_smoothing_and_the_same_for_all_passes(
    family: str, tmp_path: Path
) -> None:
    held_out = toy_pairs(16, seed=1)
    for budget in (1, 100, 100_000):
        student, trained = train_toy(
            tmp_path / str(budget),
            family,
            max_steps=1,
            tokens_per_pass=budget,
            label_smoothing=0.2,
        )
        loss = trained.curve[-1].validation_loss
        assert loss == pytest.approx(mean_loss(student, held_out), abs=1e-4)


def test_one_example_gives_the_loss_of_transformers(tmp_path: Path) -> None:
    student, pair = tiny("bart"), toy_pairs(1)
    expected = mean_loss(student, pair)
    trained = train(student, write_pairs(tmp_path, pair, pair), train_params(), tmp_path)
    assert trained.curve[0].train_loss == pytest.approx(expected, abs=1e-5)
    assert trained.curve[-1].step == 1


def test_training_ends_early_when_patience_is_used_up(tmp_path: Path) -> None:
    held_out = toy_pairs(16, seed=1)
    held_out["highlights"] = list(toy_pairs(16, seed=2)["highlights"])
    changes: dict[str, Any] = {"max_steps": 60, "epochs": 9.0, "validations": 20}
    _, patient = train_toy(tmp_path / "a", "t5", held_out, **changes)
    student, hasty = train_toy(tmp_path / "b", "t5", held_out, patience=2, **changes)
    best = hasty.best_step
    assert len(patient.curve) == 20
    assert hasty.curve == patient.curve[: len(hasty.curve)]
    assert hasty.curve[-1].step == best + 2 * 3 < 60
    assert mean_loss(student, held_out) == pytest.approx(hasty.best_validation_loss, abs=2e-4)


@pytest.mark.parametrize("waited", [1, 2])
def test_patience_outlasts_a_stop(
    waited: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_out = toy_pairs(16, seed=1)
    held_out["highlights"] = list(toy_pairs(16, seed=2)["highlights"])
    changes: dict[str, Any] = {"max_steps": 60, "epochs": 9.0, "validations": 20, "patience": 2}
    student, expected = train_toy(tmp_path / "a", "t5", held_out, **changes)
    stopped = expected.best_step + 3 * waited

    class LostMachineError(Exception):
        """Ends training right after a checkpoint."""

    def save(trainer: Any, *args: Any) -> None:
        whole(trainer, *args)
        if trainer.state.global_step == stopped:
            raise LostMachineError

    whole = StudentTrainer._save_checkpoint
    with monkeypatch.context() as patch:
        patch.setattr(StudentTrainer, "_save_checkpoint", save)
        with pytest.raises(LostMachineError):
            train_toy(tmp_path / "b", "t5", held_out, **changes)
    again, found = train_toy(tmp_path / "b", "t5", held_out, **changes)
    assert replace(found, seconds=expected.seconds) == expected
    states = (student.model.state_dict(), again.model.state_dict())
    assert all(states[0][name].equal(states[1][name]) for name in states[0])


@EACH_FAMILY
def test_bfloat16_learns_nearly_what_float32_does(family: str, tmp_path: Path) -> None:
    losses = {}
    for precision in ("float32", "bfloat16"):
        student, trained = train_toy(tmp_path / precision, family, precision=precision)
        losses[precision] = trained.curve[-1].validation_loss
        assert str(next(student.model.parameters()).dtype) == "torch.float32"
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.02)
    assert losses["bfloat16"] != losses["float32"]


@pytest.mark.parametrize("batch_size", [8, 24, 100])
def test_each_example_counts_once_in_the_speed(
    batch_size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainers: list[StudentTrainer] = []
    monkeypatch.setattr(
        "understudy.students.training.trainer._report", lambda trainer, _: trainers.append(trainer)
    )
    train_toy(tmp_path, max_steps=None, epochs=2.0, batch_size=batch_size)
    assert trainers[0].examples == 2 * 64


def test_the_record_counts_examples_and_what_was_cut(tmp_path: Path) -> None:
    pairs, student = toy_pairs(64), tiny("t5")
    params = train_params(max_steps=1, max_input_tokens=16, max_target_tokens=8)
    longer = [
        sum(len(ids) > limit for ids in student.tokenizer(texts)["input_ids"])
        for texts, limit in (
            ([f"summarize: {article}" for article in pairs["article"]], 16),
            (list(pairs["highlights"]), 8),
        )
    ]
    splits = write_pairs(tmp_path, pairs, toy_pairs(8, seed=1))
    trained = train(student, splits, params, tmp_path)
    assert 0 < longer[0] < 64
    assert trained.examples == ExampleCounts(train=64, validation=8)
    assert trained.cut.train == CutTexts(inputs=longer[0], outputs=longer[1])
