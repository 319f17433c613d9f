"""What stops a training run: a broken loss, long texts, too little memory or space, no pairs."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.students import tiny, toy_pairs, train_params, train_toy, write_pairs
from understudy.core.errors import StudentError
from understudy.students.model.families import FAMILIES
from understudy.students.training.trainer import _to_arguments, check_space, train

EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))


@EACH_FAMILY
def test_a_loss_that_is_no_number_is_an_error_that_says_what_to_lower(
    family: str, tmp_path: Path
) -> None:
    params = train_params().model_copy(update={"learning_rate": 1e30})
    pairs = write_pairs(tmp_path, toy_pairs(32), toy_pairs(8))
    with pytest.raises(StudentError, match="not a number at step 2: lower learning_rate"):
        train(tiny(family), pairs, params, tmp_path)


def test_one_process_uses_one_gpu_of_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr("understudy.students.training.trainer.has_gpu", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (7, 0))
    args = _to_arguments(train_params(), 8, tmp_path, tiny("t5"))
    assert args.n_gpu == 1
    assert args.train_batch_size == train_params().batch_size


@pytest.mark.parametrize("name", ["max_input_tokens", "max_target_tokens"])
def test_texts_longer_than_barts_positions_are_refused(name: str, tmp_path: Path) -> None:
    changes: dict[str, Any] = {name: 1025}
    with pytest.raises(StudentError) as caught:
        train_toy(tmp_path, "bart", **changes)
    hint = "the model has 1024 positions; lower it to 1024 or less"
    assert str(caught.value) == f"{name} = 1025: {hint}"


def test_t5_has_no_positions_to_exceed(tmp_path: Path) -> None:
    train_toy(tmp_path, "t5", max_input_tokens=5000, max_steps=1)


def test_too_little_space_is_an_error_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10_000_000))
    with pytest.raises(StudentError) as caught:
        train_toy(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}: checkpoints take up to 0.")
    assert "GB, 0.0 GB are free: free some" in message
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "train.parquet",
        "validation.parquet",
    ]


@pytest.mark.parametrize("known", ["OutOfMemoryError", "allocator"])
def test_too_little_memory_is_an_error_that_names_tokens_per_pass(
    known: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    student = tiny("t5")
    error = (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        if known == "OutOfMemoryError"
        else RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 B")
    )

    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(student.model, "forward", fail)
    with pytest.raises(StudentError, match=r"too little memory: lower tokens_per_pass \(a step "):
        train_toy(tmp_path, student=student)


def test_another_runtime_error_is_not_taken_for_lack_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = tiny("t5")

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr(student.model, "forward", fail)
    with pytest.raises(RuntimeError, match="something else"):
        train_toy(tmp_path, student=student)


@pytest.mark.parametrize("empty", ["train", "validation"])
def test_an_empty_split_is_an_error(empty: str, tmp_path: Path) -> None:
    splits = {"train": toy_pairs(8), "validation": toy_pairs(8), empty: toy_pairs(0)}
    pairs = write_pairs(tmp_path, splits["train"], splits["validation"])
    with pytest.raises(StudentError, match=rf"{empty}\.parquet: no pairs to learn from"):
        train(tiny("t5"), pairs, train_params(), tmp_path)


def test_a_run_that_goes_on_needs_space_for_new_checkpoints_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = tiny("t5")
    one = 12 * student.model.num_parameters()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=int(1.5 * one)))
    with pytest.raises(StudentError, match="are free: free some"):
        check_space(student.model.num_parameters(), tmp_path)
    for step in (3, 6):
        (tmp_path / f"checkpoint-{step}").mkdir()
    check_space(student.model.num_parameters(), tmp_path)
