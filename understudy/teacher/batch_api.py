"""OpenAI's Batch API: files of requests up, batches made and looked at, files of results down."""

import json
import tempfile
from collections.abc import AsyncIterator, Iterable
from typing import Any

from understudy.contract.params.teacher import TeacherParams
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

    async def upload(self, requests: Iterable[Request]) -> str:
        """Uploads an input file, and returns its name."""
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
                return done.id

    async def submit(self, file: str, about: dict[str, str]) -> str:
        """Makes a batch of an uploaded file, and returns its name."""
        async with self._endpoint.translated_errors():
            batch = await self._endpoint.client.batches.create(
                input_file_id=file,
                endpoint=self._url,  # type: ignore[arg-type]
                completion_window="24h",
                metadata=about,
            )
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
        """Yields the lines of a result file."""
        import httpx2

        files = self._endpoint.client.files.with_streaming_response
        try:
            async with (
                self._endpoint.translated_errors(FILE_SECONDS),
                files.content(file, timeout=FILE_SECONDS) as response,
            ):
                async for line in response.iter_lines():
                    if line.strip():
                        yield self._endpoint.read(line.encode("utf-8", "replace"))
        except httpx2.HTTPError as error:  # the client translates none once it streams
            raise RetryableError(self._endpoint.redact(f"no answer ({error})")) from None
