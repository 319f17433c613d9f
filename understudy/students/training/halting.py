"""What ends training before its last step: a signal, a parent that is gone, a senseless loss."""

import math
import signal
import threading
import time
from typing import Any

from understudy.core.errors import StudentError
from understudy.core.parent_watch import ParentWatch

SIGNALS = (signal.SIGINT, signal.SIGTERM)
WATCH_SECONDS = 1.0


class Halt:
    """Notices that training is to end after the current step."""

    def __init__(self) -> None:
        self.reason = ""
        """Why; empty as long as it is not to end."""
        self._parents = ParentWatch()
        self._watched = time.monotonic()
        self._before: dict[int, Any] = {}

    def listen(self) -> None:
        """Takes signals from now on; a second one ends the process at once."""
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}

    def restore(self) -> None:
        """Gives the handlers back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _: Any) -> None:
        if self.reason:
            raise KeyboardInterrupt
        self.reason = f"stopped by {signal.Signals(number).name}"

    def lost_parent(self) -> bool:
        """Whether the process that started this one is found to be gone now; looks now and then."""
        now = time.monotonic()
        if self.reason or now - self._watched <= WATCH_SECONDS:
            return False
        self._watched = now
        if self._parents.alive():
            return False
        self.reason = "stopped, since the process that started this one is gone,"
        return True


def check_loss(loss: float, step: int) -> None:
    """Refuses a validation loss that is not a number.

    Raises:
        StudentError: it is none.
    """
    if not math.isfinite(loss):
        raise StudentError(
            f"the validation loss is not a number at step {step}: lower learning_rate, or set "
            "precision to float32"
        )
