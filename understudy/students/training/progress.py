"""The progress of a training run, with the losses beside it, instead of printed records."""

from typing import Any

from transformers.trainer_callback import TrainerCallback

from understudy.core.progress import Progress, open_progress


class TrainingBar(TrainerCallback):  # type: ignore[misc]
    """Counts optimizer steps in the main process; validations are short and show nothing."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._losses: dict[str, str] = {}
        self._bar: Progress | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Starts at the step of the checkpoint, if there is one."""
        if state.is_world_process_zero:
            self._bar = open_progress(
                self._label, state.max_steps, "steps", initial=state.global_step
            )

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Counts the steps since the last call."""
        if self._bar is not None:
            self._bar.update(state.global_step - self._bar.n)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Puts the latest losses beside the bar."""
        for name, short in (("loss", "train_loss"), ("eval_loss", "validation_loss")):
            if logs and name in logs:
                self._losses[short] = f"{float(logs[name]):.3f}"
        if self._bar is not None:
            losses = ", ".join(f"{name}={loss}" for name, loss in self._losses.items())
            self._bar.set_postfix_str(losses)

    def close(self) -> None:
        """Ends the line, also after an error."""
        if self._bar is not None:
            self._bar.close()
