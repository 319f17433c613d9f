"""Workers that share a socket: those that die are replaced, and all end together."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Any

from uvicorn.config import STARTUP_FAILURE

from understudy.core.errors import UnderstudyError
from understudy.serving.ending import refuse_connections
from understudy.serving.monitoring import forget_dead_workers, log, log_as_json

ENDING = (signal.SIGTERM, signal.SIGINT)
RETRY_SECONDS = 2.0
"""Until a worker is replaced that could not start, though another could before."""
Serve = Callable[[socket.socket, Callable[[], None]], None]
"""Serves in this process until a signal ends it; calls what it is given when it is warm."""


class Supervisor:
    """Starts workers, hands signals on to them, and waits for their end."""

    def __init__(self, serve: Serve, bound: socket.socket, workers: int, drain: float) -> None:
        """Takes what a worker does.

        Args:
            serve: must be picklable.
            bound: where all listen.
            workers: how many.
            drain: seconds that they have at the end.
        """
        self._serve, self._bound, self._count, self._drain = serve, bound, workers, drain
        self._context = multiprocessing.get_context("spawn")
        self._warm = self._context.Event()
        """Set once a worker has been ready: what is wrong after that may pass."""
        self._workers: list[SpawnProcess] = []
        self._start_after = 0.0

    def run(self) -> bool:
        """Serves until a signal; returns whether that went well, or no worker could start."""
        awake, wake = socket.socketpair()
        with awake, wake:
            for one in (awake, wake):
                one.setblocking(False)
            for signum in (*ENDING, signal.SIGHUP):
                signal.signal(signum, lambda *_: None)
            signal.set_wakeup_fd(wake.fileno())
            try:
                return self._watch(awake)
            finally:
                signal.set_wakeup_fd(-1)
                self._end()

    def _watch(self, awake: socket.socket) -> bool:
        while True:
            self._fill_up()
            wanted = len(self._workers) < self._count
            pause = max(0.0, self._start_after - monotonic()) if wanted else None
            sentinels: list[Any] = [one.sentinel for one in self._workers]
            multiprocessing.connection.wait([awake, *sentinels], pause)
            signals = b""
            with suppress(BlockingIOError):
                signals = awake.recv(64)
            if any(one in signals for one in ENDING):
                return True
            if signal.SIGHUP in signals:
                self._send(signal.SIGHUP)
            if not self._bury():
                return False

    def _fill_up(self) -> None:
        while len(self._workers) < self._count and monotonic() >= self._start_after:
            worker = self._context.Process(
                target=_work, args=(self._serve, self._bound, self._warm)
            )
            # It would end a process that has no handler yet. A worker lets it through when it has.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
            worker.start()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
            self._workers.append(worker)

    def _bury(self) -> bool:
        """Forgets workers that have ended; False where none could ever start."""
        for worker in [one for one in self._workers if not one.is_alive()]:
            self._workers.remove(worker)
            failed = (worker.exitcode or 0) > 0  # not by a signal
            if failed and not self._warm.is_set():
                return False  # the worker has said why
            if failed:
                self._start_after = monotonic() + RETRY_SECONDS
            log("worker_died", "error", pid=worker.pid, exit=worker.exitcode)
        return True

    def _send(self, signum: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid is not None and worker.is_alive():
                os.kill(worker.pid, signum)

    def _end(self) -> None:
        refuse_connections(self._bound)
        self._send(signal.SIGTERM)
        latest = monotonic() + self._drain
        for worker in self._workers:
            worker.join(max(0.0, latest - monotonic()))
            if worker.is_alive():
                log("worker_killed", "error", pid=worker.pid)
                worker.kill()
                worker.join()


def _work(serve: Serve, bound: socket.socket, warm: Any) -> None:
    """A worker's process; what a user can fix is one line, and its exit says so."""
    log_as_json()
    forget_dead_workers()
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def started() -> None:
        warm.set()
        log("worker_ready", pid=os.getpid())

    try:
        serve(bound, started)
    except UnderstudyError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        sys.exit(STARTUP_FAILURE)


def _end_with_parent() -> None:
    """Ends a worker, as SIGTERM does, when nothing is left that would replace it or end it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
