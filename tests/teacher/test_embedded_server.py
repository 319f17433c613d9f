"""The embedded teacher: chat completions, and which instruction it takes a prompt for."""

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.teacher import test_embedded_language as embedded_language
from understudy.rows.sample.article import sample_rows
from understudy.teacher.embedded.expand import expand
from understudy.teacher.embedded.replies import MODEL, RULES, count_tokens, cut, reply
from understudy.teacher.embedded.server import serve
from understudy.teacher.embedded.summarize import summarize
from understudy.teacher.prompts import Prompt

ROOT = Path(__file__).parents[2]
HIGHLIGHTS = embedded_language.HIGHLIGHTS[1]
ARTICLE = embedded_language.ARTICLE
Content = dict[str, Any] | bytes


def send(path: str, data: bytes | None = None) -> tuple[int, Any]:
    """The answer to a POST of these bytes, or to a GET."""
    headers = {"Content-Type": "application/json"}
    method = "GET" if data is None else "POST"

    async def main() -> tuple[int, Any]:
        async with (
            serve() as address,
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, f"{address}/{path}", data=data) as answer,
        ):
            return answer.status, await answer.json()

    return asyncio.run(main())


def post(content: Content) -> tuple[int, Any]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return send("chat/completions", data)


def chat(prompt: str, **settings: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": prompt}], **settings}


def test_the_list_of_models_has_the_one_model() -> None:
    status, body = send("models")
    assert status == 200
    assert [model["id"] for model in body["data"]] == [MODEL]


def test_a_completion_has_text_and_usage_that_adds_up() -> None:
    prompt = f"Summarize: '{ARTICLE}'"
    status, body = post(chat(prompt))
    assert status == 200
    assert body["choices"][0]["message"]["content"] == summarize(ARTICLE)
    assert body["choices"][0]["finish_reason"] == "stop"
    usage = body["usage"]
    assert usage["prompt_tokens"] == count_tokens(prompt)
    assert usage["completion_tokens"] == count_tokens(summarize(ARTICLE))
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


HM = {"role": "user", "content": "Hm."}
REFUSED: list[tuple[Content, str]] = [
    *((content, "not valid JSON") for content in (b"{", b"", b"\xff\xfe\xff")),
    *((content, "messages") for content in (b"[]", {}, {"model": MODEL})),
    *(
        ({"model": MODEL, "messages": messages}, "messages")
        for messages in ("x", ["x"], [{"role": "user"}])
    ),
    *(
        ({"model": MODEL, "messages": [HM], "max_completion_tokens": limit}, "max_completion_to")
        for limit in ("5", 0, -3, True, 1.5)
    ),
]


@pytest.mark.parametrize(("content", "said"), REFUSED)
def test_what_is_no_request_is_a_bad_one(content: Content, said: str) -> None:
    status, body = post(content)
    assert status == 400
    assert said in body["error"]["message"]


def test_an_unknown_model_or_path_is_not_found() -> None:
    status, body = post(chat("x") | {"model": "gpt-4o"})
    assert (status, body["error"]["code"]) == (404, "model_not_found")
    assert "gpt-4o" in body["error"]["message"]
    status, body = send("nonsense")
    assert status == 404
    assert "/v1/nonsense" in body["error"]["message"]


def test_half_a_character_is_answered_like_any_other_by_the_named_rules() -> None:
    status, body = post(chat("Rain fell in \ud83d ."))
    assert (status, body["model"]) == (200, f"{MODEL}-{RULES}")
    assert body["choices"][0]["message"]["content"]


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens"])
def test_a_limit_of_tokens_cuts_the_answer(name: str) -> None:
    full = post(chat(f"Summarize: '{ARTICLE}'"))[1]["choices"][0]["message"]["content"]
    status, body = post(chat(f"Summarize: '{ARTICLE}'", **{name: 5}))
    choice = body["choices"][0]
    assert status == 200
    assert choice["finish_reason"] == "length"
    assert full.startswith(choice["message"]["content"])
    assert body["usage"]["completion_tokens"] == 5


def test_a_limit_of_just_the_answers_length_cuts_nothing() -> None:
    assert cut("One, two.", 4) == ("One, two.", "stop")
    assert cut("One, two.", 3) == ("One, two", "length")


def test_the_shipped_prompts_are_recognised() -> None:
    generate, zeroshot = (
        Prompt(f"{name}.prompt", ROOT / f"prompts/{name}.txt", ["article", "highlights"])
        for name in ("generate", "zeroshot")
    )
    row = {"article": ARTICLE, "highlights": HIGHLIGHTS}
    assert reply(generate.fill(row)[0]["content"]) == expand(HIGHLIGHTS)
    assert reply(zeroshot.fill(row)[0]["content"]) == summarize(ARTICLE)


EXPAND = [
    "Please write a news article based on the following news summary. '{}'",
    'Expand these highlights into a news story: "{}"',
    "Compose an article from these facts:\n\n{}",
    "Generate a news article.\n{}",
    "Draft a story:\n{}",
]
SUMMARIZE = [
    "Please summarize the following news article. '{}'",
    "Summarise this article in three sentences:\n\n{}",
    'Write a summary of this article: "{}"',
    "Give the highlights of this story.\n\n{}",
]


def test_rewordings_of_the_shipped_prompts_are_recognised() -> None:
    for text in (HIGHLIGHTS, "It's Bob's 'big' day, says Bob .\nBob's dog won ."):
        for instruction in EXPAND:
            assert reply(instruction.format(text)) == expand(text), instruction
    for instruction in SUMMARIZE:
        assert reply(instruction.format(ARTICLE)) == summarize(ARTICLE), instruction


def test_without_a_known_instruction_a_long_text_is_summarized_and_a_short_one_expanded() -> None:
    long = f"{ARTICLE} {ARTICLE}"
    assert reply(f"TL;DR, please:\n\n{long}") == summarize(long)
    assert reply(f"News, please:\n\n{HIGHLIGHTS}") == expand(HIGHLIGHTS)


def test_words_of_the_text_are_no_instruction() -> None:
    text = "Officials summarize the summary of a report .\nThe plan drew praise ."
    assert reply(f"Write an article. '{text}'") == expand(text)
    article = f"{ARTICLE} Residents write and compose letters to generate support."
    assert reply(f"Summarize the article. '{article}'") == summarize(article)


def test_the_rules_have_the_name_that_their_answers_carry() -> None:
    """Other answers need another name: put both the new RULES and the new hash here."""
    digest = hashlib.sha256()
    for row in sample_rows("train", 300, seed=7):
        digest.update(reply(f"Write an article: '{row['highlights']}'").encode())
        digest.update(reply(f"Summarize the article: '{row['article']}'").encode())
    named = (RULES, digest.hexdigest()[:16])
    assert named == ("f055d0f53e22f30a", "9784e636e35596e5")


def test_the_rules_load_no_http_library() -> None:
    code = (
        "import sys; from understudy.teacher.embedded.replies import reply; reply('Hm.'); "
        "print('aiohttp' in sys.modules)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == "False"
