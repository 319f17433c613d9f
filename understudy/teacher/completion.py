"""Reads what an endpoint sent as an answer, whatever its shape.

Every body with status 200 that reports no error was paid for: it is in the ledger as it came, and
what is read here from its line, a later version may read better.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from understudy.contract.answers import REFUSED, STRIPPED, UNCLEAR, UNREADABLE, Answer
from understudy.teacher.reasoning import split_reasoning
from understudy.texts.encoding import to_utf8

MOST_TOKENS = 10**12
UNPARSED = "unparsed"
"""The only key of the object in which the ledger keeps a body that is no JSON, as text."""
WEB_PAGE = re.compile(r"<(?:!doctype|!--|\?xml|html|head|body)\b", re.IGNORECASE)
CHOICES = ("choices", "candidates", "generations")
REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
TEXTS = ("content", "text", "parts", "output", "response")
THOUGHTS = ("thinking", "reasoning", "summary")
THINKS = re.compile("think|thought|reason", re.IGNORECASE)
SPEAKS = re.compile(r"(?:\w+_)?text|message|", re.IGNORECASE)
"""Types of the parts of a message that are its text."""
FINISHES = ("finish_reason", "finishReason", "done_reason", "stop_reason", "status")


def failed_answer(request: str, model: str, error: str) -> Answer:
    """Stands for a call that failed for good."""
    return Answer(request, "", "", "", model, 0, 0, 0, error=error)


def refused_answer(request: str, model: str, reason: str) -> Answer:
    """Stands for a prompt that the endpoint's own filter refuses."""
    return Answer(request, "", REFUSED, reason, model, 0, 0, 0)


def keep_text(text: str) -> dict[str, str]:
    """A body that is no JSON, as the ledger keeps it."""
    return {UNPARSED: text}


def is_no_answer(text: str) -> bool:
    """Whether a body of text is nothing, or a web page: no model has sent that."""
    text = text.strip("\ufeff\0 \r\n\t")
    return not text or WEB_PAGE.match(text) is not None


def find_unpaid(body: Any) -> dict[str, Any] | None:
    """The error object that a body is, in place of an answer; None where it may be an answer."""
    parts = _list_events(body)
    if any(part.get(name) for part in parts for name in CHOICES):
        return None
    return next(
        (part for part in parts if part.get("error") or part.get("object") == "error"), None
    )


def read_completion(request: str, body: Any, batch: bool) -> Answer:
    """Reads the body of a chat completion; one that cannot be read is an answer without text."""
    whole = _unwrap(_join(_list_events(body)))
    choice = None if find_unpaid(body) else _find_choice(whole)
    usage = as_object(whole.get("usage") or whole.get("usageMetadata"))
    parts = _Parts()
    finish = _read_finish(choice or {}, whole)
    if choice is not None:
        parts.take_choice(choice)
        usage = usage or as_object(choice.get("usage"))
    is_read = bool(parts.text or parts.refusal or (choice and not parts.has_unknown))
    prompt, completion, thought = _count_tokens(usage or whole)
    cached = as_object(usage.get("prompt_tokens_details")).get("cached_tokens")
    answer = Answer(
        request=request,
        text=to_utf8(parts.text),
        finish_reason=to_utf8(finish),
        refusal=to_utf8(parts.refusal),
        model=to_utf8(whole["model"]) if isinstance(whole.get("model"), str) else "",
        prompt_tokens=prompt,
        cached_tokens=_as_count(cached),
        completion_tokens=completion,
        batch=batch,
        reasoning_tokens=min(thought or _share(parts, completion), completion),
        reading="" if is_read else UNREADABLE,
        log_probability=_sum_log_probabilities(choice or {}),
    )
    return take_off_reasoning(answer)


def take_off_reasoning(answer: Answer) -> Answer:
    """The answer without the reasoning that its text begins with, or flagged as unclear."""
    if answer.reading:  # done before
        return answer
    reasoning, text, is_unclear = split_reasoning(answer.text)
    if not (reasoning or is_unclear):
        return answer
    share = len(reasoning) / len(answer.text)
    tokens = answer.reasoning_tokens or round(share * answer.completion_tokens)
    reading = UNCLEAR if is_unclear else STRIPPED
    return replace(answer, text=text, reading=reading, reasoning_tokens=tokens)


def as_object(value: Any) -> dict[str, Any]:
    """A part of an answer that ought to be an object; empty where it is none."""
    return value if isinstance(value, dict) else {}


