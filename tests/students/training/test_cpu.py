"""Dropout and attention on a CPU: what torch's own give, by other means."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from tests.students import tiny, toy_pairs, train_params, write_pairs
from understudy.students.model.loading import Student
from understudy.students.training.cpu import REPLACEMENTS, CpuFunctions, attend, draw_kept, drop_out
from understudy.students.training.engine import StudentTrainer
from understudy.students.training.trainer import Trained, train


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(7)


# Dropout


@pytest.mark.parametrize("share", [0.0, 1e-4, 0.1, 0.5, 0.9, 0.9999, 1.0])
def test_the_share_kept_is_that_asked_for(share: float) -> None:
    count = 1_000_003
    kept = draw_kept((count,), share)
    assert set(kept.unique().tolist()) <= {0, 1}
    deviation = math.sqrt(count * share * (1 - share))
    assert abs(int(kept.sum()) - count * share) <= 5 * deviation + count * 2**-17


def test_neighbours_and_rows_are_kept_independently() -> None:
    kept = draw_kept((1000, 1000), 0.5).float() - 0.5
    again = draw_kept((1000, 1000), 0.5).float() - 0.5
    pairs = [(kept[:, shift:], kept[:, :-shift]) for shift in (1, 2, 3, 4, 8)]
    for one, other in [*pairs, (kept[1:], kept[:-1]), (kept, again)]:
        assert abs(float((one * other).mean())) < 5 * 0.25 / 1000


def test_what_is_kept_is_scaled_up_and_so_is_its_gradient() -> None:
    values = torch.rand(100, 30) + 1
    values.requires_grad_()
    dropped = drop_out(values, 0.25)
    dropped.sum().backward()
    kept = dropped != 0
    assert 0.7 < float(kept.float().mean()) < 0.8
    assert dropped[kept].allclose(values[kept] / 0.75)
    assert values.grad is not None
    assert values.grad.allclose(kept / 0.75)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_type_and_shape_stay(dtype: torch.dtype) -> None:
    values = torch.ones(3, 5, 7, dtype=dtype)
    dropped = drop_out(values, 0.5)
    assert (dropped.dtype, dropped.shape) == (dtype, values.shape)
    assert set(dropped.unique().tolist()) == {0, 2}


def test_equal_seeds_drop_the_same_and_each_call_something_else() -> None:
    values = torch.ones(1000)
    one, two = drop_out(values, 0.5), drop_out(values, 0.5)
    torch.manual_seed(7)
    assert drop_out(values, 0.5).equal(one)
    assert not one.equal(two)


def test_nothing_is_dropped_outside_training_or_with_probability_0() -> None:
    values = torch.rand(10)
    state = torch.get_rng_state()
    assert drop_out(values, 0.5, training=False) is values
    assert drop_out(values, 0.0) is values
    assert drop_out(torch.empty(0, 3), 0.5).shape == (0, 3)
    assert torch.get_rng_state().equal(state)


def test_everything_is_dropped_with_probability_1_and_in_place_where_asked() -> None:
    values = torch.rand(10)
    assert drop_out(values, 1.0).tolist() == [0.0] * 10
    assert drop_out(values, 1.0, inplace=True) is values
    assert values.tolist() == [0.0] * 10


# Attention

EXAMPLES, HEADS, QUERIES, KEYS, WIDTH = 3, 2, 5, 7, 4


def draw(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, dtype=dtype).requires_grad_()


def inputs(keys: int = KEYS, dtype: torch.dtype = torch.float64) -> list[torch.Tensor]:
    return [draw(EXAMPLES, HEADS, count, WIDTH, dtype=dtype) for count in (QUERIES, keys, keys)]


def padding() -> torch.Tensor:
    """Each example has another number of keys to see."""
    lengths = torch.tensor([KEYS, 1, 4])
    return (torch.arange(KEYS) < lengths[:, None])[:, None, None, :].expand(-1, 1, QUERIES, -1)


def assert_equal_to_torch(tensors: list[torch.Tensor], *learned: torch.Tensor, **kw: Any) -> None:
    """Results and gradients."""
    weight = torch.randn(EXAMPLES, HEADS, QUERIES, WIDTH, dtype=tensors[0].dtype)
    found = []
    for function in (functional.scaled_dot_product_attention, attend):
        result = function(*tensors, **kw)
        gradients = torch.autograd.grad(
            (result * weight).sum(), [*tensors, *learned], retain_graph=True
        )
        found.append([result, *gradients])
    for theirs, ours in zip(*found, strict=True):
        assert ours.allclose(theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scale", [None, 1.0, 0.3])
@pytest.mark.parametrize("heads", [1, HEADS])
def test_attention_with_a_learned_bias_equals_torchs(scale: float | None, heads: int) -> None:
    bias = draw(EXAMPLES, heads, QUERIES, KEYS)
    mask = torch.where(padding(), bias, torch.finfo(bias.dtype).min)
    assert_equal_to_torch(inputs(), bias, attn_mask=mask, scale=scale)


NOTHING = 1e-300
"""A probability of dropout that drops nothing, yet is not 0."""


@pytest.mark.parametrize("kind", ["none", "bool", "float", "causal"])
def test_attention_on_the_way_of_dropout_equals_torchs(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = QUERIES if kind == "causal" else KEYS
    kw: dict[str, Any] = {
        "none": {},
        "bool": {"attn_mask": padding()},
        "float": {"attn_mask": torch.where(padding(), 0.0, -1e30).double()},
        "causal": {"is_causal": True},
    }[kind]
    ways: list[float] = []

    def drop_nothing(weights: torch.Tensor, p: float) -> torch.Tensor:
        ways.append(p)
        return weights

    monkeypatch.setattr("understudy.students.training.cpu.drop_out", drop_nothing)
    assert_equal_to_torch(inputs(keys), dropout_p=NOTHING, **kw)
    assert ways == [NOTHING]


def test_no_weight_is_given_to_padding_whatever_is_dropped() -> None:
    query, key, value = inputs()
    hidden = ~padding()[:, :, :1].transpose(2, 3)
    [with_other_padding] = [torch.where(hidden, 1e6, value)]
    found = []
    for values in (value, with_other_padding):
        torch.manual_seed(1)
        found.append(attend(query, key, values, padding(), 0.5))
    assert found[0].equal(found[1])


def test_weights_are_dropped_with_their_probability() -> None:
    query, key = (tensor.detach() for tensor in inputs()[:2])
    value = torch.ones(EXAMPLES, HEADS, KEYS, 1, dtype=torch.float64)
    sums = torch.stack([attend(query, key, value, dropout_p=0.3) for _ in range(2000)])
    assert float(sums.mean()) == pytest.approx(1.0, abs=0.01)
    assert float((sums == 0).double().mean()) < 0.3
    assert float(sums.std()) > 0.1


def test_bfloat16_is_torchs_to_its_precision() -> None:
    query, key, value = inputs(dtype=torch.bfloat16)
    bias = draw(EXAMPLES, HEADS, QUERIES, KEYS, dtype=torch.bfloat16)
    theirs = functional.scaled_dot_product_attention(query, key, value, bias)
    assert attend(query, key, value, bias).allclose(theirs, rtol=0.02, atol=0.02)


def test_torchs_own_is_called_where_it_keeps_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    theirs = functional.scaled_dot_product_attention

    def spy(*args: Any, **kw: Any) -> torch.Tensor:
        called.append(kw)
        return theirs(*args, **kw)

    monkeypatch.setattr(functional, "scaled_dot_product_attention", spy)
    query, key, value = inputs()
    attend(query, key, value, padding(), scale=0.5)
    assert called == [{"scale": 0.5, "enable_gqa": False}]


# The mode


def build(family: str) -> Any:
    from transformers import (
        BartConfig,
        BartForConditionalGeneration,
        T5Config,
        T5ForConditionalGeneration,
    )

    if family == "t5":
        small = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
        return T5ForConditionalGeneration(
            T5Config(vocab_size=40, dropout_rate=0.2, decoder_start_token_id=0, **small)
        )
    small = {"encoder_layers": 2, "decoder_layers": 2}
    small |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    small |= {"encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "d_model": 16}
    return BartForConditionalGeneration(
        BartConfig(vocab_size=40, dropout=0.2, attention_dropout=0.2, **small)
    )


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_a_model_drops_out_by_our_functions_alone(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its losses are spread like those of torch's dropout, around the same mean."""
    model = build(family).train()
    batch = {
        "input_ids": torch.arange(3, 27).view(2, 12),
        "attention_mask": torch.tensor([[1] * 12, [1] * 7 + [0] * 5]),
        "labels": torch.arange(5, 15).view(2, 5),
    }

    def losses() -> torch.Tensor:
        with torch.inference_mode():
            return torch.stack([model(**batch).loss for _ in range(300)])

    theirs = losses()
    with CpuFunctions(), monkeypatch.context() as patch:
        patch.setattr(torch.Tensor, "bernoulli_", None)
        patch.setattr(torch, "dropout", None)
        ours = losses()
    error = math.sqrt(float(theirs.var() + ours.var()) / 300)
    assert abs(float(theirs.mean() - ours.mean())) < 4 * error
    assert 0.7 < float(ours.std() / theirs.std()) < 1.4


