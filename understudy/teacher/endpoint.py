"""A chat endpoint behind the `openai` client: OpenAI's, Azure's, a compatible or the embedded one.

Every failure leaves here as one of the errors of understudy.teacher.retries, or as an
EndpointError; the key leaves here in no form.
"""

import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.teacher.completion import find_unpaid, is_no_answer, keep_text
from understudy.teacher.embedded.server import serve
from understudy.teacher.error_bodies import unfold
from understudy.teacher.errors import EndpointError, MissingKeyError
from understudy.teacher.presence import Presence
from understudy.teacher.proxies import Proxy, find_proxy
from understudy.teacher.requests import Request
from understudy.teacher.retries import RetryableError, classify_status, read_status
from understudy.teacher.stopwatch import time_calls, timing

if TYPE_CHECKING:
    from openai import AsyncOpenAI

ROUTE = "/chat/completions"
NO_KEY = "none"
LEAST_SECRET = 8
"""Shorter keys, such as those of local servers, are no secrets worth searching texts for."""
NAMING_THE_MODEL = (400, 403, 404, 422)
"""Statuses with which endpoints refuse a model."""
UNSENT = ("ClientConnectorError", "ConnectionTimeoutError", "ClientHttpProxyError", "InvalidURL")
"""aiohttp's errors, with their subclasses, before a request has left."""
UNSENT_BY_HTTPX = ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError")
"""The same of httpx, which sends through proxies."""
CONNECT_SECONDS = 20.0
"""For a connection; shorter than a call may take, so that nobody takes one for the other."""
SPARE_CONNECTIONS = 16
"""Beyond those of the calls in flight, which never wait for one: for lists of models and files."""
WRONG_PASSWORD = 407


