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
from understudy.teacher.completion import find_error, is_no_answer, keep_text
from understudy.teacher.embedded.server import serve
from understudy.teacher.errors import EndpointError, MissingKeyError
from understudy.teacher.requests import Request
from understudy.teacher.retries import RetryableError, classify_status, classify_unpaid

if TYPE_CHECKING:
    from openai import AsyncOpenAI

NO_KEY = "none"
LEAST_SECRET = 8
"""Shorter keys, such as those of local servers, are no secrets worth searching texts for."""
UNSENT = ("ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError")


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
            The body of the answer, whatever it is, and the response's headers.

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
            answer = self.read_body(raw.content)
            if (error := find_error(answer)) is not None:
                raise classify_unpaid(error, headers, self._params.model)
            return answer, headers

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
        import openai

        limit = self._params.timeout_seconds if seconds is None else seconds
        try:
            async with asyncio.timeout(limit):
                yield
        except openai.APIStatusError as error:
            body, headers = self._redact_all(error.body), error.response.headers
            raise classify_status(error.status_code, body, headers, self._params.model) from None
        except (openai.APITimeoutError, TimeoutError) as error:
            if type(error.__cause__).__name__ in UNSENT:  # a refused connection, too
                raise RetryableError(self.redact(f"no answer ({error.__cause__})")) from None
            reason = f"no answer within {limit:g} seconds"
            raise RetryableError(reason, maybe_billed=True) from None
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            name = type(cause).__name__
            reason = self.redact(f"no answer ({name}: {cause})")
            raise RetryableError(reason, maybe_billed=name not in UNSENT) from None
        except (openai.APIError, ValueError) as error:
            reason = self.redact(f"not a readable answer: {error}")
            raise RetryableError(reason, maybe_billed=True) from None

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
    from openai import AsyncAzureOpenAI, AsyncOpenAI, DefaultAioHttpClient

    http_client = DefaultAioHttpClient(
        trust_env=params.base_url != EMBEDDED,  # loopback is behind no proxy
        timeout=params.timeout_seconds,
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
