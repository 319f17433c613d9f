"""A chat endpoint behind the `openai` client: OpenAI's, Azure's, a compatible or the embedded one.

Every failure leaves here as one of the errors of understudy.teacher.retries, or as an
EndpointError; the key leaves here in no form.
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.teacher.embedded.server import serve
from understudy.teacher.errors import EndpointError, MissingKeyError
from understudy.teacher.requests import Request
from understudy.teacher.retries import RetryableError, classify_status

if TYPE_CHECKING:
    from openai import AsyncOpenAI

NO_KEY = "none"
LEAST_SECRET = 8
"""Shorter keys, such as those of local servers, are no secrets worth searching texts for."""
UNSENT = ("ClientConnectorError", "ConnectionTimeoutError", "ClientHttpProxyError")
"""The HTTP library's errors, with their subclasses, before a request has left."""
CONNECT_SECONDS = 20.0
"""For a connection; shorter than a call may take, so that nobody takes one for the other."""


class Endpoint:
    """Sends requests; knows the key so that nobody else has to."""

    def __init__(self, client: "AsyncOpenAI", key: str, params: TeacherParams) -> None:
        self.client = client
        self.address = str(client.base_url)
        self._secret = key if len(key) >= LEAST_SECRET and key != EMBEDDED else None
        self._params = params

    async def complete(self, request: Request) -> tuple[Any, Mapping[str, str]]:
        """Makes one call.

        Returns:
            The JSON body of the answer, whatever it is, and the response's headers.

        Raises:
            RetryableError, RowError, RefusalError: see understudy.teacher.retries.
            EndpointError: no further call would go better.
        """
        import httpx2

        async with self.translated_errors():
            # what `chat.completions.create` sends, without its look at each field's type
            raw = await self.client.post(
                "/chat/completions", cast_to=httpx2.Response, body=request.body
            )
            headers: Mapping[str, str] = raw.headers
            answer = self.read(raw.content)
            if isinstance(answer, dict) and answer.get("error") and not answer.get("choices"):
                # Some endpoints send an error with status 200 and write its own status into it.
                error = answer["error"]
                code = error.get("code") if isinstance(error, dict) else None
                status = code if isinstance(code, int) and 400 <= code < 600 else 500
                raise classify_status(status, answer, headers, self._params.model)
            return answer, headers

    def read(self, content: bytes) -> Any:
        """JSON, without the key.

        Raises:
            RetryableError: it is none.
        """
        try:
            return self._redact_all(json.loads(content.decode("utf-8", "replace")))
        except ValueError as error:
            page = "a web page; is it the address that ends in /v1?"
            problem = page if content.lstrip().startswith(b"<") else error
            raise RetryableError(f"not a readable answer: {problem}", maybe_billed=True) from None

    def redact(self, text: str) -> str:
        """A text in which the key, if it was there, is not."""
        return text.replace(self._secret, "***") if self._secret else text

    @asynccontextmanager
    async def translated_errors(self, seconds: float | None = None) -> AsyncIterator[None]:
        """The client's errors within the block become ours; it ends after so many seconds.

        None takes teacher.timeout_seconds.
        """
        import aiohttp
        import openai

        limit = self._params.timeout_seconds if seconds is None else seconds
        try:
            async with asyncio.timeout(limit):
                yield
        except openai.APIStatusError as error:
            body, headers = self._redact_all(error.body), error.response.headers
            raise classify_status(error.status_code, body, headers, self._params.model) from None
        except (openai.APIConnectionError, TimeoutError) as error:  # or its APITimeoutError
            raise self._unanswered(error, limit) from None
        except (openai.APIError, aiohttp.ClientResponseError, ValueError) as error:
            reason = self.redact(" ".join(f"not a readable answer: {error}".split()))
            raise RetryableError(reason, maybe_billed=True) from None

    def _unanswered(self, error: Exception, limit: float) -> RetryableError:
        """A connection that failed: before the request has left, or nobody knows how late."""
        cause = error.__cause__ or error
        if not _has_left(error):
            return RetryableError(self.redact(f"no answer ({cause})"), away="surely")
        name = type(cause).__name__
        if isinstance(error, TimeoutError) or name == "ReadTimeout":
            return RetryableError(f"no answer within {limit:g} seconds", maybe_billed=True)
        said = str(cause) if name == "ConnectTimeout" else f"{name}: {cause}"  # it had connected
        return RetryableError(self.redact(f"no answer ({said})"), maybe_billed=True)

    def _redact_all(self, value: Any) -> Any:
        """The same, for all texts within a JSON value, however it was escaped."""
        if self._secret is None:
            return value
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, list):
            return [self._redact_all(part) for part in value]
        if isinstance(value, dict):
            return {self.redact(str(name)): self._redact_all(part) for name, part in value.items()}
        return value


def _has_left(error: BaseException) -> bool:
    """Whether a request may have reached the endpoint, though no answer came.

    The client's own errors do not tell: a connection that breaks after the request is one of its
    timeouts of connecting, as is one that never was.
    """
    causes = list[BaseException]()
    while error.__cause__ is not None and error.__cause__ not in causes:
        error = error.__cause__
        causes.append(error)
    names = {kind.__name__ for cause in causes for kind in type(cause).__mro__}
    return names.isdisjoint(UNSENT)


@asynccontextmanager
async def open_endpoint(params: TeacherParams) -> AsyncIterator[Endpoint]:
    """Connects the client to what teacher.base_url names; the embedded teacher starts for it.

    Raises:
        MissingKeyError: the key is not in the environment.
    """
    if params.base_url == EMBEDDED:
        async with serve() as address, _build_client(address, EMBEDDED, params) as client:
            yield Endpoint(client, EMBEDDED, params)
        return
    key = read_key(params.api_key_env)
    async with _build_client(params.base_url, key, params) as client:
        yield Endpoint(client, key, params)


def _build_client(address: str, key: str, params: TeacherParams) -> "AsyncOpenAI":
    import httpx2
    from openai import AsyncAzureOpenAI, AsyncOpenAI, DefaultAioHttpClient

    seconds = params.timeout_seconds
    http_client = DefaultAioHttpClient(
        trust_env=params.base_url != EMBEDDED,  # loopback is behind no proxy
        timeout=httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, 0.9 * seconds)),
    )
    common: dict[str, Any] = {"api_key": key, "max_retries": 0, "http_client": http_client}
    if params.api_version is not None:
        return AsyncAzureOpenAI(azure_endpoint=address, api_version=params.api_version, **common)
    return AsyncOpenAI(base_url=address, **common)


def read_key(variable: str | None) -> str:
    """The API key from the environment.

    Raises:
        MissingKeyError: the variable is not set, empty, or holds what no header can.
    """
    if variable is None:
        return NO_KEY
    key = os.environ.get(variable, "").strip()
    if not key:
        raise MissingKeyError(
            f"teacher.api_key_env = {variable}: the environment has no such variable; "
            f"`export {variable}=...`, or set null for an endpoint that needs no key"
        )
    if not re.fullmatch("[!-~]+", key):
        raise MissingKeyError(
            f"teacher.api_key_env = {variable}: the variable holds more than a key; expected "
            "ASCII characters without white space"
        )
    return key


def unreachable(address: str, reason: str) -> EndpointError:
    """The error for an address where nobody answers as a chat endpoint does."""
    return EndpointError(
        f"teacher.base_url = {address}: {reason}; check the address (an OpenAI-compatible "
        "endpoint's usually ends in /v1) and the network"
    )