class Endpoint:
    """Sends requests; knows the key so that nobody else has to."""

    def __init__(
        self, client: "AsyncOpenAI", key: str, params: TeacherParams, proxy: Proxy | None = None
    ) -> None:
        self.client, self.proxy = client, proxy
        self.address = str(client.base_url)
        self.model: dict[str, Any] | None = None
        """What the list of models says of teacher.model."""
        self.has_v1 = True
        """False where the list of models is not at its usual address."""
        self.hint = ""
        """What the list of models says against teacher.model, for calls that fail."""
        self._secret = key if len(key) >= LEAST_SECRET and key != EMBEDDED else None
        self._params = params
        self.presence = Presence(self.address)
        bare = params.base_url.removesuffix("/v1")
        is_host = params.api_version is None and bare.count("/") == 2
        self._bare = bare if is_host else None
        """Where a few endpoints have the route that others have below /v1."""

    async def complete(self, request: Request) -> tuple[Any, Mapping[str, str], float]:
        """Makes one call.

        Returns:
            The body of the answer, whatever it is, the response's headers, and the seconds
            between the two ends of the call (see understudy.teacher.stopwatch).

        Raises:
            RetryableError, RowError, RefusalError: see understudy.teacher.retries.
            EndpointError: no further call would go better.
        """
        async with self.translated_errors():
            with timing() as watch:
                raw = await self._post(request.body)
            headers: Mapping[str, str] = raw.headers
            answer = self.read_body(raw.content)
            if (error := find_unpaid(answer)) is not None:
                raise self.classify_unpaid(error, headers)
            return answer, headers, watch.seconds

    async def _post(self, body: Mapping[str, Any]) -> Any:
        import httpx2
        import openai

        # what `chat.completions.create` sends, without its look at each field's type
        try:
            return await self.client.post(ROUTE, cast_to=httpx2.Response, body=body)
        except openai.NotFoundError as missing:
            if self._bare is None or self.has_v1:
                raise
            try:
                route = self._bare + ROUTE
                return await self.client.post(route, cast_to=httpx2.Response, body=body)
            except openai.NotFoundError:
                raise missing from None

    def classify(self, status: int, body: Any, headers: Mapping[str, str]) -> Exception:
        """The error for an HTTP status other than 200; see `classify_status`."""
        if status == WRONG_PASSWORD and self.proxy is not None:
            return self.proxy.error(f"it wants a user and a password that it knows (HTTP {status})")
        error = classify_status(status, self._redact_all(unfold(body)), headers, self._params.model)
        if isinstance(error, EndpointError) and self.hint and status in NAMING_THE_MODEL:
            return EndpointError(f"{error}; {self.hint}")
        return error

    def classify_unpaid(self, body: Any, headers: Mapping[str, str]) -> Exception:
        """The error for an error object that came with status 200, and is not billed."""
        return self.classify(read_status(body), body, headers)

    def unreachable(self, reason: str) -> EndpointError:
        """The error for an address where nobody answers as a chat endpoint does."""
        if self.proxy is not None:
            return self.proxy.error(reason.replace(f" through {self.proxy}", ""))
        return EndpointError(
            f"teacher.base_url = {self.address}: {reason}; check the address (an "
            "OpenAI-compatible endpoint's usually ends in /v1) and the network"
        )

    def read_body(self, content: bytes) -> Any:
        """The body of an answer without the key: JSON, or any other text as `keep_text` has it.

        Raises:
            RetryableError: there is nothing in it, or it is a web page.
        """
        try:
            return self.read(content)
        except RetryableError:
            text = content.decode("utf-8", "replace")
            if is_no_answer(text):
                raise
            return keep_text(self._redact_escaped(text))

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

    def _redact_escaped(self, text: str) -> str:
        """The same for a text that may hold JSON, in which each character may be escaped."""
        if self._secret is None:
            return text
        forms = (rf"(?:\\?{re.escape(c)}|(?i:\\u{ord(c):04x}))" for c in self._secret)
        return re.sub("".join(forms), "***", text)

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
            async with self.presence.limited(limit):
                yield
        except openai.APIStatusError as error:
            response = error.response  # `error.body` lacks what stands beside "error"
            raise self.classify(response.status_code, response.text, response.headers) from None
        except (openai.APIConnectionError, TimeoutError) as error:  # or its APITimeoutError
            raise self._unanswered(error, limit) from None
        except (openai.APIError, aiohttp.ClientResponseError, ValueError) as error:
            reason = self.redact(" ".join(f"not a readable answer: {error}".split()))
            raise RetryableError(reason, maybe_billed=True) from None

    def _unanswered(self, error: Exception, limit: float) -> Exception:
        """A connection that failed: before the request has left, or nobody knows how late."""
        cause = error.__cause__ or error
        if self.proxy is not None and str(cause).startswith(str(WRONG_PASSWORD)):
            return self.classify(WRONG_PASSWORD, None, {})
        if not _has_left(error):
            through = "" if self.proxy is None else f" through {self.proxy}"
            return RetryableError(self.redact(f"no answer{through} ({cause})"), away="surely")
        name = type(cause).__name__
        if isinstance(error, TimeoutError) or name == "ReadTimeout":
            said = str(error) if isinstance(error, TimeoutError) else ""
            return RetryableError(said or f"no answer within {limit:g} seconds", maybe_billed=True)
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
    kinds = {kind for cause in causes for kind in type(cause).__mro__}
    names = {kind.__name__ for kind in kinds}
    if any(kind.__module__.startswith("aiohttp") for kind in kinds):
        return names.isdisjoint(UNSENT)
    return names.isdisjoint(UNSENT_BY_HTTPX)


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
    key, proxy = read_key(params.api_key_env), find_proxy(params.base_url)
    async with _build_client(params.base_url, key, params, proxy) as client:
        endpoint = Endpoint(client, key, params, proxy)
        if proxy is not None:
            yield endpoint
            return
        async with endpoint.presence.watched():
            yield endpoint


def _build_client(
    address: str, key: str, params: TeacherParams, proxy: Proxy | None = None
) -> "AsyncOpenAI":
    import httpx2
    from openai import AsyncAzureOpenAI, AsyncOpenAI, DefaultAioHttpClient, DefaultAsyncHttpxClient

    seconds, most = params.timeout_seconds, params.concurrency + SPARE_CONNECTIONS
    # aiohttp is faster, and knows no SOCKS; `find_proxy` has read the environment
    kind = DefaultAioHttpClient if proxy is None else DefaultAsyncHttpxClient
    http_client = kind(
        trust_env=False,
        verify=httpx2.create_ssl_context(),  # heeds SSL_CERT_FILE
        proxy=None if proxy is None else proxy.url,
        timeout=httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, 0.9 * seconds)),
        limits=httpx2.Limits(max_connections=most, max_keepalive_connections=most),
    )
    if proxy is None:
        time_calls(http_client)
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
