"""Trains one student on one source of pairs."""

import math
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.contract.kind import this_kind
from understudy.contract.pairs import LEARNING_SPLITS
from understudy.contract.params.classifying import NetworkSettings
from understudy.contract.params.training import TrainParams
from understudy.contract.trained import (
    CurvePoint,
    CutCounts,
    CutTexts,
    ExampleCounts,
    LostCounts,
    LostPairs,
)
from understudy.core.errors import StudentError
from understudy.core.hub import first_line
from understudy.students.model.loading import Student, can_cache, check_positions
from understudy.students.model.machine import check_gpu, has_gpu, lacks_memory, uses_bfloat16
from understudy.students.model.spelling import describe_losses, warn_of_losses
from understudy.students.model.tokens import SIDES, EncodedPairs, count_pairs, encode_pairs
from understudy.students.training.launch import started_by_launcher
from understudy.students.training.resume import (
    CHECKPOINT,
    StoppedTrainingError,
    Stopwatch,
    find_checkpoint,
)

CHECKPOINTS = 3
"""How many may be on the disk: the best, the last, and the one being written."""
BYTES_PER_PARAMETER = 12
"""Size of a checkpoint: a weight and two moments in float32."""


@dataclass(frozen=True)
class Trained:
    """What training measured; the student's weights are now those of the best checkpoint."""

    curve: list[CurvePoint]
    """One point a validation."""
    examples: ExampleCounts
    cut: CutCounts
    lost: LostCounts | None
    best_step: int
    best_validation_loss: float
    seconds: float
    """Since the first start of this run."""


def train(
    student: Student,
    pairs: Mapping[str, Path],
    params: TrainParams,
    state: Path,
    label: str = "train",
) -> Trained:
    """Trains with teacher forcing and keeps the weights with the lowest validation loss.

    Args:
        student: trained in place.
        pairs: Parquet files of pairs under `train` and `validation`.
        params: the student's section.
        state: the folder of this very run; training resumes from a checkpoint in it.
        label: names the work in the progress bar.

    Raises:
        StudentError: there are no pairs, the loss is no longer a number, or the device or the
            disk has too little space.
        StoppedTrainingError: a signal ended it; `state` has a checkpoint.
    """
    from transformers.trainer_callback import PrinterCallback, ProgressCallback
    from transformers.utils import logging

    from understudy.students.training.engine import (
        Interruption,
        Patience,
        StudentTrainer,
        Validations,
    )
    from understudy.students.training.progress import TrainingBar

    stopwatch = Stopwatch(state)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    limits = {name: getattr(params, name) for name in ("max_input_tokens", "max_target_tokens")}
    check_positions(student.model.config, limits)
    steps, validations = plan_steps(params, count_pairs(pairs["train"]))
    args = _to_arguments(params, steps, state, student)
    check_space(student.model.num_parameters(), state)
    longest = params.max_input_tokens, params.max_target_tokens
    with args.main_process_first(local=False):  # several machines share the folder
        data = {
            split: encode_pairs(student, pairs[split], longest, state / f"tokens-{split}", split)
            for split in LEARNING_SPLITS
        }
        checkpoint = find_checkpoint(state)
    if args.process_index == 0:
        texts, lost = len(data["train"]), data["train"].lost
        kind = this_kind()
        outputs = f"{kind.output.removesuffix('s')}s"
        warn_of_losses(
            label,
            [
                phrase
                for side, nouns in zip(SIDES, (kind.inputs, outputs), strict=True)
                for phrase in describe_losses(nouns, texts, lost[side])
            ],
        )
    trainer = StudentTrainer(student.model, args, data, params, stopwatch)
    for replaced in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(replaced)
    bar, interruption = TrainingBar(label), Interruption(single=args.world_size == 1)
    for callback in (bar, interruption, Validations(validations)):
        trainer.add_callback(callback)
    if params.patience is not None:
        trainer.add_callback(Patience(params.patience))
    if checkpoint is not None and args.process_index == 0:
        done = checkpoint.name.removeprefix(CHECKPOINT)
        print(f"{label}: goes on from step {done} of {args.max_steps}", file=sys.stderr)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except RuntimeError as error:
        if not lacks_memory(error):
            raise
        raise StudentError(
            "the device has too little memory: lower tokens_per_pass (a step learns from the same "
            "examples) or max_input_tokens"
        ) from None
    finally:
        bar.close()
    if interruption.reason:
        raise StoppedTrainingError(
            f"{interruption.reason} after step {trainer.state.global_step} of {args.max_steps}; "
            "the next `dvc repro` goes on there"
        )
    if args.process_index == 0:
        _report(trainer, label)
    return _conclude(trainer.state, data, params, stopwatch.seconds)


