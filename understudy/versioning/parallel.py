"""Runs stages by DVC's own command: one after the other, or in chains side by side.

DVC has no parallel `repro`, but several may run at once where they write different outputs: each
holds the project's lock only between commands, and waits for it if it is told to.
"""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

DVC = (sys.executable, "-m", "dvc")
THREADS = "OMP_NUM_THREADS"


def reproduce(*targets: str) -> int:
    """Runs the stale stages that lead to the targets, all of them by default; DVC's exit status."""
    return subprocess.run([*DVC, "repro", *targets], check=False).returncode  # noqa: S603 - our names


def reproduce_chains(chains: Sequence[Sequence[str]], cores: int) -> int:
    """Runs chains of stages at once, each on its share of the cores.

    A chain that fails ends there, while the others go on: what they do is kept.

    Args:
        chains: stages that are fresh but for those before them in their chain.
        cores: of this machine.

    Returns:
        The first exit status that is not 0, else 0.
    """
    environment = dict(os.environ)
    environment.setdefault(THREADS, str(max(1, cores // len(chains))))
    running = [_start(chain, environment) for chain in chains]
    readers = [threading.Thread(target=_forward, args=(one,), daemon=True) for one in running]
    try:
        for reader in readers:
            reader.start()
        codes = [process.wait() for process in running]
    except BaseException:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
        raise
    finally:
        for reader in readers:
            with suppress(RuntimeError):  # it was not started
                reader.join()
    return next(filter(None, codes), 0)


def _start(chain: Sequence[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 - our names
        [*DVC, "--wait-for-lock", "repro", "--single-item", *chain],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def _forward(process: "subprocess.Popen[str]") -> None:
    """Prints whole lines, so that those of two chains do not mix."""
    with process.stdout or io.StringIO() as lines:
        for line in filter(str.strip, lines):
            print(line, end="", flush=True)
