"""What a log holds: calls, and records that are none, each with its reason."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REASONS = {
    "not_json": "the line is no JSON in UTF-8",
    "too_large": "the record is larger than 16 MiB",
    "not_a_call": "the record is none of a chat completion",
    "not_a_generation": "an observation of Langfuse of another type",
    "no_messages": "the record has no messages, or what stands there is none",
    "image": "a message has a part that is no text",
    "no_answer": "there is no answer",
    "no_question": "no file has the input of this line of a batch",
    "ambiguous": "several inputs of a batch have this custom_id",
    "failed": "the call failed",
    "tool_call": "the answer is a call of a tool",
    "cut_off": "the answer is not said to be whole",
}
"""Why a record is no call that can be used."""


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A request of a log, with the answer to it."""

    file: str
    line: int
    """From 1; in a JSON array, the number of the element. Of a batch, the line of the answer."""
    messages: list[dict[str, Any]]
    """As they were sent; without keys that are null, and a lone part of text as a text."""
    settings: dict[str, Any]
    """What the request has beside messages, such as `model` and `temperature`."""
    completion: dict[str, Any]
    """The body of a chat completion; made up from the text where the log has no more."""
    at: str | None
    """When the call was made, in ISO 8601, where the log says so."""
    session: str | None
    """What calls that belong together have in common."""
    origin: str
    """The shape of the record: `openai`, `batch`, `litellm`, `langfuse` or `finetuning`."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that is no call, or not one that can be used."""

    file: str
    line: int
    reason: str
    """One of REASONS."""
    detail: str
    """More of the reason, in the reader's words: never a text of the log."""


class RejectedError(Exception):
    """A record is none that can be used."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass
class LogCounts:
    """Where the records went: `read == calls + batch_inputs + rejected`, once all is read."""

    read: int = 0
    """Lines that are not blank, or elements of a JSON array."""
    calls: int = 0
    batch_inputs: int = 0
    """Lines of a batch's input whose answer is in another line, which is counted by itself."""
    rejects: Counter[str] = field(default_factory=Counter)
    """How many there are of which of REASONS."""

    @property
    def rejected(self) -> int:
        """How many records are rejects, for any reason."""
        return self.rejects.total()

    def take(self, found: LoggedCall | Reject) -> None:
        """Counts what became of a record."""
        if isinstance(found, Reject):
            self.rejects[found.reason] += 1
        else:
            self.calls += 1

    def to_record(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        rejects: Mapping[str, int] = {name: self.rejects[name] for name in REASONS}
        return {
            "read": self.read,
            "calls": self.calls,
            "batch_inputs": self.batch_inputs,
            "rejects": {name: count for name, count in rejects.items() if count},
        }