def plan_steps(params: TrainParams | NetworkSettings, examples: int) -> tuple[int, list[int]]:
    """Counts the run's optimizer steps, and spreads the validations evenly up to the last one."""
    steps = math.ceil(math.ceil(examples / params.batch_size) * params.epochs)
    steps = min(steps, params.max_steps or steps)
    count = min(params.validations, steps)
    return steps, [round(steps * number / count) for number in range(1, count + 1)]


def check_space(parameters: int, state: Path) -> None:
    """Refuses to begin where the disk has no space for the checkpoints of so many weights.

    Raises:
        StudentError: it has not.
    """
    there = len(list(state.glob(f"{CHECKPOINT}*")))
    new = max(1, CHECKPOINTS - there)
    needed = new * BYTES_PER_PARAMETER * parameters
    free = shutil.disk_usage(state).free
    if free < needed:
        raise StudentError(
            f"{state}: checkpoints take up to {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free: "
            "free some, or move DVC's cache to a larger disk (`dvc cache dir`)"
        )


def _to_arguments(params: TrainParams, steps: int, state: Path, student: Student) -> Any:
    import torch
    from transformers import TrainingArguments

    check_gpu()
    gpu = has_gpu()
    try:
        args = TrainingArguments(
            output_dir=str(state.absolute()),
            seed=params.seed,
            max_steps=steps,
            per_device_train_batch_size=params.batch_size,
            learning_rate=params.learning_rate,
            lr_scheduler_type="linear",
            warmup_steps=params.warmup,
            weight_decay=params.weight_decay,
            optim="adamw_torch_fused",
            eval_strategy="steps",
            eval_steps=steps,  # besides when `Validations` asks for it
            logging_steps=steps,
            logging_nan_inf_filter=False,
            save_strategy="steps",
            save_steps=steps,
            load_best_model_at_end=True,
            metric_for_best_model="eval_loss",
            greater_is_better=False,
            dataloader_num_workers=2 if gpu else 0,
            use_cpu=not gpu,
            ddp_backend=("nccl" if gpu else "gloo") if started_by_launcher() else None,
            bf16=uses_bfloat16(params.precision),
            tf32=True if gpu and torch.cuda.get_device_capability() >= (8, 0) else None,
            torch_compile=params.compile,
            # otherwise config.json keeps false, which makes generate slow for good
            use_cache=can_cache(student.model.config),
            report_to="none",
            log_level_replica="error",
        )
    except ValueError as error:
        raise StudentError(
            f"the device cannot do what params ask for: {first_line(error)}"
        ) from None
    if args.n_gpu > 1:
        args._n_gpu = 1  # one process, one GPU; the trainer would split passes over all of them
    return args


def _report(trainer: Any, label: str) -> None:
    """Prints how fast it was, counting the steps since the last start."""
    useful, computed = trainer.useful_tokens, trainer.computed_tokens
    if not computed:
        return
    run = next(entry for entry in reversed(trainer.state.log_history) if "train_runtime" in entry)
    seconds = run["train_runtime"]
    print(
        f"{label}: {trainer.examples / seconds:,.1f} examples a second, "
        f"{useful / seconds:,.0f} useful tokens a second and process, "
        f"{1 - useful / computed:.0%} padding, {seconds:,.0f} s",
        file=sys.stderr,
    )


def _conclude(
    state: Any, data: Mapping[str, EncodedPairs], params: TrainParams, seconds: float
) -> Trained:
    history: list[dict[str, float]] = state.log_history
    steps_an_epoch = math.ceil(len(data["train"]) / params.batch_size)
    curve = [
        CurvePoint(
            step=int(entry["step"]),
            epoch=round(entry["step"] / steps_an_epoch, 4),
            train_loss=_mean_loss(history, int(entry["step"])),
            validation_loss=entry["eval_loss"],
        )
        for entry in history
        if "eval_loss" in entry
    ]
    return Trained(
        curve=curve,
        examples=ExampleCounts(**{split: len(pairs) for split, pairs in data.items()}),
        cut=CutCounts(**{split: CutTexts(**pairs.cut) for split, pairs in data.items()}),
        lost=LostCounts(
            **{split: LostPairs.model_validate(pairs.lost) for split, pairs in data.items()}
        ),
        best_step=state.best_global_step,
        best_validation_loss=round(state.best_metric, 5),
        seconds=seconds,
    )


def _mean_loss(history: list[dict[str, float]], step: int) -> float:
    """Mean over the steps since the last validation; an interruption in between was logged too."""
    validated = (entry["step"] for entry in history if "eval_loss" in entry)
    start = max((at for at in validated if at < step), default=0)
    total, last = 0.0, start
    for entry in history:
        if "loss" in entry and start < entry["step"] <= step:
            total += entry["loss"] * (entry["step"] - last)
            last = entry["step"]
    return total / (step - start)
