"""What is sent for one prompt, and the name under which its answer is kept."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.teacher.embedded.replies import RULES

Request = dict[str, Any]


def canonical(value: Mapping[str, Any]) -> bytes:
    """JSON in UTF-8 whose bytes do not depend on the order of keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # halves of characters become question marks


def request_key(request: Mapping[str, Any]) -> str:
    """The name of a request: `sha256:` and the hash of its canonical form."""
    return "sha256:" + hashlib.sha256(canonical(request)).hexdigest()


def endpoint_identity(params: TeacherParams) -> str:
    """Where answers come from: an address, or the version of the embedded rules."""
    endpoint = params.base_url.rstrip("/")
    return f"{EMBEDDED}:{RULES}" if endpoint == EMBEDDED else endpoint


def teacher_identity(params: TeacherParams) -> str:
    """Who answers: endpoint and model."""
    return f"{endpoint_identity(params)} {params.model}"


def build_requests(prompts: Iterable[str], params: TeacherParams) -> Iterator[Request]:
    """All that each answer depends on, one request a prompt; never the key."""
    fixed = {"endpoint": endpoint_identity(params), "model": params.model, **params.request}
    for prompt in prompts:
        yield {**fixed, "messages": [{"role": "user", "content": prompt}]}


def body_of(request: Request) -> dict[str, Any]:
    """What the chat completions API gets of a request."""
    return {name: value for name, value in request.items() if name != "endpoint"}
