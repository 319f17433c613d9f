"""Before the first paid call: is the key accepted, is there such a model, and for how long?"""

import asyncio
import difflib
import itertools
import json
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.teacher.endpoint import Endpoint, unreachable
from understudy.teacher.errors import EndpointError
from understudy.teacher.retries import FIRST_PAUSE, NO_CREDIT, RetryableError
from understudy.teacher.waits import moment

ATTEMPTS = 3
LONGEST_PAUSE = 4.0
NOTICE = timedelta(days=90)
LATEST = ":latest"
"""What Ollama adds to a model's name where none is given."""
FOLDER = "models/"
"""What Gemini's list puts before the names."""
START_SECONDS = 30.0
"""How long a server that has never answered is waited for where it refuses the connection."""
PATIENCE = 20.0
"""Seconds for the list; it costs nothing to do without."""


async def check_endpoint(endpoint: Endpoint, params: TeacherParams) -> None:
    """Asks for the list of models, where the endpoint has one.

    A model that will be shut down within NOTICE is a warning on stderr.

    Raises:
        EndpointError: the key is refused, the model unknown, or nobody answers.
    """
    if params.base_url == EMBEDDED:
        return
    models = await _list_models(endpoint, min(params.wait_seconds, START_SECONDS))
    # Azure lists models, while its calls name deployments.
    if not models or params.api_version is not None:
        return
    names = (params.model, params.model + LATEST, FOLDER + params.model)
    model = next((models[name] for name in names if name in models), None)
    if model is None:
        known = list(models)
        close = difflib.get_close_matches(params.model, known, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(known[:8])}"
        raise EndpointError(
            f"teacher.model = {params.model}: the endpoint has no such model; {hint}"
        )
    warning = warn_of_shutdown(model, datetime.now(UTC).date())
    if warning:
        print(f"warning: teacher.model = {params.model}: {warning}", file=sys.stderr)


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
    """Models by name; empty where the endpoint has no such list, or does not show it."""
    end = asyncio.get_running_loop().time() + wait
    for attempt in itertools.count(1):
        try:
            content = await _get_models(endpoint)
        except RetryableError as error:
            refused = "refused" in error.reason or "Connect call failed" in error.reason
            waits = refused and asyncio.get_running_loop().time() < end
            if attempt >= ATTEMPTS and not waits:
                raise unreachable(endpoint.address, error.reason) from None
            if attempt == 1 and waits:
                said = f"{endpoint.address}: {error.reason}; waiting for the server until"
                print(f"{said} {moment(wait)}, Ctrl-C ends the run", file=sys.stderr)
        else:
            return _read_models(endpoint, content)
        await asyncio.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)))
    raise AssertionError("unreachable")


async def _get_models(endpoint: Endpoint) -> bytes:
    """The body of the list; empty where the endpoint has, or shows, none."""
    import openai

    async with endpoint.translated_errors(PATIENCE):
        try:
            raw = await endpoint.client.models.with_raw_response.list()
        except openai.APIStatusError as error:
            if error.status_code == 401 or NO_CREDIT in (error.code, error.type):
                raise
            return b""
        content: bytes = raw.http_response.content
        return content


def _read_models(endpoint: Endpoint, content: bytes) -> dict[str, dict[str, Any]]:
    if content.lstrip().startswith(b"<"):
        raise unreachable(endpoint.address, "a web page answers there")
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    data = body.get("data") if isinstance(body, dict) else None
    rows = data if isinstance(data, list) else []
    return {str(row["id"]): row for row in rows if isinstance(row, dict) and "id" in row}
