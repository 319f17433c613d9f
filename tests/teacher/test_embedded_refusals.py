"""What the embedded teacher refuses of files and batches, through the real client."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession
from openai import APIStatusError, AsyncOpenAI, BadRequestError, NotFoundError

from tests.teacher.test_embedded_batches import (
    ENDPOINT,
    create,
    fail,
    finish,
    jsonl,
    read,
    request,
    requests,
    run,
    through_client,
    upload,
)
from understudy.teacher.embedded.server import serve


@pytest.mark.parametrize(
    ("file", "purpose", "param"),
    [(("requests.jsonl", b"{}"), "vision", "purpose"), (("requests.txt", b"{}"), "batch", "file")],
)
@through_client
async def test_a_file_that_is_for_no_batch_is_refused(
    client: AsyncOpenAI, file: Any, purpose: Any, param: str
) -> None:
    with pytest.raises(BadRequestError) as refusal:
        await client.files.create(file=file, purpose=purpose)
    assert refusal.value.param == param


@through_client
async def test_an_upload_without_a_file_is_refused(client: AsyncOpenAI) -> None:
    with pytest.raises(BadRequestError, match="purpose"):
        await client.post("/files", body={"purpose": "batch"}, cast_to=object)


def test_an_upload_that_is_no_form_is_refused() -> None:
    async def main() -> None:
        headers = {"Content-Type": "multipart/form-data"}
        async with (
            serve() as address,
            ClientSession() as session,
            session.post(f"{address}/files", data=b"{}", headers=headers) as answer,
        ):
            assert answer.status == 400
            assert "form-data" in (await answer.json())["error"]["message"]

    asyncio.run(main())


@pytest.mark.parametrize("limit", ["x", ""])
@through_client
async def test_a_page_of_a_wrong_size_is_refused(client: AsyncOpenAI, limit: Any) -> None:
    with pytest.raises(BadRequestError, match="limit"):
        await client.batches.list(limit=limit)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "invalid_json_line"),
        (b"\xff", "invalid_json_line"),
        (b"[" * 100_000, "invalid_json_line"),
        (b"[1]", "invalid_json_line"),
        (jsonl([request("request-0")]), "duplicate_custom_id"),
        (jsonl([request("x") | {"custom_id": 7}]), "invalid_value"),
        (jsonl([request("x") | {"custom_id": None}]), "invalid_value"),
        (jsonl([{"custom_id": "x", "url": ENDPOINT}]), "invalid_json_line"),
        (jsonl([request("x") | {"method": "GET"}]), "url_mismatch"),
        (jsonl([request("x") | {"url": "/v1/embeddings"}]), "url_mismatch"),
        (jsonl([request("x") | {"body": "x"}]), "invalid_value"),
    ],
)
def test_a_broken_line_fails_the_batch_and_is_named(line: bytes, code: str) -> None:
    content = jsonl(requests(1)) + line.strip() + b"\n" + jsonl([request("last")])
    assert run(lambda client: fail(client, content)) == [(code, 2)]


@pytest.mark.parametrize("content", [b"\n", b" \n\n"])
def test_a_file_without_requests_fails_the_batch(content: bytes) -> None:
    assert run(lambda client: fail(client, content)) == [("empty_file", 1)]


@through_client
async def test_a_refused_line_is_in_the_error_file_and_the_others_are_answered(
    client: AsyncOpenAI,
) -> None:
    lines = [request("good"), request("unknown", model="gpt-4o"), request("wrong", max_tokens=0)]
    batch = await finish(client, await create(client, jsonl(lines)))
    assert batch.status == "completed"
    assert batch.request_counts is not None
    assert batch.request_counts.to_dict() == {"total": 3, "completed": 1, "failed": 2}
    answers = await read(client, batch.output_file_id)
    assert [answer["custom_id"] for answer in answers] == ["good"]
    refused = {line["custom_id"]: line for line in await read(client, batch.error_file_id)}
    for line in lines[1:]:
        response = refused.pop(line["custom_id"])["response"]
        with pytest.raises(APIStatusError) as live:
            await client.chat.completions.create(**line["body"])
        assert response["status_code"] == live.value.status_code
        assert response["body"]["error"] == live.value.body
    assert not refused


@through_client
async def test_a_batch_of_refused_lines_only_has_no_output_file(client: AsyncOpenAI) -> None:
    batch = await finish(client, await create(client, jsonl([request("x", messages=[1])])))
    assert (batch.status, batch.output_file_id) == ("completed", None)
    assert len(await read(client, batch.error_file_id)) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.files.content("file-none"),
        lambda client: client.batches.retrieve("batch_none"),
        lambda client: client.batches.list(after="batch_none"),
        lambda client: client.batches.create(
            input_file_id="file-none", endpoint=ENDPOINT, completion_window="24h"
        ),
    ],
)
@through_client
async def test_an_unknown_id_is_not_found(
    client: AsyncOpenAI, call: Callable[[AsyncOpenAI], Awaitable[object]]
) -> None:
    with pytest.raises(NotFoundError, match="none"):
        await call(client)


@pytest.mark.parametrize(
    ("param", "value"), [("endpoint", "/v1/embeddings"), ("completion_window", "1h")]
)
@through_client
async def test_a_batch_with_a_wrong_field_is_refused(
    client: AsyncOpenAI, param: str, value: object
) -> None:
    file = await upload(client, jsonl(requests(1)))
    fields = {"input_file_id": file.id, "endpoint": ENDPOINT, "completion_window": "24h"}
    with pytest.raises(BadRequestError) as refusal:
        await client.post("/batches", body=fields | {param: value}, cast_to=object)
    assert refusal.value.param == param
    assert (await client.batches.list()).data == []


@pytest.mark.parametrize("content", [b"{", b"[]"])
@through_client
async def test_a_batch_that_is_no_object_is_refused(client: AsyncOpenAI, content: bytes) -> None:
    with pytest.raises(BadRequestError):
        await client.post("/batches", content=content, cast_to=object)


@through_client
async def test_a_batchs_own_output_is_no_input(client: AsyncOpenAI) -> None:
    batch = await finish(client, await create(client, jsonl(requests(1))))
    with pytest.raises(BadRequestError, match="batch_output"):
        await client.batches.create(
            input_file_id=str(batch.output_file_id),
            endpoint="/v1/chat/completions",
            completion_window="24h",
        )
