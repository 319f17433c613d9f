"""The processes that started a stage: when DVC is gone, nobody waits for what the stage makes."""

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

DVC_STAGE = "DVC_STAGE"
"""The environment variable in which DVC names the stage that it runs."""
SHELLS = ("sh", "bash", "dash", "zsh", "ksh")


class ParentWatch:
    """DVC, and the shell in which it runs a stage, which outlives it.

    A stage that is started by hand may outlive its shell; only one that DVC has started stops.
    """

    def __init__(self) -> None:
        import psutil

        self._watched: list[psutil.Process] = []
        self._orphaned = False
        if DVC_STAGE not in os.environ:
            return
        with suppress(psutil.Error):
            for process in psutil.Process().parents():
                self._watched.append(process)
                if process.name() not in SHELLS:
                    self._orphaned = _has_adopted_us(process.pid)
                    break

    def alive(self) -> bool:
        """Whether all of them still run."""
        return not self._orphaned and all(_runs(process) for process in self._watched)


def _has_adopted_us(pid: int) -> bool:
    """Whether that is the system's first process, in DVC's place; in a container, it may be DVC."""
    with suppress(OSError):
        return pid == 1 and os.getsid(1) != os.getsid(0)
    return False


def _runs(process: "psutil.Process") -> bool:
    import psutil

    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
