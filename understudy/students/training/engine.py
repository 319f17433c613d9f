"""The transformers trainer, with optimizer steps made of passes of any size."""

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from safetensors import SafetensorError
from torch.utils.data import DataLoader
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback
from transformers.trainer_utils import EvalLoopOutput

from understudy.contract.params.training import TrainParams
from understudy.core.errors import StudentError, one_line
from understudy.students.model.tokens import EncodedPairs
from understudy.students.training.cpu import CpuFunctions
from understudy.students.training.halting import Halt, check_loss
from understudy.students.training.resume import StoppedTrainingError, Stopwatch, seal
from understudy.students.training.steps import Collator, Steps, split_into_passes

WRITER = "inline_container"
"""Part of torch's message when it cannot write a file."""
VALIDATION_FACTOR = 2
"""How much larger a validation pass may be, since it keeps no activations for a backward pass."""


class StudentTrainer(Trainer):  # type: ignore[misc]
    """Minimizes the mean loss of a step's tokens, however they are split among processes."""

    def __init__(
        self,
        model: Any,
        args: Any,
        data: Mapping[str, EncodedPairs],
        params: TrainParams,
        stopwatch: Stopwatch,
    ) -> None:
        train = data["train"]
        super().__init__(
            model=model,
            args=args,
            train_dataset=range(len(train)),
            eval_dataset=range(len(data["validation"])),
        )
        self._pairs = data
        self._params = params
        self._stopwatch = stopwatch
        self._steps = Steps(train.articles.lengths, params.batch_size, params.seed, args.max_steps)
        self._positions: torch.Tensor | None = None
        model.get_output_embeddings().register_forward_pre_hook(self._keep_known)
        self._on_cpu = args.device.type == "cpu" and not params.compile
        self.examples = 0
        """Examples learned from so far, by all processes."""
        self.useful_tokens = self.computed_tokens = 0
        """Tokens of this process so far, without and with padding."""

    def get_train_dataloader(self) -> DataLoader[Any]:
        """All steps of the run, as one epoch to the trainer; see `Steps`."""
        gpu = self.args.device.type == "cuda"
        return DataLoader(
            self.train_dataset,
            batch_sampler=self._steps,
            collate_fn=self._make_collator("train"),
            num_workers=self.args.dataloader_num_workers,
            pin_memory=gpu,
        )

    def _make_collator(self, split: str) -> Collator:
        config = self.model.config
        return Collator(
            self._pairs[split],
            pad=config.pad_token_id,
            start=config.decoder_start_token_id,
            budget=self._params.tokens_per_pass,
            rank=self.args.process_index,
            processes=self.args.world_size,
        )

    def training_step(
        self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Computes one optimizer step's gradients; returns the mean loss of a token."""
        model.train()
        self.examples += inputs["examples"]
        total = torch.zeros((), device=self.args.device)
        *others, last = inputs["passes"]
        for batch in [*others, last]:
            with nullcontext() if batch is last else self.accelerator.no_sync(model):
                loss = self._sum_losses(model, batch, self._params.label_smoothing)
                # gradients are averaged over the processes, where losses must add up
                loss = loss * (self.args.world_size / inputs["tokens"])
                self.accelerator.backward(loss)
            total += loss.detach()
        return total

    def _sum_losses(self, model: Any, batch: dict[str, Any], smoothing: float) -> torch.Tensor:
        self.useful_tokens += batch["useful"]
        self.computed_tokens += batch["input_ids"].numel() + batch["decoder_input_ids"].numel()
        names = ("input_ids", "attention_mask", "decoder_input_ids", "positions", "labels")
        tensors = self._prepare_input({name: batch[name] for name in names})
        self._positions, labels = tensors.pop("positions"), tensors.pop("labels")
        try:
            with CpuFunctions() if self._on_cpu and model.training else nullcontext():
                logits = model(**tensors, use_cache=False).logits
        finally:
            self._positions = None
        return torch.nn.functional.cross_entropy(
            logits.float(), labels, reduction="sum", label_smoothing=smoothing
        )

    def _keep_known(self, _: Any, inputs: tuple[torch.Tensor, ...]) -> Any:
        """Skips the projection onto the vocabulary, and its memory, where there is no label."""
        if self._positions is None:
            return None
        return (inputs[0].flatten(0, 1).index_select(0, self._positions),)

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
        """This process's passes through the validation pairs."""
        budget = VALIDATION_FACTOR * self._params.tokens_per_pass
        pairs = self._pairs["validation"]
        passes = split_into_passes(range(len(pairs)), pairs, budget)
        return passes[self.args.process_index :: self.args.world_size]

    def evaluation_loop(
        self, dataloader: Any, description: str, *args: Any, **kwargs: Any
    ) -> EvalLoopOutput:
        """Measures the mean loss of a validation token, without label smoothing.

        Raises:
            StudentError: it is not a number.
        """
        counts = self.useful_tokens, self.computed_tokens
        collator = self._make_collator("validation")
        sums = torch.zeros(2, dtype=torch.float64, device=self.args.device)
        self.model.eval()
        with torch.inference_mode():
            for examples in dataloader:
                batch = collator.collate(examples)
                sums[0] += self._sum_losses(self.model, batch, 0.0)
                sums[1] += len(batch["labels"])
        self.useful_tokens, self.computed_tokens = counts
        loss, tokens = self.accelerator.reduce(sums, reduction="sum").tolist()
        check_loss(loss, self.state.global_step)
        rows = len(self._pairs["validation"])
        return EvalLoopOutput(None, None, {"eval_loss": loss / tokens}, rows)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        try:
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()
            if self.args.should_save:
                self._stopwatch.save()
                seal(self.args.output_dir, self.state.global_step, self.state.best_global_step)
        except (OSError, SafetensorError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and WRITER not in str(error):
                raise  # not about a file
            raise StudentError(
                f"{self.args.output_dir}: no checkpoint can be written "
                f"({one_line(error)}): free some space, then `dvc repro` goes on "
                "from the checkpoint before"
            ) from None

    def floating_point_ops(self, inputs: Any) -> int:
        """Returns 0: operations are not counted."""
        return 0


class Validations(TrainerCallback):  # type: ignore[misc]
    """Asks for a validation and a checkpoint after given steps."""

    def __init__(self, steps: Collection[int]) -> None:
        self._steps = frozenset(steps)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """After one of the steps."""
        if state.global_step in self._steps:
            control.should_log = control.should_evaluate = control.should_save = True


class Patience(EarlyStoppingCallback):  # type: ignore[misc]
    """Ends training after several validations without a better loss, also across a resume."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Counts the validations that the resumed run had already waited for."""
        super().on_train_begin(args, state, control, **kwargs)
        losses = [entry["eval_loss"] for entry in state.log_history if "eval_loss" in entry]
        if losses:
            waited = len(losses) - 1 - losses.index(min(losses))
            self.early_stopping_patience_counter = waited
            control.should_training_stop = waited >= self.early_stopping_patience


class Interruption(TrainerCallback):  # type: ignore[misc]
    """Ends training after the current step, with a checkpoint, on a signal or without a parent.

    Several processes would notice at different steps: they end without a checkpoint.
    """

    def __init__(self, *, single: bool) -> None:
        self._single = single
        self._halt = Halt()

    @property
    def reason(self) -> str:
        """Why training ended early; empty if it did not."""
        return self._halt.reason

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Listens to signals; a second one ends the process at once."""
        if self._single:
            self._halt.listen()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Restores the handlers."""
        self._halt.restore()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Asks for the checkpoint and the end."""
        if self._halt.lost_parent() and not self._single:
            raise StoppedTrainingError(f"{self.reason} at the last checkpoint")
        if self.reason and state.global_step < state.max_steps:
            control.should_log = control.should_save = True
            control.should_training_stop = True
