"""HTTP/1.1 with limits on the heads of requests, whose errors are JSON as all others."""

import asyncio
import json
import re

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from understudy.serving.rejections import RejectedError

HEAD_SECONDS = 10.0
"""Time that the head of a request has to come in."""
MAX_HEAD = 2**14
UPGRADE = re.compile(rb"(?i)(?<=\r\nu)pgrade(?=:)")
"""The field by which clients offer HTTP/2: httptools would take what follows for that."""


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection whose request has no whole head in `head_seconds` or `MAX_HEAD` bytes."""

    head_seconds = HEAD_SECONDS
    _deadline: asyncio.TimerHandle | None = None
    _in_head, _in_message, _refused = False, False, False
    _begun = 0
    """Requests that have begun on this connection."""
    _received, _parsed = 0, 0
    """Bytes of the head that comes in, and those of its whole fields."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the clock."""
        super().connection_made(transport)
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        """Stops the clock when a request is there, whose body the application times."""
        if self._refused:
            return  # an unread rest would reset the connection before the client reads why
        if b"pgrade:" in data:
            data = UPGRADE.sub(b"nused.", data)
        expected = self._begun + (not self._in_head)
        only_head = self._in_head or not self._in_message
        super().data_received(data)
        if self._in_head and only_head and self._begun == expected:
            self._received += len(data)
            if self._received > MAX_HEAD and not self._refused:
                self.send_400_response("")
        if self._refused or self.cycle is None or self.cycle.response_complete:
            self._set_deadline()
        else:
            self._drop_deadline()

    def on_message_begin(self) -> None:
        """Starts counting."""
        super().on_message_begin()
        self._in_head, self._in_message, self._begun = True, True, self._begun + 1
        self._received, self._parsed = 0, 0

    def on_message_complete(self) -> None:
        """Expects another head."""
        super().on_message_complete()
        self._in_message = False

    def on_url(self, url: bytes) -> None:
        """Counts a part of the path."""
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Counts a field."""
        super().on_header(name, value)
        self._count(len(name) + len(value))

    def _count(self, size: int) -> None:
        self._parsed += size
        if self._parsed > MAX_HEAD:
            raise ValueError("head too long")  # the parser's caller answers by send_400_response

    def on_headers_complete(self) -> None:
        """Hands the request on; at the server's end it is the connection's last."""
        self._in_head = False
        super().on_headers_complete()
        if getattr(self.server_state, "ending", False):
            self.end()

    @property
    def is_idle(self) -> bool:
        """Whether it has no request, whole or in part."""
        is_done = self.cycle is None or self.cycle.response_complete
        return is_done and (self._refused or not self._in_head)

    def end(self) -> None:
        """Closes the connection after its response, and says so in it."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Leaves a head that comes in to the clock."""
        if self._refused:
            self.transport.close()
        elif not self._in_head:
            super().shutdown()

    def on_response_complete(self) -> None:
        """Leaves the time between requests to uvicorn, but for a next one that has begun."""
        self._drop_deadline()
        super().on_response_complete()
        if self._in_head and self.cycle.response_complete:
            self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._drop_deadline()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        """Answers what is no request; the connection ends when the client ends it, or in time."""
        if max(self._received, self._parsed) > MAX_HEAD:
            why = f"The head has more than {MAX_HEAD:,} bytes: send fewer or shorter headers."
            error = RejectedError(431, why, "head_too_large")
        else:
            error = RejectedError(400, "This is no HTTP/1.1 request.", "not_http")
        body = json.dumps(error.body).encode()
        length = f"content-length: {len(body)}\r\n".encode()
        kind = b"content-type: application/json\r\nconnection: close\r\n"
        self.transport.write(b"".join((STATUS_LINE[error.status], kind, length, b"\r\n", body)))
        self.transport.write_eof()
        self._refused = True

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self.transport.close)

    def _drop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
