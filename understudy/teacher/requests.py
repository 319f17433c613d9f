"""A row's question, the request that asks it, and the key under which its answer is kept.

A stage yields a `Question` per row. `build_requests` turns each into a `Request`, which carries its
row, its canonical bytes, its key and its worst-case price through the run.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as make_field
from typing import Any

from understudy.contract.label_reader import LabelReader
from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.teacher.embedded.replies import RULES
from understudy.teacher.errors import PromptError
from understudy.teacher.money import worst_case_usd

Message = dict[str, str]
"""One message of a prompt: its `role` and its `content`."""
OURS = ("endpoint", "sample")
"""Parts of a request that make its key, and that the API does not get."""
EMBEDDED_RULES = f"{EMBEDDED}:{RULES}"
"""The embedded teacher's name."""


@dataclass(frozen=True)
class Question:
    """One row of a stage's input and the prompt that asks about it."""

    messages: tuple[Message, ...]
    row: Mapping[str, Any] = make_field(default_factory=dict)
    """The row as its table has it, with its `id`."""
    split: str = ""
    settings: Mapping[str, Any] = make_field(default_factory=dict)
    """What the prompt's template sends beside its messages."""
    sample: int = 1
    """Counts the answers to one prompt, from 1; each is asked and paid for on its own."""
    field: str | None = None
    """The dotted path of the text in a JSON answer; None where the answer is the text."""
    labels: LabelReader | None = None
    """Reads the text as a label; None where it is a text."""

    @classmethod
    def of(cls, text: str, row: Mapping[str, Any] | None = None, split: str = "") -> "Question":
        """A question that is one user message."""
        return cls(({"role": "user", "content": text},), row or {}, split)

    @property
    def text(self) -> str:
        """What all messages say, one below the other."""
        return "\n".join(message["content"] for message in self.messages)


@dataclass(frozen=True)
class Request:
    """Everything the answer to a question depends on; never the API key."""

    question: Question
    content: Mapping[str, Any]
    """Endpoint, model, settings and messages, as the ledger records them."""
    canonical: bytes = make_field(repr=False)
    """The content as JSON whose bytes do not depend on the order of keys."""
    key: str
    """`sha256:` and the hash of `canonical`."""
    worst_usd: float
    """US dollars that no answer exceeds; infinite where nothing bounds it."""

    @property
    def body(self) -> dict[str, Any]:
        """What the chat completions API receives."""
        body = {name: value for name, value in self.content.items() if name not in OURS}
        if self.content["endpoint"] == EMBEDDED_RULES and "sample" in self.content:
            body["seed"] = self.content["sample"]  # rules answer the same, unless told to differ
        return body


def canonical(value: Any) -> bytes:
    """JSON in UTF-8 whose bytes do not depend on the order of keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # lone surrogates become question marks


def content_key(content: Mapping[str, Any] | bytes) -> str:
    """The key of a request with this content, or with these canonical bytes."""
    data = content if isinstance(content, bytes) else canonical(content)
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest(key: str) -> bytes:
    """The 32 bytes of a key's hash, which take less room than the key."""
    return bytes.fromhex(key.removeprefix("sha256:"))


def build_requests(questions: Iterable[Question], params: TeacherParams) -> Iterator[Request]:
    """Yields one request per question.

    Raises:
        PromptError: the prompt's template and teacher.request set the same key.
    """
    fixed = {"endpoint": endpoint_identity(params), "model": params.model, **params.request}
    for question in questions:
        check_settings(question.settings, params)
        content = {**fixed, **question.settings, "messages": list(question.messages)}
        if question.sample > 1:
            content["sample"] = question.sample
        data = canonical(content)
        yield Request(question, content, data, content_key(data), worst_case_usd(len(data), params))


def check_settings(settings: Mapping[str, Any], params: TeacherParams) -> None:
    """Raises PromptError where a prompt's template and teacher.request set the same key."""
    for name in params.request.keys() & settings.keys():
        raise PromptError(
            f"teacher.request.{name}: the prompt's template sets {name}, too; delete one of them: "
            "the template's goes with its prompt, that of teacher.request with every prompt"
        )


def endpoint_identity(params: TeacherParams) -> str:
    """The endpoint's name: its address, or the version of the embedded rules."""
    endpoint = params.base_url.rstrip("/")
    variant = f"#{params.variant}" if params.variant else ""
    return EMBEDDED_RULES if endpoint == EMBEDDED else endpoint + variant


def former_keys(questions: Iterable[Question], params: TeacherParams) -> Iterator[tuple[str, str]]:
    """Pairs of a request's key with the one that it had where the address was a bare host.

    Earlier versions kept answers of `http://host` and `http://host/v1` apart.
    """
    bare = params.base_url.removesuffix("/v1")
    is_host = params.api_version is None and bare.count("/") == 2
    if is_host and not params.variant and bare != params.base_url:
        for request in build_requests(questions, params):
            yield request.key, content_key({**request.content, "endpoint": bare})


def teacher_identity(params: TeacherParams) -> str:
    """The teacher's name: endpoint and model."""
    return f"{endpoint_identity(params)} {params.model}"
