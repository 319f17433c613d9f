"""Before the first paid call: is anybody there, is there such a model, and for how long?"""

import asyncio
import difflib
import itertools
import json
import re
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.core.errors import one_line
from understudy.teacher.endpoint import WRONG_PASSWORD, Endpoint
from understudy.teacher.errors import EndpointError
from understudy.teacher.retries import (
    FIRST_PAUSE,
    NO_CREDIT,
    RefusalError,
    RetryableError,
    RowError,
)
from understudy.teacher.waits import moment

ATTEMPTS = 3
LONGEST_PAUSE = 4.0
NOTICE = timedelta(days=90)
LATEST = ":latest"
"""What Ollama adds to a model's name where none is given."""
FOLDER = "models/"
"""What Gemini's list puts before the names."""
OLLAMA = "library"
"""Who owns a model in Ollama's list."""
NOT_FOUND = 404
NAMES = ("id", "name", "model")
SHOWN = 8
START_SECONDS = 30.0
"""How long a server that has never answered is waited for where it refuses the connection."""
PATIENCE = 20.0
"""Seconds for the list; it costs nothing to do without."""
MOST_BYTES = 16 * 10**6
"""A longer list is none."""


async def check_endpoint(endpoint: Endpoint, params: TeacherParams) -> None:
    """Asks for the list of models, where the endpoint has one.

    The list is a hint: routers, gateways and local servers answer to names that it lacks. So such a
    name is a warning on stderr, and the first call decides; its error then has the hint too. A
    model that will be shut down within NOTICE is a warning as well.

    Raises:
        EndpointError: the account is empty, or nobody answers.
    """
    if params.base_url == EMBEDDED:
        return
    models = await _list_models(endpoint, min(params.wait_seconds, START_SECONDS))
    # Azure lists models, while its calls name deployments.
    if not models or params.api_version is not None:
        return
    model = find_model(params.model, models)
    endpoint.model = model or (next(iter(models.values())) if len(models) == 1 else None)
    if model is not None and model.get("owned_by") == OLLAMA:
        endpoint.model = {**model, **await _find_tag(endpoint, params.model)}
    if model is None:
        endpoint.hint = _describe_models(params.model, list(models))
        print(
            f"warning: teacher.model = {params.model}: {endpoint.hint}; the first call will tell",
            file=sys.stderr,
        )
    elif warning := warn_of_shutdown(model, datetime.now(UTC).date()):
        print(f"warning: teacher.model = {params.model}: {warning}", file=sys.stderr)


def find_model(name: str, models: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The entry of a list that a name stands for; one with wildcards stands for many names."""
    exact = (name, name + LATEST, FOLDER + name)
    found = next((models[one] for one in exact if one in models), None)
    patterns = (one for one in models if "*" in one)
    return found or next((models[one] for one in patterns if fnmatchcase(name, one)), None)


def _describe_models(name: str, known: list[str]) -> str:
    """What a list says that lacks a name, with names like it."""
    parts = {one: one for one in known} | {re.split(r"[/:]", one)[-1]: one for one in known}
    close = dict.fromkeys(parts[one] for one in difflib.get_close_matches(name, parts, n=3))
    others = ", ".join(known[:SHOWN]) + (", …" if len(known) > SHOWN else "")
    near = f"did you mean {' or '.join(close)}?" if close else f"it has {others}"
    count = "the only model" if len(known) == 1 else f"one of the {len(known)} models"
    return one_line(f"not {count} in the endpoint's list ({near})")


def warn_of_shutdown(model: dict[str, Any], today: date) -> str | None:
    """Returns a warning for a model whose `shutdown_date` is near, else None."""
    given = model.get("shutdown_date")
    try:
        if isinstance(given, int | float) and not isinstance(given, bool):
            shutdown = datetime.fromtimestamp(given, UTC).date()
        else:
            shutdown = date.fromisoformat(str(given)[:10])
    except (ValueError, OverflowError, OSError):
        return None
    if shutdown > today + NOTICE:
        return None
    days = (shutdown - today).days
    when = "today" if days == 0 else "already past" if days < 0 else f"in {days} days"
    return f"the endpoint shuts it down on {shutdown} ({when})"


async def _list_models(endpoint: Endpoint, wait: float) -> dict[str, dict[str, Any]]:
    """Models by name; empty where the endpoint has no such list, or does not show it in time."""
    end = asyncio.get_running_loop().time() + wait
    for attempt in itertools.count(1):
        try:
            return _read_models(endpoint, await _get_models(endpoint))
        except RetryableError as error:
            if error.maybe_billed:  # somebody is there
                return {}
            refused = "refused" in error.reason or "Connect call failed" in error.reason
            waits = refused and asyncio.get_running_loop().time() < end
            if attempt >= ATTEMPTS and not waits:
                raise endpoint.unreachable(error.reason) from None
            if attempt == 1 and waits:
                said = f"{endpoint.address}: {error.reason}; waiting for the server until"
                print(f"{said} {moment(wait)}, Ctrl-C ends the run", file=sys.stderr)
        await asyncio.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)))
    raise AssertionError("unreachable")


async def _find_tag(endpoint: Endpoint, name: str) -> dict[str, Any]:
    """What Ollama's own list tells of a model, its digest above all; empty if it tells nothing."""
    import httpx2

    route = endpoint.address.rstrip("/").removesuffix("/v1") + "/api/tags"
    try:
        async with endpoint.translated_errors(PATIENCE):
            raw = await endpoint.client.get(route, cast_to=httpx2.Response)
            return find_model(name, _read_models(endpoint, raw.content)) or {}
    except (EndpointError, RetryableError, RowError, RefusalError):
        return {}


async def _get_models(endpoint: Endpoint) -> bytes:
    """The body of the list; empty where the endpoint has, or shows, none."""
    import httpx2
    import openai

    content = b""
    async with endpoint.translated_errors(PATIENCE):
        try:
            async with endpoint.client.models.with_streaming_response.list() as response:
                async for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        return b""
        except openai.APIStatusError as error:
            if error.status_code == WRONG_PASSWORD or NO_CREDIT in (error.code, error.type):
                raise
            endpoint.has_v1 = error.status_code != NOT_FOUND
            return b""
        except httpx2.HTTPError:  # the client translates none once it streams
            return b""
    return content


def _read_models(endpoint: Endpoint, content: bytes) -> dict[str, dict[str, Any]]:
    """The models of a list that is whole, in the forms of OpenAI, Ollama, Gemini and Together."""
    if content.lstrip().startswith(b"<"):
        raise endpoint.unreachable("a web page answers there")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if isinstance(body, dict):
        if body.get("has_more") or body.get("nextPageToken"):
            return {}
        body = body.get("data") or body.get("models")
    named = (
        (next((row[name] for name in NAMES if isinstance(row.get(name), str)), ""), row)
        for row in (body if isinstance(body, list) else [])
        if isinstance(row, dict)
    )
    return {name: row for name, row in named if name}
