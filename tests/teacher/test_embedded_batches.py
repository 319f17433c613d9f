"""The embedded teacher's files and batches, through the real client."""

import asyncio
import inspect
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from openai.types import Batch, FileObject

from understudy.teacher.embedded.replies import MODEL
from understudy.teacher.embedded.server import serve

ENDPOINT = "/v1/chat/completions"
FINAL = ("failed", "completed", "cancelled")
HIGHLIGHTS = "Mayor Ida Renn opens a bridge in Oakport .\nIt cost $3.5 million in 2012 ."
RequestLine = dict[str, Any]
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


def through_client(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """A test that gets a client of a server of its own first."""

    def run_test(**given: Any) -> None:
        run(lambda client: test(client, **given))

    signature = inspect.signature(test)
    others = list(signature.parameters.values())[1:]
    run_test.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
    return run_test


def request(name: str, **changes: Any) -> RequestLine:
    """A line of an input file; `changes` are to the call."""
    prompt = f"Write an article: '{name} wins .\n{HIGHLIGHTS}'"
    call = {"model": MODEL, "messages": [{"role": "user", "content": prompt}]} | changes
    return {"custom_id": name, "method": "POST", "url": ENDPOINT, "body": call}


def requests(count: int) -> list[RequestLine]:
    return [request(f"request-{number}") for number in range(count)]


def jsonl(lines: list[RequestLine]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


async def upload(client: AsyncOpenAI, content: bytes) -> FileObject:
    return await client.files.create(file=("requests.jsonl", content), purpose="batch")


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


@through_client
async def test_an_uploaded_file_is_read_as_it_was(client: AsyncOpenAI) -> None:
    content = jsonl(requests(2))
    file = await upload(client, content)
    assert (file.filename, file.bytes, file.purpose) == (
        "requests.jsonl",
        len(content),
        "batch",
    )
    assert (await client.files.content(file.id)).read() == content


@through_client
async def test_a_large_file_is_taken_and_given_back(client: AsyncOpenAI) -> None:
    content = jsonl([request("one", padding="x" * 3_000_000)])
    file = await upload(client, content)
    assert (await client.files.content(file.id)).read() == content


@through_client
async def test_a_batch_is_answered_as_the_live_endpoint_answers(client: AsyncOpenAI) -> None:
    lines = [*requests(3), request("short", max_completion_tokens=5)]
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


@through_client
async def test_a_batch_goes_through_its_statuses_in_order_and_counts_what_is_done(
    client: AsyncOpenAI,
) -> None:
    batch = await create(client, jsonl(requests(60)))
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


@through_client
async def test_blank_lines_are_no_requests(client: AsyncOpenAI) -> None:
    content = jsonl(requests(2)).replace(b"\n", b"\r\n\r\n")
    batch = await finish(client, await create(client, content))
    assert len(await read(client, batch.output_file_id)) == 2


@through_client
async def test_a_batch_is_found_in_the_list_by_its_metadata(client: AsyncOpenAI) -> None:
    made = [await create(client, jsonl(requests(1)), {"run": name}) for name in ("a", "b", "c")]
    found = [b.id async for b in client.batches.list() if (b.metadata or {})["run"] == "b"]
    assert found == [made[1].id]


@through_client
async def test_batches_are_listed_in_pages_newest_first(client: AsyncOpenAI) -> None:
    made = [(await create(client, jsonl(requests(1)))).id for _ in range(5)]
    page = await client.batches.list(limit=2)
    assert [batch.id for batch in page.data] == [made[4], made[3]]
    assert page.has_more
    last = await client.batches.list(limit=2, after=made[2])
    assert ([batch.id for batch in last.data], last.has_more) == ([made[1], made[0]], False)
    assert [batch.id async for batch in client.batches.list(limit=2)] == made[::-1]


def test_the_servers_end_ends_the_work_on_batches() -> None:
    async def main() -> None:
        async with teacher() as client:
            batch = await create(client, jsonl(requests(600)))
            assert batch.status == "validating"
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


@through_client
async def test_live_calls_are_answered_while_a_batch_is_worked_off(client: AsyncOpenAI) -> None:
    batch = await create(client, jsonl(requests(200)))
    assert (await client.chat.completions.create(**request("live")["body"])).choices
    assert (await client.batches.retrieve(batch.id)).status not in FINAL


def test_each_server_has_files_and_batches_of_its_own() -> None:
    async def main() -> None:
        async with teacher() as one, teacher() as other:
            await create(one, jsonl(requests(1)))
            assert (await other.batches.list()).data == []

    asyncio.run(main())
