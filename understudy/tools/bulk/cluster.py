"""Has files summarized by workers on a Ray cluster: each holds the model, and does whole files.

A worker does with a file exactly what `work_here` does, so the bytes are the same, and a run that
was killed is taken up by file. Ray Data's map_batches, which cuts files into blocks of its own,
would give other batches, and knows no output that is whole for one input.
"""

import os
import secrets
import socket
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from understudy.core.errors import DataError, StudentError, one_line
from understudy.students.model.machine import count_cores
from understudy.tools.bulk.working import Outcome, Work, Worker

LOCAL = "local"
TRIES = 2
"""Workers that may die over one file, or over the model: the second time it is no accident."""
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",  # two lines about two rows may look alike
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_COLOR_PREFIX": "0",
}
OWN = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # keeps it on 127.0.0.1; _node_ip_address does not
    "RAY_AUTH_MODE": "token",
}
"""Of a cluster of our own."""
PATIENCE = 10.0
"""Seconds in which a cluster must take a connection."""
STORE_BYTES = 80 * 2**20
"""Of a cluster of our own; nothing but names passes through it."""


def work_on_ray(
    work: Work, names: Sequence[str], workers: int | None = None, address: str = LOCAL
) -> Iterator[Outcome]:
    """Summarizes files on a cluster. All its machines see the model, the inputs and the outputs.

    Args:
        work: what is to be done.
        names: of the files.
        workers: how many; None for one on each GPU, or on each core where there is none.
        address: of a cluster; `local` starts one on this machine and ends it.

    Raises:
        DataError: Ray is not installed, or there is no such cluster, or it has too little room.
        StudentError: a worker cannot use the model.
    """
    with _connected(address, workers) as ray:
        crew = Crew(ray, work, choose_number(ray, workers, len(names)))
        yield from crew.do(names)


class Crew:
    """Workers, each with one file at a time."""

    def __init__(self, ray: Any, work: Work, number: int) -> None:
        self._ray, self._number = ray, number
        has_gpus = ray.cluster_resources().get("GPU", 0) >= 1
        self._work = work if has_gpus else replace(work, threads=1)
        resources = {"num_cpus": 1, "num_gpus": int(has_gpus)}
        self._kind = ray.remote(Worker).options(**resources, max_restarts=0)
        self._at: dict[Any, tuple[Any, str | None]] = {}
        """Of each call that is not answered its worker, and its file; None while it loads."""
        self._deaths = Counter[str | None]()

    def do(self, names: Sequence[str]) -> Iterator[Outcome]:
        """Yields an outcome for each file, in the order in which they end."""
        waiting = deque(names)
        for _ in range(self._number):
            self._hire()
        while self._at:
            [call], _ = self._ray.wait(list(self._at), num_returns=1)
            worker, name = self._at.pop(call)
            try:
                answer = self._ray.get(call)
            except self._ray.exceptions.RayActorError:
                yield from self._replace(name, waiting)
                continue
            if name is not None:
                yield self._check(answer)
            elif answer is not None:
                raise StudentError(answer)
            if waiting:
                name = waiting.popleft()
                self._at[worker.report.remote(name)] = worker, name

    def _hire(self) -> None:
        worker = self._kind.remote(self._work)
        self._at[worker.load.remote()] = worker, None

    def _replace(self, name: str | None, waiting: deque[str]) -> Iterator[Outcome]:
        """Takes another worker for one that died; its file is tried once more."""
        self._deaths[name] += 1
        lost = self._deaths[name] >= TRIES
        if name is None and self._deaths[None] >= TRIES * self._number:
            raise DataError(
                f"{self._work.model}: workers die while they load the model: give fewer --workers, "
                "if memory is short; Ray's own lines above may say more"
            )
        if name is not None and lost:
            yield Outcome(
                name,
                f"{self._work.inputs.address(name)}: {TRIES} workers died over this file: lower "
                "--tokens-per-batch or --workers, if memory is short, and run it again",
            )
        elif name is not None:
            waiting.appendleft(name)
        self._hire()

    def _check(self, outcome: Outcome) -> Outcome:
        """Whether this machine sees what a worker says that it has written."""
        output = self._work.output
        if outcome.problem is not None or output.stat(outcome.name) is not None:
            return outcome
        problem = (
            f"{output.address(outcome.name)}: written on another machine, and not there on this "
            "one; name a folder that all machines share, or one on S3, with --output"
        )
        return outcome._replace(problem=problem, is_last=True)


@contextmanager
def _connected(address: str, workers: int | None) -> Iterator[Any]:
    """Ray, connected to a cluster; one of our own listens on loopback alone, and ends here."""
    own: dict[str, Any] = {}
    os.environ.update(QUIET)
    if address == LOCAL:
        os.environ.update(OWN, RAY_AUTH_TOKEN=secrets.token_hex(32))
        own = {
            "num_cpus": workers or count_cores(),
            "include_dashboard": False,
            "object_store_memory": STORE_BYTES,
        }
    try:
        import ray
    except ModuleNotFoundError:
        raise DataError(
            "--engine ray: Ray is not installed; `pip install ray` brings it, as does "
            "`pip install 'understudy[ray]'`"
        ) from None
    try:
        _knock(address)
        ray.init(address, logging_level="warning", **own)
    except (OSError, ValueError, RuntimeError) as error:
        raise DataError(
            f"--ray-address {address}: no cluster answers ({one_line(error)}); `ray start --head` "
            "starts one"
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raises OSError where nothing listens: Ray itself would wait for it without end."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()


def choose_number(ray: Any, wanted: int | None, files: int) -> int:
    """How many workers there are: no more than files, or than the cluster has room for."""
    found = ray.cluster_resources()
    room = int(found.get("GPU", 0)) or int(found.get("CPU", 0))
    if room < (wanted or 1):
        raise DataError(
            f"--workers {wanted or 1}: the cluster has room for {room}, one on each GPU, or on "
            "each core where there is no GPU; give fewer, or add machines with `ray start`"
        )
    return min(wanted or room, files)
