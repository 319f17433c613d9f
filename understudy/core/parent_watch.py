"""Watches the processes that started a stage: without DVC, nobody waits for its results."""

import os
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

DVC_STAGE = "DVC_STAGE"
"""Environment variable in which DVC names the stage that it runs."""
SHELLS = ("sh", "bash", "dash", "zsh", "ksh")


class ParentWatch:
    """Watches DVC, and the shell in which it runs a stage, which may outlive it.

    A stage that is started by hand may outlive its shell; only one started by DVC stops.
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
        """Tells whether all of them still run."""
        return not self._orphaned and all(_runs(process) for process in self._watched)


def _has_adopted_us(pid: int) -> bool:
    """Tells an orphan, adopted by process 1, from a child of DVC as process 1 of a container."""
    with suppress(OSError):
        return pid == 1 and os.getsid(1) != os.getsid(0)
    return False


def _runs(process: "psutil.Process") -> bool:
    import psutil

    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
