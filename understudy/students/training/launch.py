"""Several training processes, one a GPU, or sharing the cores of this machine.

For several machines, start `torchrun … -m stages.train_t5 gold 13` on each: a process that torchrun
has started launches no others.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence

from understudy.core.errors import StudentError
from understudy.core.parent_watch import ParentWatch
from understudy.students.training.resume import StoppedTrainingError

WATCH_SECONDS = 1.0


def started_by_launcher() -> bool:
    """Tells whether torchrun, or `launch`, has started this process."""
    return "LOCAL_RANK" in os.environ


def rank() -> int:
    """Number of this process among all that train together."""
    return int(os.environ.get("RANK", "0"))


def launch(module: str, arguments: Sequence[str], processes: int) -> None:
    """Runs a training module in several processes and waits for them.

    Raises:
        StudentError: one of them failed; it has said why.
        StoppedTrainingError: a signal ended them.
    """
    import torch
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    devices = torch.cuda.device_count()
    if devices and processes > devices:
        problem = f"this machine has {devices} GPUs; set it to {devices} or less"
        raise StudentError(f"processes = {processes}: {problem}")
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
    threading.Thread(target=_end_with_parents, daemon=True).start()
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        run_id=str(os.getpid()),
        max_restarts=0,
    )
    try:
        elastic_launch(config, sys.executable)("-m", module, *arguments)
    except ChildFailedError as error:
        number, failure = error.get_first_failure()
        raise StudentError(
            f"process {number} of {processes} ended with {failure.exitcode}; what it said is above"
        ) from None
    except SignalException as stop:
        raise StoppedTrainingError(
            f"stopped by {stop.sigval.name}; the next `dvc repro` goes on from the last checkpoint"
        ) from None


def _end_with_parents() -> None:
    parents = ParentWatch()
    while parents.alive():
        time.sleep(WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
