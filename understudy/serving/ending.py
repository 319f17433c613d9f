"""How a server ends: no request that has a connection is left without an answer."""

import asyncio
import ctypes
import socket
import struct
import sys
from contextlib import suppress
from select import select
from time import monotonic
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from understudy.serving.protocol import PatientProtocol
from understudy.serving.reloading import Reloadable

HANDSHAKE_SECONDS = 0.1
"""Time in which connections are accepted that were on their way when the server was told to end."""
IDLE_SECONDS = 1.0
"""Time that a connection without a request has to send its last one."""
TICK = 0.01
ATTACH_FILTER = 26
"""Linux's SO_ATTACH_FILTER, which the module socket does not name."""
# Loads a TCP segment's flags: those with SYN are dropped (0 bytes are kept), all others pass whole.
DROP_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


def refuse_connections(bound: socket.socket) -> None:
    """Lets no new connection begin, while those that have can still be accepted.

    To close the socket at once would reset connections that clients take for open. Linux drops the
    first segment of later ones, which clients send again after a second: then nobody listens.
    Elsewhere nothing happens, and a request that comes in the moment of closing is lost.
    """
    if sys.platform == "linux":
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in DROP_SYN))
        program = struct.pack("HP", len(DROP_SYN), ctypes.addressof(code))
        with suppress(OSError):  # a sandbox that has no filters
            bound.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, program)


class _Ending(ServerState):
    """What connections see of the server."""

    ending = False


class GracefulServer(uvicorn.Server):
    """Uvicorn's server, with an end at which no request is lost."""

    def __init__(self, config: uvicorn.Config, alone: bool) -> None:
        """Takes settings whose application is `Reloadable`; others may share the socket."""
        super().__init__(config)
        self.server_state = self._state = _Ending()
        self._alone = alone

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accepts what has connected, answers it, and closes what stays silent."""
        app: Any = self.config.loaded_app
        assert isinstance(app, Reloadable)  # noqa: S101 - `configure` is given nothing else
        app.stop()
        self._state.ending = True
        for connection in self._connections:
            connection.end()
        await self._accept_rest(sockets or [])
        await self._wait_for_requests()
        await super().shutdown(sockets)

    @property
    def _connections(self) -> list[PatientProtocol]:
        return [one for one in self._state.connections if isinstance(one, PatientProtocol)]

    async def _accept_rest(self, sockets: list[socket.socket]) -> None:
        if self._alone:
            for bound in sockets:
                refuse_connections(bound)
        earliest, latest = monotonic() + HANDSHAKE_SECONDS, monotonic() + IDLE_SECONDS
        while monotonic() < earliest or (select(sockets, [], [], 0)[0] and monotonic() < latest):
            await asyncio.sleep(TICK)
        for server in self.servers:
            server.close()

    async def _wait_for_requests(self) -> None:
        latest = monotonic() + IDLE_SECONDS
        while any(one.is_idle for one in self._connections) and monotonic() < latest:
            await asyncio.sleep(TICK)