def train_with_dropout(state: Path, **changes: Any) -> tuple[Student, Trained]:
    student = tiny("t5")
    for module in student.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.2
    pairs = write_pairs(state, toy_pairs(64), toy_pairs(16, seed=1))
    return student, train(student, pairs, train_params(**changes), state)


def test_training_on_a_cpu_takes_them_and_validation_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []

    def spy(values: torch.Tensor, p: float, training: bool, inplace: bool) -> torch.Tensor:
        modes.append(training)
        return drop_out(values, p, training, inplace)

    monkeypatch.setitem(REPLACEMENTS, functional.dropout, spy)
    train_with_dropout(tmp_path, max_steps=2)
    assert set(modes) == {True}


def test_a_run_with_dropout_that_is_gone_on_with_ends_where_one_run_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, expected = train_with_dropout(tmp_path / "whole")
    step, taken = StudentTrainer.training_step, []

    def die(*args: Any, **kw: Any) -> torch.Tensor:
        taken.append(1)
        if len(taken) == 7:
            raise ConnectionAbortedError
        return step(*args, **kw)

    with monkeypatch.context() as patch:
        patch.setattr(StudentTrainer, "training_step", die)
        with pytest.raises(ConnectionAbortedError):
            train_with_dropout(tmp_path / "parts")
    resumed, found = train_with_dropout(tmp_path / "parts")
    assert found.curve == expected.curve
    for name, weight in whole.model.state_dict().items():
        assert resumed.model.state_dict()[name].equal(weight), name
