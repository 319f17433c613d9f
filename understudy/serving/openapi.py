"""The server's own description, as OpenAPI 3.1."""

from typing import Any

from understudy.serving.answering import Task
from understudy.serving.chat import ChatRequest

VERSION = "3.1.0"
PROBLEMS = {
    400: "The request cannot be read, or asks for what a student cannot do.",
    401: "The key is missing or wrong.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    415: "The body is not declared as JSON.",
    422: "The input is empty, or is not of the task.",
    429: "The queue is full, or the teacher's cap of the day reached; see retry-after.",
    500: "The student failed.",
    503: "The server is stopping, or the teacher gave no answer.",
    504: "No answer in time.",
}


def _object(**properties: Any) -> dict[str, Any]:
    """The schema of an object that has all of its properties."""
    return {"type": "object", "required": [*properties], "properties": properties}


TEXT = {"type": "string"}
SAYING = {"type": "string", "pattern": r"\S"}
MAYBE = {"type": ["string", "null"]}
COUNT = {"type": "integer", "minimum": 0}
FINISH = {"enum": ["stop", "length"]}
ERROR = _object(error=_object(message=TEXT, type=TEXT, param=MAYBE, code=MAYBE))
USAGE = _object(prompt_tokens=COUNT, completion_tokens=COUNT, total_tokens=COUNT)
MESSAGE = _object(role={"const": "assistant"}, content=TEXT)
CHOICE = _object(index=COUNT, message=MESSAGE, finish_reason=FINISH)
COMPLETION = _object(
    id=TEXT,
    object={"const": "chat.completion"},
    created=COUNT,
    model=TEXT,
    choices={"type": "array", "minItems": 1, "items": CHOICE},
    usage=USAGE,
)
SUMMARY = _object(
    id=TEXT,
    object={"const": "summary"},
    model=TEXT,
    summary=TEXT,
    finish_reason=FINISH,
    usage=USAGE,
)
MODEL = _object(id=TEXT, object={"const": "model"}, created=COUNT, owned_by=TEXT)
MODELS = _object(object={"const": "list"}, data={"type": "array", "items": MODEL})


def describe_api(task: Task) -> dict[str, Any]:
    """The document; what an input may be made of is the task's."""
    reference = "#/components/schemas/{model}"
    chat = ChatRequest.model_json_schema(ref_template=reference)
    parts = chat.pop("$defs", {})
    plain = {
        "type": "object",
        "minProperties": 1,
        "properties": dict.fromkeys(task.columns, SAYING if len(task.columns) == 1 else TEXT),
        "additionalProperties": False,
    }
    completion = {**_json(COMPLETION), "text/event-stream": {"schema": TEXT}}
    name = {"name": "name", "in": "path", "required": True, "schema": TEXT}
    text, document = {"text/plain": {"schema": TEXT}}, _json({"type": "object"})
    paths = {
        "/v1/chat/completions": {
            "post": _ask("Answers the task's prompt.", chat, completion, (*PROBLEMS,))
        },
        "/v1/summaries": {"post": _ask("Answers an input.", plain, _json(SUMMARY), (*PROBLEMS,))},
        "/v1/models": {"get": _tell("The student that answers.", _json(MODELS), (401,))},
        "/v1/models/{name}": {
            "get": {
                **_tell("The same by its name.", _json(MODEL), (401, 404)),
                "parameters": [name],
            }
        },
        "/healthz": {"get": _tell("Whether the server runs.", text)},
        "/readyz": {"get": _tell("Whether it answers.", text, (503,))},
        "/metrics": {"get": _tell("Figures for Prometheus.", text, (401,))},
        "/openapi.json": {"get": _tell("This document.", document, (401,))},
    }
    schemes = {"key": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": VERSION,
        "info": {"title": "understudy serve", "version": "1"},
        "paths": paths,
        "security": [{"key": []}, {}],
        "components": {"schemas": {**parts, "Error": ERROR}, "securitySchemes": schemes},
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _tell(about: str, content: dict[str, Any], problems: tuple[int, ...] = ()) -> dict[str, Any]:
    error = _json({"$ref": "#/components/schemas/Error"})
    named = {**PROBLEMS, 404: "There is none of that name."}
    refused = {str(code): {"description": named[code], "content": error} for code in problems}
    return {
        "summary": about,
        "responses": {"200": {"description": "Done.", "content": content}, **refused},
    }


def _ask(
    about: str, body: dict[str, Any], content: dict[str, Any], problems: tuple[int, ...]
) -> dict[str, Any]:
    asked = {"requestBody": {"required": True, "content": _json(body)}}
    return {**_tell(about, content, problems), **asked}