@dataclass
class _Parts:
    """What a message says, from parts of any nesting."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    has_unknown: bool = False

    def take_choice(self, choice: Mapping[str, Any]) -> None:
        """Takes `message`, or what stands for it."""
        message = next((choice[name] for name in ("message", "delta") if choice.get(name)), choice)
        if not isinstance(message, dict):
            self.take(message)
            return
        said = [message[name] for name in TEXTS if message.get(name) is not None]
        if said:
            self.take(next(filter(None, said), said[0]))
        elif message is choice and not any(choice.get(name) for name in FINISHES):
            self.has_unknown = True
        thought = next((message[name] for name in REASONING if message.get(name)), None)
        self.take(thought, is_thought=True)
        if isinstance(message.get("refusal"), str):
            self.refusal += message["refusal"]

    def take(self, value: Any, is_thought: bool = False) -> None:
        """Takes a text, a part, or a list of them."""
        if isinstance(value, str):
            if is_thought:
                self.reasoning += value
            else:
                self.text += value
        elif isinstance(value, list):
            for part in value:
                self.take(part, is_thought)
        elif isinstance(value, dict):
            self._take_part(value, is_thought)
        elif value is not None:
            self.has_unknown = True

    def _take_part(self, part: Mapping[str, Any], is_thought: bool) -> None:
        kind = str(part.get("type") or "")
        if kind == "refusal":
            self.refusal += str(part.get("refusal") or "")
            return
        is_thought = is_thought or part.get("thought") is True or bool(THINKS.search(kind))
        said = next((part[name] for name in (*TEXTS, *THOUGHTS) if part.get(name)), None)
        if is_thought or (SPEAKS.fullmatch(kind) and said is not None):
            self.take(said, is_thought)
        else:
            self.has_unknown = True


def _list_events(body: Any) -> list[dict[str, Any]]:
    """The objects in a body: itself, those of a list, or the events of a stream."""
    if isinstance(body, dict) and list(body) == [UNPARSED]:
        return list(_read_events(str(body[UNPARSED])))
    parts = body if isinstance(body, list) else [body]
    return [part for part in parts if isinstance(part, dict)]


def _read_events(text: str) -> Iterable[dict[str, Any]]:
    """The objects in the lines of an event stream, or of a file of JSON lines."""
    for line in re.split(r"[\r\n]+", text):
        data = line.removeprefix("data:").strip()
        if data.startswith("{"):
            try:
                event = json.loads(data)
            except ValueError:  # cut off
                continue
            yield event


def _join(events: list[dict[str, Any]]) -> dict[str, Any]:
    """One completion out of the events of a stream; a lone object as it is."""
    if len(events) < 2:
        return events[0] if events else {}
    whole, said, finish = dict(events[0]), _Parts(), None
    for event in events:
        choice = _find_choice(event) or {}
        said.take_choice(choice)
        finish = _read_finish(choice, event) or finish
        for name in ("usage", "model"):
            whole[name] = event.get(name) or choice.get(name) or whole.get(name)
    message = {"content": said.text, "reasoning": said.reasoning, "refusal": said.refusal}
    if any(_find_choice(event) is not None for event in events):
        whole["choices"] = [{"message": message, "finish_reason": finish}]
    return whole


def _find_choice(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first choice of a completion, by the name that the endpoint has for it."""
    for name in CHOICES:
        rows = body.get(name)
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            return rows[0]
    message = as_object(body.get("message"))
    if any(name in message for name in ("role", *TEXTS)) or any(
        isinstance(body.get(name), list) for name in ("content", "output")
    ):
        return dict(body)
    return None


def _unwrap(body: dict[str, Any]) -> dict[str, Any]:
    """The completion within an object such as {"data": …}; another body as it is."""
    if any(name in body for name in CHOICES):
        return body
    inside = (part for part in map(as_object, body.values()) if any(n in part for n in CHOICES))
    return next(inside, body)


def _read_finish(choice: Mapping[str, Any], body: Mapping[str, Any]) -> str:
    """Why the endpoint says that the text ends, in its own words; empty for null and nothing."""
    inner = as_object(body.get("incomplete_details")).get("reason")
    word = inner or next((choice[name] for name in FINISHES if name in choice), None)
    if isinstance(word, dict):
        word = word.get("type") or word.get("reason")
    return "" if word is None else str(word)


def _sum_log_probabilities(choice: Mapping[str, Any]) -> float | None:
    """That of all tokens of a choice, by `teacher.request: {logprobs: true}`."""
    tokens = as_object(choice.get("logprobs")).get("content")
    found = (
        [as_object(token).get("logprob") for token in tokens] if isinstance(tokens, list) else []
    )
    values = [float(value) for value in found if isinstance(value, int | float)]
    total = math.fsum(values)
    return total if values and len(values) == len(found) and -math.inf < total <= 0 else None


def _count_tokens(usage: Mapping[str, Any]) -> tuple[int, int, int]:
    """Tokens of the prompt, of the answer, and those of the answer that are reasoning."""
    prompt = _first_count(
        usage, "prompt_tokens", "input_tokens", "promptTokenCount", "prompt_eval_count"
    )
    said = _first_count(
        usage, "completion_tokens", "output_tokens", "candidatesTokenCount", "eval_count"
    )
    # Some endpoints count what a model reasons in the total only.
    rest = _first_count(usage, "total_tokens", "totalTokenCount") - prompt
    details = as_object(
        usage.get("completion_tokens_details") or usage.get("output_tokens_details")
    )
    thought = _first_count(details, "reasoning_tokens") or _first_count(usage, "thoughtsTokenCount")
    return prompt, max(said, rest), thought or max(0, rest - said if said else 0)


def _share(parts: _Parts, tokens: int) -> int:
    """How many tokens reasoning took that no usage counts, by its share of the characters."""
    size = len(parts.reasoning) + len(parts.text)
    return round(tokens * len(parts.reasoning) / size) if size else 0


def _first_count(usage: Mapping[str, Any], *names: str) -> int:
    return next((count for name in names if (count := _as_count(usage.get(name)))), 0)


def _as_count(value: Any) -> int:
    """A number of tokens that a table can hold; 0 where the endpoint says none."""
    try:
        return min(max(0, int(value or 0)), MOST_TOKENS)
    except (ValueError, TypeError, OverflowError):  # the answer is worth more than its count
        return 0
