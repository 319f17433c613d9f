"""OpenAI's Batch API: files of requests up, batches made and looked at, files of results down."""

import json
import re
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import one_line
from understudy.teacher.endpoint import Endpoint
from understudy.teacher.errors import EndpointError
from understudy.teacher.requests import Request
from understudy.teacher.retries import RetryableError

MOST_BYTES = 190 * 10**6
"""Largest input file, in bytes; the API takes 200 MB."""
FILE_SECONDS = 600.0
"""Time for an upload or a download."""
NO_BATCHES = "teacher.mode = batch: the endpoint takes no files of requests; set teacher.mode: live"
ENDED = ("completed", "failed", "expired", "cancelled")
PROCESSING = ("pending", "running", "uploading", "uploaded", "queued")
"""States of a file that no batch can be made of yet, mostly."""
NOT_READY = re.compile(
    r"not (yet )?(ready|processed|available)|still (being )?(process|upload|validat)"
    r"|status\W+(is\W+)?(pending|running|uploaded|queued)",
    re.IGNORECASE,
)
"""Refusals of a batch because of the state of its file."""
GONE = (404, 410)


class FileNotReadyError(Exception):
    """The endpoint has not processed a file yet; no batch was made of it."""


class FileGoneError(Exception):
    """The endpoint does not have a file any more."""


class BatchApi:
    """The calls; every failure is one of the errors of understudy.teacher.retries."""

    def __init__(self, endpoint: Endpoint, params: TeacherParams) -> None:
        self._endpoint = endpoint
        # Azure names deployments instead of models, and its addresses lack /v1.
        azure = params.api_version is not None
        self._url = "/chat/completions" if azure else "/v1/chat/completions"

    def line(self, request: Request) -> bytes:
        """Returns a request as a line of an input file."""
        call = {"custom_id": request.key, "method": "POST", "url": self._url}
        text = json.dumps({**call, "body": request.body}, ensure_ascii=False)
        return f"{text}\n".encode("utf-8", "replace")

    async def upload(self, requests: Iterable[Request]) -> tuple[str, str]:
        """Uploads an input file, and returns its name and state."""
        import openai

        with tempfile.TemporaryFile() as file:
            file.writelines(self.line(request) for request in requests)
            file.seek(0)
            async with self._endpoint.translated_errors(FILE_SECONDS):
                try:
                    done = await self._endpoint.client.files.create(
                        file=("understudy.jsonl", file), purpose="batch", timeout=FILE_SECONDS
                    )
                except openai.NotFoundError:
                    raise EndpointError(NO_BATCHES) from None
                return done.id, str(done.status)

    async def file_state(self, file: str) -> str:
        """Returns the state of an uploaded file; `processed` where the endpoint does not tell.

        Raises:
            EndpointError: the endpoint cannot process it.
        """
        import openai

        async with self._endpoint.translated_errors():
            try:
                found = await self._endpoint.client.files.retrieve(file)
            except (openai.NotFoundError, openai.PermissionDeniedError):
                return "processed"
            if found.status == "error":
                said = one_line(found.status_details or "no explanation")
                problem = f"the endpoint cannot process the file of requests {file}: {said}"
                raise EndpointError(self._endpoint.redact(problem))
            return str(found.status)

    async def submit(self, file: str, about: dict[str, str]) -> str:
        """Makes a batch of an uploaded file, and returns its name.

        Raises:
            FileNotReadyError: the file is not processed yet.
        """
        import openai

        async with self._endpoint.translated_errors():
            try:
                batch = await self._endpoint.client.batches.create(
                    input_file_id=file,
                    endpoint=self._url,  # type: ignore[arg-type]
                    completion_window="24h",
                    metadata=about,
                )
            except openai.APIStatusError as error:
                if error.status_code < 500 and NOT_READY.search(error.response.text):
                    raise FileNotReadyError from None
                raise
            return batch.id

    async def find(self, file: str) -> str | None:
        """Returns the name of the batch that was made of a file, or None."""
        async with self._endpoint.translated_errors(FILE_SECONDS):
            async for batch in self._endpoint.client.batches.list(limit=100):
                if batch.input_file_id == file:
                    return batch.id
        return None

    async def look(self, batch: str) -> Any:
        """Returns the batch as it is now, None if the endpoint does not know it."""
        import openai

        async with self._endpoint.translated_errors():
            try:
                return await self._endpoint.client.batches.retrieve(batch)
            except openai.NotFoundError:
                return None

    async def results(self, file: str) -> AsyncIterator[Any]:
        """Yields the lines of a result file.

        Raises:
            FileGoneError: the endpoint does not have it.
        """
        import httpx2

        files = self._endpoint.client.files.with_streaming_response
        try:
            async with (
                self._endpoint.translated_errors(FILE_SECONDS),
                _found(),
                files.content(file, timeout=FILE_SECONDS) as response,
            ):
                async for line in response.iter_lines():
                    if line.strip():
                        yield self._endpoint.read(line.encode("utf-8", "replace"))
        except httpx2.HTTPError as error:  # the client translates none once it streams
            raise RetryableError(self._endpoint.redact(f"no answer ({error})")) from None


@asynccontextmanager
async def _found() -> AsyncIterator[None]:
    """Tells a file that is not there from other refusals."""
    import openai

    try:
        yield
    except openai.APIStatusError as error:
        if error.status_code in GONE:
            raise FileGoneError from None
        raise
