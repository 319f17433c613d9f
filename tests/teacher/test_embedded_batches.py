"""The embedded teacher's files and batches, through the real client."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from aiohttp import ClientSession
from openai import (
    APIStatusError,
    AsyncOpenAI,
    BadRequestError,
    DefaultAsyncHttpxClient,
    NotFoundError,
)
from openai.types import Batch, FileObject

from understudy.teacher.embedded.replies import MODEL
from understudy.teacher.embedded.server import serve

ENDPOINT = "/v1/chat/completions"
FINAL = ("failed", "completed", "cancelled")
HIGHLIGHTS = "Mayor Ida Renn opens a bridge in Oakport .\nIt cost $3.5 million in 2012 ."
Order = dict[str, Any]
T = TypeVar("T")


@asynccontextmanager
async def teacher() -> AsyncIterator[AsyncOpenAI]:
    async with (
        serve() as address,
        AsyncOpenAI(
            base_url=address,
            api_key="none",
            max_retries=0,
            http_client=DefaultAsyncHttpxClient(trust_env=False),
        ) as client,
    ):
        yield client


def run(work: Callable[[AsyncOpenAI], Awaitable[T]]) -> T:
    async def main() -> T:
        async with teacher() as client:
            return await work(client)

    return asyncio.run(main())


def order(name: str, **changes: Any) -> Order:
    """A line of an input file; `changes` are to the call."""
    prompt = f"Write an article: '{name} wins .\n{HIGHLIGHTS}'"
    call = {"model": MODEL, "messages": [{"role": "user", "content": prompt}]} | changes
    return {"custom_id": name, "method": "POST", "url": ENDPOINT, "body": call}


def orders(count: int) -> list[Order]:
    return [order(f"order-{number}") for number in range(count)]


def jsonl(lines: list[Order]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


async def upload(client: AsyncOpenAI, content: bytes) -> FileObject:
    return await client.files.create(file=("orders.jsonl", content), purpose="batch")


async def create(
    client: AsyncOpenAI, content: bytes, metadata: dict[str, str] | None = None
) -> Batch:
    file = await upload(client, content)
    return await client.batches.create(
        input_file_id=file.id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata=metadata,
    )


async def finish(client: AsyncOpenAI, batch: Batch) -> Batch:
    while batch.status not in FINAL:
        batch = await client.batches.retrieve(batch.id)
    return batch


async def read(client: AsyncOpenAI, file_id: str | None) -> list[dict[str, Any]]:
    assert file_id is not None
    return [json.loads(line) for line in (await client.files.content(file_id)).text.splitlines()]


async def fail(client: AsyncOpenAI, content: bytes) -> list[tuple[str | None, int | None]]:
    """The codes and line numbers of the errors of a batch that fails."""
    batch = await finish(client, await create(client, content))
    assert batch.status == "failed"
    assert (batch.output_file_id, batch.error_file_id) == (None, None)
    assert batch.errors is not None
    assert batch.errors.object == "list"
    return [(error.code, error.line) for error in batch.errors.data or []]


def timeless(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "created"}


def test_an_uploaded_file_is_read_as_it_was() -> None:
    content = jsonl(orders(2))

    async def work(client: AsyncOpenAI) -> None:
        file = await upload(client, content)
        assert (file.filename, file.bytes, file.purpose) == ("orders.jsonl", len(content), "batch")
        assert (await client.files.content(file.id)).read() == content

    run(work)


def test_a_large_file_is_taken_and_given_back() -> None:
    content = jsonl([order("one", padding="x" * 3_000_000)])

    async def work(client: AsyncOpenAI) -> None:
        file = await upload(client, content)
        assert (await client.files.content(file.id)).read() == content

    run(work)


@pytest.mark.parametrize(
    ("file", "purpose", "param"),
    [
        (("orders.jsonl", b"{}"), "vision", "purpose"),
        (("orders.txt", b"{}"), "batch", "file"),
    ],
)
def test_a_file_that_is_for_no_batch_is_refused(file: Any, purpose: Any, param: str) -> None:
    async def work(client: AsyncOpenAI) -> None:
        with pytest.raises(BadRequestError) as refusal:
            await client.files.create(file=file, purpose=purpose)
        assert refusal.value.param == param

    run(work)


def test_an_upload_without_a_file_is_refused() -> None:
    async def work(client: AsyncOpenAI) -> None:
        with pytest.raises(BadRequestError, match="purpose"):
            await client.post("/files", body={"purpose": "batch"}, cast_to=object)

    run(work)


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


def test_a_batch_is_answered_as_the_live_endpoint_answers() -> None:
    lines = [*orders(3), order("short", max_completion_tokens=5)]

    async def work(client: AsyncOpenAI) -> None:
        batch = await finish(client, await create(client, jsonl(lines)))
        assert batch.status == "completed"
        assert (batch.error_file_id, batch.errors) == (None, None)
        answers = await read(client, batch.output_file_id)
        assert [answer["custom_id"] for answer in answers] == [line["custom_id"] for line in lines]
        for line, answer in zip(lines, answers, strict=True):
            live = await client.chat.completions.with_raw_response.create(**line["body"])
            assert timeless(answer["response"]["body"]) == timeless(json.loads(live.text))
            assert (answer["response"]["status_code"], answer["error"]) == (200, None)
            assert answer["response"]["request_id"]
        assert len({answer["id"] for answer in answers}) == len(lines)

    run(work)


def test_a_batch_goes_through_its_statuses_in_order_and_counts_what_is_done() -> None:
    async def work(client: AsyncOpenAI) -> None:
        batch = await create(client, jsonl(orders(60)))
        assert batch.status == "validating"
        seen = [batch]
        while seen[-1].status not in FINAL:
            seen.append(await client.batches.retrieve(batch.id))
        assert [status for status, _ in itertools.groupby(batch.status for batch in seen)] == [
            "validating",
            "in_progress",
            "completed",
        ]
        done = [batch.request_counts.completed for batch in seen if batch.request_counts]
        assert done == sorted(done)
        assert any(0 < count < 60 for count in done)
        end = seen[-1]
        assert end.request_counts is not None
        assert end.request_counts.to_dict() == {"total": 60, "completed": 60, "failed": 0}

    run(work)


def test_blank_lines_are_no_requests() -> None:
    async def work(client: AsyncOpenAI) -> None:
        content = jsonl(orders(2)).replace(b"\n", b"\r\n\r\n")
        batch = await finish(client, await create(client, content))
        assert len(await read(client, batch.output_file_id)) == 2

    run(work)


def test_a_batch_is_found_in_the_list_by_its_metadata() -> None:
    async def work(client: AsyncOpenAI) -> None:
        made = [await create(client, jsonl(orders(1)), {"run": name}) for name in ("a", "b", "c")]
        found = [b.id async for b in client.batches.list() if (b.metadata or {})["run"] == "b"]
        assert found == [made[1].id]

    run(work)


def test_batches_are_listed_in_pages_newest_first() -> None:
    async def work(client: AsyncOpenAI) -> None:
        made = [(await create(client, jsonl(orders(1)))).id for _ in range(5)]
        page = await client.batches.list(limit=2)
        assert [batch.id for batch in page.data] == [made[4], made[3]]
        assert page.has_more
        last = await client.batches.list(limit=2, after=made[2])
        assert ([batch.id for batch in last.data], last.has_more) == ([made[1], made[0]], False)
        assert [batch.id async for batch in client.batches.list(limit=2)] == made[::-1]

    run(work)


@pytest.mark.parametrize("limit", ["x", ""])
def test_a_page_of_a_wrong_size_is_refused(limit: Any) -> None:
    async def work(client: AsyncOpenAI) -> None:
        with pytest.raises(BadRequestError, match="limit"):
            await client.batches.list(limit=limit)

    run(work)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "invalid_json_line"),
        (b"\xff", "invalid_json_line"),
        (b"[" * 100_000, "invalid_json_line"),
        (b"[1]", "invalid_json_line"),
        (jsonl([order("order-0")]), "duplicate_custom_id"),
        (jsonl([order("x") | {"custom_id": 7}]), "invalid_value"),
        (jsonl([order("x") | {"custom_id": None}]), "invalid_value"),
        (jsonl([{"custom_id": "x", "url": ENDPOINT}]), "invalid_json_line"),
        (jsonl([order("x") | {"method": "GET"}]), "url_mismatch"),
        (jsonl([order("x") | {"url": "/v1/embeddings"}]), "url_mismatch"),
        (jsonl([order("x") | {"body": "x"}]), "invalid_value"),
    ],
)
def test_a_broken_line_fails_the_batch_and_is_named(line: bytes, code: str) -> None:
    content = jsonl(orders(1)) + line.strip() + b"\n" + jsonl([order("last")])
    assert run(lambda client: fail(client, content)) == [(code, 2)]


@pytest.mark.parametrize("content", [b"\n", b" \n\n"])
def test_a_file_without_requests_fails_the_batch(content: bytes) -> None:
    assert run(lambda client: fail(client, content)) == [("empty_file", 1)]


def test_a_refused_line_is_in_the_error_file_and_the_others_are_answered() -> None:
    lines = [order("good"), order("unknown", model="gpt-4o"), order("wrong", max_tokens=0)]

    async def work(client: AsyncOpenAI) -> None:
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

    run(work)


def test_a_batch_of_refused_lines_only_has_no_output_file() -> None:
    async def work(client: AsyncOpenAI) -> None:
        batch = await finish(client, await create(client, jsonl([order("x", messages=[1])])))
        assert (batch.status, batch.output_file_id) == ("completed", None)
        assert len(await read(client, batch.error_file_id)) == 1

    run(work)


def test_the_servers_end_ends_the_work_on_batches() -> None:
    async def main() -> None:
        async with teacher() as client:
            batch = await create(client, jsonl(orders(600)))
            assert batch.status == "validating"
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_live_calls_are_answered_while_a_batch_is_worked_off() -> None:
    async def work(client: AsyncOpenAI) -> None:
        batch = await create(client, jsonl(orders(200)))
        assert (await client.chat.completions.create(**order("live")["body"])).choices
        assert (await client.batches.retrieve(batch.id)).status not in FINAL

    run(work)


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
def test_an_unknown_id_is_not_found(call: Callable[[AsyncOpenAI], Awaitable[object]]) -> None:
    async def work(client: AsyncOpenAI) -> None:
        with pytest.raises(NotFoundError, match="none"):
            await call(client)

    run(work)


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("endpoint", "/v1/embeddings"),
        ("completion_window", "1h"),
    ],
)
def test_a_batch_with_a_wrong_field_is_refused(param: str, value: object) -> None:
    async def work(client: AsyncOpenAI) -> None:
        file = await upload(client, jsonl(orders(1)))
        fields = {"input_file_id": file.id, "endpoint": ENDPOINT, "completion_window": "24h"}
        with pytest.raises(BadRequestError) as refusal:
            await client.post("/batches", body=fields | {param: value}, cast_to=object)
        assert refusal.value.param == param
        assert (await client.batches.list()).data == []

    run(work)


@pytest.mark.parametrize("content", [b"{", b"[]"])
def test_a_batch_that_is_no_object_is_refused(content: bytes) -> None:
    async def work(client: AsyncOpenAI) -> None:
        with pytest.raises(BadRequestError):
            await client.post("/batches", content=content, cast_to=object)

    run(work)


def test_a_batchs_own_output_is_no_input() -> None:
    async def work(client: AsyncOpenAI) -> None:
        batch = await finish(client, await create(client, jsonl(orders(1))))
        with pytest.raises(BadRequestError, match="batch_output"):
            await client.batches.create(
                input_file_id=str(batch.output_file_id),
                endpoint="/v1/chat/completions",
                completion_window="24h",
            )

    run(work)


def test_each_server_has_files_and_batches_of_its_own() -> None:
    async def main() -> None:
        async with teacher() as one, teacher() as other:
            await create(one, jsonl(orders(1)))
            assert (await other.batches.list()).data == []

    asyncio.run(main())
