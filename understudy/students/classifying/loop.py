"""Gradient descent for networks that name a class: the same loop for LSTM and BERT."""

import math
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from understudy.contract.params.classifying import BertRun, LstmRun
from understudy.contract.trained import CurvePoint
from understudy.core.errors import StudentError, one_line
from understudy.core.progress import open_progress
from understudy.students.classifying.graphs import pad
from understudy.students.model.machine import check_gpu, has_gpu, lacks_memory, uses_bfloat16
from understudy.students.training.halting import Halt, check_loss
from understudy.students.training.resume import (
    CHECKPOINT,
    StoppedTrainingError,
    Stopwatch,
    find_checkpoint,
    seal,
)
from understudy.students.training.steps import Steps
from understudy.students.training.trainer import check_space, plan_steps

STATE = "state.pt"


@dataclass(frozen=True)
class TokenTexts:
    """A split as token ids and the numbers of its labels."""

    ids: Sequence[Sequence[int]]
    numbers: np.ndarray


class Loop:
    """One training run, which goes on from the last checkpoint in its folder."""

    def __init__(
        self,
        model: Any,
        data: Mapping[str, TokenTexts],
        weights: np.ndarray,
        params: LstmRun | BertRun,
        state: Path,
        stopwatch: Stopwatch,
    ) -> None:
        """Takes what is trained, in place.

        Args:
            model: a torch module from `input_ids` and `attention_mask` to scores of labels.
            data: the splits `train` and `validation`.
            weights: of each label in the loss.
            params: of the model.
            state: the folder of this very run.
            stopwatch: its time so far.
        """
        check_gpu()
        check_space(sum(parameter.numel() for parameter in model.parameters()), state)
        self._device = "cuda" if has_gpu() else "cpu"
        self._model, self._data, self._params = model.to(self._device), data, params
        self._weights = torch.tensor(weights, dtype=torch.float32, device=self._device)
        self._state, self._stopwatch = state, stopwatch
        decayed = [one for one in model.parameters() if one.ndim > 1]
        others = [one for one in model.parameters() if one.ndim <= 1]
        self._optimizer = torch.optim.AdamW(
            [{"params": decayed}, {"params": others, "weight_decay": 0.0}],
            lr=params.learning_rate,
            weight_decay=params.weight_decay,
            fused=True,
        )
        self.curve: list[CurvePoint] = []
        self.step = 0

    def run(self, label: str) -> CurvePoint:
        """Trains; the model then has the weights of the best validation, which is returned.

        Raises:
            StudentError: the loss is not a number, or memory or disk are too small.
            StoppedTrainingError: a signal ended it; the folder has a checkpoint.
        """
        lengths = np.array([len(ids) for ids in self._data["train"].ids])
        steps, validations = plan_steps(self._params, len(lengths))
        if checkpoint := find_checkpoint(self._state):
            self._restore(checkpoint)
            print(f"{label}: goes on from step {self.step} of {steps}", file=sys.stderr)
        batches = Steps(lengths, self._params.batch_size, self._params.seed, steps)
        halt, losses = Halt(), list[float]()
        halt.listen()
        try:
            with open_progress(label, steps, "steps", initial=self.step) as bar:
                for batch in islice(batches, self.step, None):
                    if self._waited():
                        break
                    losses.append(self._learn(batch, steps))
                    self.step += 1
                    bar.update()
                    halt.lost_parent()
                    if self.step in validations:
                        epoch = self.step * self._params.batch_size / len(lengths)
                        self._validate(float(np.mean(losses)), epoch)
                        losses.clear()
                    if halt.reason and self.step < steps:
                        break
        except RuntimeError as error:
            if not lacks_memory(error):
                raise
            raise StudentError(
                "the device has too little memory: lower batch_size or max_input_tokens"
            ) from None
        finally:
            halt.restore()
        if halt.reason and self.step < steps and not self._waited():
            raise StoppedTrainingError(
                f"{halt.reason} after step {self.step} of {steps}; the next `dvc repro` goes on "
                "from the last checkpoint"
            )
        best = self._best()
        self._restore(self._state / f"{CHECKPOINT}{best.step}")
        return best

    def _learn(self, batch: np.ndarray, steps: int) -> float:
        """One step; dropout is drawn by seed and step, so that a run that goes on ends the same."""
        params, train = self._params, self._data["train"]
        torch.manual_seed(params.seed * 1_000_003 + self.step)
        done, warm = self.step, params.warmup * steps
        rise = (done + 1) / warm if done < warm else (steps - done) / max(1.0, steps - warm)
        for group in self._optimizer.param_groups:
            group["lr"] = params.learning_rate * min(1.0, rise)
        self._model.train()
        losses, weights = self._measure(train, batch)
        loss = losses.sum() / weights.sum()
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        return float(loss.detach())

    def _measure(self, texts: TokenTexts, rows: Sequence[int] | np.ndarray) -> Any:
        """Weighted losses of examples, and their weights."""
        ids, attended = map(torch.from_numpy, pad([texts.ids[row] for row in rows]))
        labels = torch.from_numpy(texts.numbers[rows]).to(self._device)
        reduced = uses_bfloat16(self._params.precision)
        with torch.autocast(self._device, torch.bfloat16) if reduced else nullcontext():
            scores = self._model(ids.to(self._device), attended.to(self._device))
        losses = cross_entropy(scores.float(), labels, weight=self._weights, reduction="none")
        return losses, self._weights[labels]

    def _validate(self, train_loss: float, epoch: float) -> None:
        """Adds a point to the curve, and writes a checkpoint."""
        texts, sums = self._data["validation"], np.zeros(2)
        order = np.argsort([len(ids) for ids in texts.ids], kind="stable")
        self._model.eval()
        with torch.inference_mode():
            for start in range(0, len(order), self._params.batch_size):
                losses, weights = self._measure(
                    texts, order[start : start + self._params.batch_size]
                )
                sums += float(losses.sum()), float(weights.sum())
        loss = float(sums[0] / sums[1])
        check_loss(loss, self.step)
        point = CurvePoint(
            step=self.step, epoch=round(epoch, 4), train_loss=train_loss, validation_loss=loss
        )
        self.curve.append(point)
        folder = self._state / f"{CHECKPOINT}{self.step}"
        try:
            folder.mkdir(exist_ok=True)
            content = {
                "model": self._model.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "curve": [point.model_dump() for point in self.curve],
                "step": self.step,
            }
            torch.save(content, folder / STATE)
            self._stopwatch.save()
            seal(self._state, self.step, self._best().step)
        except (OSError, RuntimeError) as error:
            raise StudentError(
                f"{self._state}: no checkpoint can be written ({one_line(error)}): free some "
                "space, then `dvc repro` goes on from the checkpoint before"
            ) from None

    def _restore(self, checkpoint: Path) -> None:
        found = torch.load(checkpoint / STATE, map_location=self._device, weights_only=True)
        self._model.load_state_dict(found["model"])
        self._optimizer.load_state_dict(found["optimizer"])
        if not self.curve:
            self.curve = [CurvePoint(**point) for point in found["curve"]]
            self.step = found["step"]

    def _best(self) -> CurvePoint:
        return min(self.curve, key=lambda point: point.validation_loss)

    def _waited(self) -> bool:
        """Whether patience is over."""
        patience = self._params.patience or math.inf
        return bool(self.curve) and len(self.curve) - 1 - self.curve.index(self._best()) >= patience
