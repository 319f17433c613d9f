"""Finds the variables of a prompt's template in the messages of a logged call.

The inverse of filling a template in. Where several values would make the same messages, a text
between two variables counts where it stands first: "$title: $body" ends the title at the first
colon. A variable that is alone in its message, however often, and one that another message tells,
has one value only. Every match is checked by filling it in.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from string import Template
from typing import Any

from understudy.teacher.errors import PromptError
from understudy.teacher.prompt_files import MessageTemplate

OTHER_PROMPT, TOOL_CALL, IMAGE, NO_MESSAGES = "other_prompt", "tool_call", "image", "no_messages"
MOST_TRIES = 64
"""Places of texts between variables that are tried in one message; each may read it once."""
Values = dict[str, str]


@dataclass(frozen=True)
class _Piece:
    """A part of a template: its own text, or a variable."""

    text: str
    is_variable: bool


class Matcher:
    """A template that recognises its own prompts."""

    def __init__(self, templates: Sequence[MessageTemplate]) -> None:
        """Takes a template's messages.

        Raises:
            PromptError: two variables stand side by side, so that nothing tells where one ends.
        """
        self._roles = [one.role for one in templates]
        self._pieces = [_split(one.template) for one in templates]
        for pieces in self._pieces:
            for one, other in pairwise(pieces):
                if one.is_variable and other.is_variable:
                    raise PromptError(
                        f"${one.text} and ${other.text} stand side by side, so that nothing in a "
                        "logged prompt tells where one ends; write a text between them"
                    )

    def match(self, messages: object) -> Values | None:
        """The variables of the template in a call's messages, or None where they don't fit.

        Text parts count as one text; other keys of a message, white space around the template's own
        ends and a carriage return before a line feed don't matter.

        Args:
            messages: what the call had as `messages`, whatever it is.
        """
        texts = self._read(messages)
        if texts is None:
            return None
        found = self._solve(texts)
        if found is None and any("\r\n" in text for text in texts):
            found = self._solve([text.replace("\r\n", "\n") for text in texts])
        return found

    def explain(self, messages: object) -> str | None:
        """Why a call's messages don't fit: one of this module's reasons; None where they do."""
        if not isinstance(messages, Sequence) or isinstance(messages, str) or not messages:
            return NO_MESSAGES
        if not all(isinstance(message, Mapping) for message in messages):
            return NO_MESSAGES
        if any(_is_tool_call(message) for message in messages):
            return TOOL_CALL
        if any(_has_other_part(message.get("content")) for message in messages):
            return IMAGE
        return OTHER_PROMPT if self.match(messages) is None else None

    def _read(self, messages: object) -> list[str] | None:
        """The texts of messages with the template's roles; None of others."""
        if not isinstance(messages, Sequence) or len(messages) != len(self._roles):
            return None
        texts = []
        for message, role in zip(messages, self._roles, strict=True):
            if not isinstance(message, Mapping) or message.get("role") != role:
                return None
            text = None if _is_tool_call(message) else _join(message.get("content"))
            if text is None:
                return None
            texts.append(text)
        return texts

    def _solve(self, texts: Sequence[str]) -> Values | None:
        """Reads the messages with the fewest unknown variables first, as they tell the others."""
        known: Values = {}
        left = list(zip(self._pieces, texts, strict=True))
        while left:
            left.sort(key=lambda pair: len(_unknown(pair[0], known)))
            pieces, text = left.pop(0)
            found = _find(_resolve(pieces, known), _trim(pieces, text))
            if found is None:
                return None
            known |= found
        return known


def _split(template: Template) -> list[_Piece]:
    """A template's own texts and its variables, in their order."""
    pieces, own, end = list[_Piece](), "", 0
    for mark in template.pattern.finditer(template.template):
        own += template.template[end : mark.start()]
        end = mark.end()
        if mark["escaped"] is not None:
            own += template.delimiter
            continue
        pieces += [_Piece(own, False)] if own else []
        pieces.append(_Piece(mark["named"] or mark["braced"], True))
        own = ""
    own += template.template[end:]
    return pieces + ([_Piece(own, False)] if own else [])


def _unknown(pieces: Sequence[_Piece], known: Mapping[str, str]) -> set[str]:
    return {piece.text for piece in pieces if piece.is_variable and piece.text not in known}


def _resolve(pieces: Sequence[_Piece], known: Mapping[str, str]) -> list[_Piece]:
    """The pieces with the values of known variables as texts, neighbours joined."""
    resolved, own = list[_Piece](), ""
    for piece in pieces:
        if piece.is_variable and piece.text not in known:
            resolved += [_Piece(own, False)] if own else []
            resolved.append(piece)
            own = ""
        else:
            own += known[piece.text] if piece.is_variable else piece.text
    return resolved + ([_Piece(own, False)] if own else [])


def _trim(pieces: Sequence[_Piece], text: str) -> str:
    """A message without the white space that can't be a variable's."""
    text = text if pieces[0].is_variable else text.lstrip()
    return text if pieces[-1].is_variable else text.rstrip()


def _find(pieces: Sequence[_Piece], text: str) -> Values | None:
    """The variables of one message."""
    names = _unknown(pieces, {})
    if len(names) <= 1:
        return _measure(pieces, text)
    counts = [piece.text for piece in pieces if piece.is_variable]
    tries = iter(range(MOST_TRIES if len(counts) > len(names) else len(pieces)))
    return _search(pieces, text, tries)


def _measure(pieces: Sequence[_Piece], text: str) -> Values | None:
    """The one variable, whose length follows from that of the message."""
    own = sum(len(piece.text) for piece in pieces if not piece.is_variable)
    names = [piece.text for piece in pieces if piece.is_variable]
    if not names:
        return {} if _fill(pieces, {}) == text else None
    size, rest = divmod(len(text) - own, len(names))
    if size < 0 or rest:
        return None
    start = 0 if pieces[0].is_variable else len(pieces[0].text)
    found = {names[0]: text[start : start + size]}
    return found if _fill(pieces, found) == text else None


def _search(pieces: Sequence[_Piece], text: str, tries: Iterator[int]) -> Values | None:
    """Tries the ends of the first variable, the nearest first, until `tries` are used up."""
    if len(_unknown(pieces, {})) <= 1:
        return _measure(pieces, text)
    if not pieces[0].is_variable:
        own, *rest = pieces
        is_there = text.startswith(own.text)
        return _search(rest, text[len(own.text) :], tries) if is_there else None
    variable, mark, *_ = pieces
    end = text.find(mark.text)
    for _ in tries:
        if end < 0:
            break
        value = {variable.text: text[:end]}
        found = _search(_resolve(pieces[1:], value), text[end:], tries)
        if found is not None:
            return value | found
        end = text.find(mark.text, end + 1)
    return None


def _fill(pieces: Sequence[_Piece], values: Mapping[str, str]) -> str:
    return "".join(values[piece.text] if piece.is_variable else piece.text for piece in pieces)


def _join(content: Any) -> str | None:
    """A message's text, of its parts too; None where it has anything else."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not content or _has_other_part(content):
        return None
    return "".join(part["text"] for part in content)


def _has_other_part(content: Any) -> bool:
    return isinstance(content, list) and not all(
        isinstance(part, Mapping)
        and part.get("type") == "text"
        and isinstance(part.get("text"), str)
        for part in content
    )


def _is_tool_call(message: Mapping[str, Any]) -> bool:
    is_result = message.get("role") in ("tool", "function")
    return is_result or bool(message.get("tool_calls")) or bool(message.get("function_call"))
