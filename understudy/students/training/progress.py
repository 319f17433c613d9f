"""One progress bar for a training run, with the losses beside it, instead of printed records."""

from typing import Any

from transformers.trainer_callback import ProgressCallback


class TrainingBar(ProgressCallback):  # type: ignore[misc]
    """The trainer's own bar, named, without a second bar for each validation."""

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = label
        self._losses: dict[str, str] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Names the bar."""
        super().on_train_begin(args, state, control, **kwargs)
        if self.training_bar is not None:
            self.training_bar.set_description(self._label)

    def on_prediction_step(self, *args: Any, **kwargs: Any) -> None:
        """Shows nothing: a validation is short."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Puts the latest losses beside the bar."""
        for name, short in (("loss", "train_loss"), ("eval_loss", "validation_loss")):
            if logs and name in logs:
                self._losses[short] = f"{float(logs[name]):.3f}"
        if self.training_bar is not None:
            self.training_bar.set_postfix(self._losses)

    def close(self) -> None:
        """Ends the line, also after an error."""
        if self.training_bar is not None:
            self.training_bar.close()
