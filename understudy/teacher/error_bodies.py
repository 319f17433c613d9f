"""Reads the body of a refused call: the error object in it, and the server's own words.

Servers wrap both in many forms: `{"error": {…}}` (OpenAI), `{"detail": [{"loc", "msg"}]}`
(FastAPI), a list of errors (Gemini), `{"errors": […]}`, JSON within a string, plain text, a page.
"""

import html
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from understudy.contract.params.teacher import RESERVED
from understudy.texts.encoding import to_utf8

MOST_CHARACTERS = 300
MOST_PARTS = 3
"""Errors of one list that are quoted."""
DEEPEST = 6
SPEAKING = ("message", "detail", "error_description", "msg", "error", "errors", "title", "reason")
"""Where an object's words are, the most telling name first."""
WRAPPING = ("error", "message", "detail", "errors")
NO_WORDS = "(no explanation)"
HEADLINE = re.compile(r"<(title|h1)[^>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<(style|script).*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def unfold(value: Any, depth: int = 0) -> Any:
    """The same JSON value, with JSON that is a string within it as the value that it spells."""
    if depth > DEEPEST:
        return value
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        with suppress(ValueError, RecursionError):
            return unfold(json.loads(value), depth + 1)
    if isinstance(value, list):
        return [unfold(part, depth + 1) for part in value]
    if isinstance(value, dict):
        return {str(name): unfold(part, depth + 1) for name, part in value.items()}
    return value


def find_error(body: Any) -> dict[str, Any]:
    """The error object, whichever of the usual forms the endpoint gives it."""
    body = unfold(body)
    for _ in range(DEEPEST):
        inner = body
        if isinstance(body, list) and any(isinstance(part, dict) for part in body):
            inner = next(part for part in body if isinstance(part, dict))
        elif isinstance(body, dict):
            names = WRAPPING[:-1] if isinstance(body.get("message"), str) else WRAPPING
            inner = next((part for part in map(body.get, names) if _wraps(part)), body)
        if inner is body:
            break
        body = inner
    return body if isinstance(body, dict) else {"message": body}


def _wraps(part: Any) -> bool:
    """Whether a part of a body is where its error is; a list of FastAPI's only says more of it."""
    if isinstance(part, list):
        return any(isinstance(one, dict) and "loc" not in one for one in part)
    return isinstance(part, dict) and any(name in part for name in ("message", "error", "code"))


def say_error(error: Mapping[str, Any]) -> str:
    """The endpoint's own words in one line, with the key of params.yaml that they are about."""
    raw = error.get("metadata")
    upstream = _words(raw.get("raw")) if isinstance(raw, dict) else ""  # a router's provider
    parts = [part for part in (_words(error), upstream) if part]
    said = " ".join(to_utf8(": ".join(parts)).split())
    named = _find_param(error)
    about = f" (teacher.request.{named})" if named else ""
    return (said[:MOST_CHARACTERS] or NO_WORDS) + about


def _words(value: Any, depth: int = 0) -> str:
    """All that a value says, without its wrapping."""
    if depth > DEEPEST or value is None or isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, list):
        parts = [said for part in value if (said := _words(part, depth + 1))]
        return "; ".join(parts[:MOST_PARTS])
    if not isinstance(value, Mapping):
        return str(value)
    found = filter(None, (_words(value.get(name), depth + 1) for name in SPEAKING))
    said = ": ".join(dict.fromkeys(found))
    if said and isinstance(where := value.get("loc"), list):
        return f"{'.'.join(map(str, where))}: {said}"
    return said or _spell(value)


def _plain(text: str) -> str:
    """A text, or the headline of a web page."""
    text = text.strip()
    if not text.startswith("<"):
        return text
    headline = HEADLINE.search(text)
    return html.unescape(TAG.sub(" ", headline[2] if headline else text)).strip() or text


def _spell(value: Mapping[str, Any]) -> str:
    """What else an object tells, as JSON; nothing where it tells nothing."""
    known = {name: part for name, part in value.items() if part not in (None, "", [], {})}
    return json.dumps(known, ensure_ascii=False) if known else ""


def _find_param(error: Any, depth: int = 0) -> str | None:
    """The name in teacher.request that an error is about: its `param`, or where it looked."""
    if depth > DEEPEST:
        return None
    if isinstance(error, list):
        found = (_find_param(part, depth + 1) for part in error)
        return next(filter(None, found), None)
    if not isinstance(error, Mapping):
        return None
    where, named = error.get("loc"), error.get("param") or error.get("field")
    if isinstance(where, list) and len(where) > 1 and where[0] == "body":
        named = where[1]
    if isinstance(named, str) and re.fullmatch(r"[A-Za-z]\w*", top := re.split(r"[.\[]", named)[0]):
        return None if top in RESERVED else top
    return _find_param([error.get(name) for name in SPEAKING], depth + 1)
