"""Runs the application: the address, the workers that share it, slow clients, and the end.

On SIGTERM or SIGINT a worker takes no more connections, answers what it has, and ends. On SIGHUP it
loads the model folder again.
"""

import ipaddress
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from typing import Any

import uvicorn

from understudy.serving.ending import GracefulServer
from understudy.serving.monitoring import SHARED, log, log_as_json
from understudy.serving.protocol import PatientProtocol
from understudy.serving.rejections import ServeError
from understudy.serving.reloading import OpenApp, Reloadable
from understudy.serving.supervising import ENDING, Supervisor

KEY = "UNDERSTUDY_SERVE_KEY"
IDLE_SECONDS = 30
"""Time that a connection may be idle between two requests."""
BACKLOG = 2048
MEMORY = "/dev/shm"  # noqa: S108 - a folder of its own is made in it
DRAIN_SECONDS = 5
"""Beside the time of the slowest answer, how long open requests have at the end."""


def read_key(host: str) -> str | None:
    """The key that clients must send.

    Args:
        host: the address to listen on.

    Raises:
        ServeError: other machines reach the address and there is no key; or the key is unusable.
    """
    key = os.environ.get(KEY)
    if key is not None and not (key.strip() == key and key.isascii() and key.isprintable() and key):
        raise ServeError(f"{KEY}: expected printable ASCII without spaces around it; set another")
    if key is None and not is_loopback(host):
        raise ServeError(
            f"--host {host}: other machines reach this address, and {KEY} is not set: set it to a "
            "secret, or listen on 127.0.0.1"
        )
    return key


def is_loopback(host: str) -> bool:
    """Tells whether only this machine reaches an address or name."""
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, None)}
        return all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)
    except (OSError, ValueError):  # unknown names fail when they are bound
        return False


def bind(host: str, port: int) -> socket.socket:
    """A socket at an address.

    Raises:
        ServeError: it is in use, or not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where TCP is named does asyncio set TCP_NODELAY: without, each answer takes 40 ms longer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise ServeError(
            f"{host}:{port}: cannot listen there ({error.strerror or error}); "
            "give another with --host and --port"
        ) from None
    bound.set_inheritable(True)
    return bound


def run_server(
    open_app: OpenApp, bound: socket.socket, workers: int, timeout_seconds: float
) -> None:
    """Serves until a signal ends it.

    Args:
        open_app: see there.
        bound: where to listen.
        workers: processes that share the socket.
        timeout_seconds: longest time of an answer.

    Raises:
        UnderstudyError: the application cannot be made.
        SystemExit: a worker cannot start; it has said why.
    """
    log_as_json()
    drain = int(timeout_seconds) + DRAIN_SECONDS
    if workers == 1:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the model is read
        serve(open_app, drain, True, bound, partial(_listen, bound, workers))
    else:
        with tempfile.TemporaryDirectory(
            prefix="understudy-metrics-", dir=_find_memory()
        ) as shared:
            os.environ[SHARED] = shared
            _listen(bound, workers)
            serves = partial(serve, open_app, drain, False)
            if not Supervisor(serves, bound, workers, drain + DRAIN_SECONDS).run():
                sys.exit(1)
    log("stopped")


def _find_memory() -> str | None:
    """Where files are in memory: a full disk would end those who have them mapped."""
    return MEMORY if os.access(MEMORY, os.W_OK) else None


def serve(
    open_app: OpenApp,
    drain: int,
    alone: bool,
    bound: socket.socket,
    started: Callable[[], None],
) -> None:
    """Serves in this process.

    Args:
        open_app: see there.
        drain: seconds that open requests have at the end.
        alone: no other process accepts from the socket.
        bound: where to listen.
        started: is called when the application is warm.

    Raises:
        UnderstudyError: the application cannot be made.
    """
    app = Reloadable(open_app, started)
    for one in ENDING:
        signal.signal(one, _end_well)
    GracefulServer(configure(app, drain), alone).run(sockets=[bound])


def configure(
    app: Any, drain: int, protocol: type[PatientProtocol] = PatientProtocol
) -> uvicorn.Config:
    """Uvicorn's settings; `drain` is how many seconds open requests have at the end."""
    return uvicorn.Config(
        app,
        http=protocol,
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=drain,
    )


def _listen(bound: socket.socket, workers: int) -> None:
    """Lets clients in: those that come before the first worker is warm wait for it."""
    bound.listen(BACKLOG)
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    log("listening", address=f"http://{shown}:{port}/v1", workers=workers)


def _end_well(*_: object) -> None:
    """Uvicorn raises the signal that ended it again, once all is answered: that is no failure."""
