"""The embedded teacher: chat completions, and which instruction it takes a prompt for."""

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from understudy.rows.sample.article import sample_rows
from understudy.teacher.embedded.expand import expand
from understudy.teacher.embedded.replies import MODEL, RULES, count_tokens, cut, reply
from understudy.teacher.embedded.server import serve
from understudy.teacher.embedded.summarize import summarize
from understudy.teacher.prompts import Prompt

ROOT = Path(__file__).parents[2]
HIGHLIGHTS = (
    "Mayor Ida Renn announces a $3.5 million plan to rebuild the bridge in Oakport .\n"
    "The storm destroyed 41 homes in 2012 ."
)
ARTICLE = (
    "The old stone bridge in Oakport collapsed on Monday after two days of rain, officials said. "
    "Nobody was hurt, but 41 homes lost their water supply. Mayor Ida Renn told reporters that "
    "the city would spend $3.5 million on a new bridge. The bridge was built in 1912 and carried "
    "9,000 cars a day. Engineers had warned the city about cracks in the bridge in March. "
    "Buses will take another road until June. The city has asked the state for help. Work on the "
    "new bridge is to begin in May. Shops near the river stay closed for now, their owners said."
)
Content = dict[str, Any] | bytes


async def _post(content: Content) -> tuple[int, Any]:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    async with (
        serve() as address,
        aiohttp.ClientSession() as session,
        session.post(
            f"{address}/chat/completions", data=data, headers={"Content-Type": "application/json"}
        ) as answer,
    ):
        return answer.status, await answer.json()


async def _get(path: str) -> tuple[int, Any]:
    async with (
        serve() as address,
        aiohttp.ClientSession() as session,
        session.get(f"{address}/{path}") as answer,
    ):
        return answer.status, await answer.json()


def run(work: Callable[[], Awaitable[tuple[int, Any]]]) -> tuple[int, Any]:
    async def main() -> tuple[int, Any]:
        return await work()

    return asyncio.run(main())


def post(content: Content) -> tuple[int, Any]:
    return run(lambda: _post(content))


def chat(prompt: str, **settings: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": prompt}], **settings}


def test_the_list_of_models_has_the_one_model() -> None:
    status, body = run(lambda: _get("models"))
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


def test_the_answers_model_names_the_rules_that_wrote_it() -> None:
    assert post(chat("Rain fell ."))[1]["model"] == f"{MODEL}-{RULES}"


def test_an_unknown_model_is_not_found() -> None:
    status, body = post(chat("x") | {"model": "gpt-4o"})
    assert status == 404
    assert body["error"]["code"] == "model_not_found"
    assert "gpt-4o" in body["error"]["message"]


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe\xff"])
def test_a_body_that_is_no_json_is_a_bad_request(content: bytes) -> None:
    status, body = post(content)
    assert status == 400
    assert "not valid JSON" in body["error"]["message"]


@pytest.mark.parametrize(
    "content",
    [b"[]", {}, {"model": MODEL}, {"model": MODEL, "messages": "x"},
     {"model": MODEL, "messages": ["x"]}, {"model": MODEL, "messages": [{"role": "user"}]}],
)  # fmt: skip
def test_a_body_without_messages_is_a_bad_request(content: Content) -> None:
    status, body = post(content)
    assert status == 400
    assert "messages" in body["error"]["message"]


def test_half_a_character_is_answered_like_any_other() -> None:
    status, body = post(chat("Rain fell in \ud83d ."))
    assert status == 200
    assert body["choices"][0]["message"]["content"]


def test_an_unknown_path_is_not_found_in_the_form_of_other_errors() -> None:
    status, body = run(lambda: _get("nonsense"))
    assert status == 404
    assert "/v1/nonsense" in body["error"]["message"]


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens"])
def test_a_limit_of_tokens_cuts_the_answer(name: str) -> None:
    full = post(chat(f"Summarize: '{ARTICLE}'"))[1]["choices"][0]["message"]["content"]
    status, body = post(chat(f"Summarize: '{ARTICLE}'", **{name: 5}))
    choice = body["choices"][0]
    assert status == 200
    assert choice["finish_reason"] == "length"
    assert full.startswith(choice["message"]["content"])
    assert body["usage"]["completion_tokens"] == 5


@pytest.mark.parametrize("limit", ["5", 0, -3, True, 1.5])
def test_a_limit_that_is_no_positive_number_is_a_bad_request(limit: Any) -> None:
    status, body = post(chat("x", max_completion_tokens=limit))
    assert status == 400
    assert "max_completion_tokens" in body["error"]["message"]


def test_a_limit_of_just_the_answers_length_cuts_nothing() -> None:
    assert cut("One, two.", 4) == ("One, two.", "stop")
    assert cut("One, two.", 3) == ("One, two", "length")


def test_the_same_prompt_gets_the_same_answer_twice() -> None:
    one, other = (post(chat(f"Write an article: '{HIGHLIGHTS}'"))[1] for _ in range(2))
    assert one["choices"] == other["choices"]


def test_the_shipped_prompts_are_recognised() -> None:
    generate, zeroshot = (
        Prompt(f"{name}.prompt", ROOT / f"prompts/{name}.txt", ["article", "highlights"])
        for name in ("generate", "zeroshot")
    )
    row = {"article": ARTICLE, "highlights": HIGHLIGHTS}
    assert reply(generate.fill(row)[0]["content"]) == expand(HIGHLIGHTS)
    assert reply(zeroshot.fill(row)[0]["content"]) == summarize(ARTICLE)


@pytest.mark.parametrize("text", [HIGHLIGHTS, "It's Bob's 'big' day, says Bob .\nBob's dog won ."])
@pytest.mark.parametrize(
    "instruction",
    [
        "Please write a news article based on the following news summary. '{}'",
        'Expand these highlights into a news story: "{}"',
        "Compose an article from these facts:\n\n{}",
        "Generate a news article.\n{}",
        "Draft a story:\n{}",
    ],
)
def test_rewordings_of_the_generate_prompt_are_recognised(instruction: str, text: str) -> None:
    assert reply(instruction.format(text)) == expand(text)


@pytest.mark.parametrize(
    "instruction",
    [
        "Please summarize the following news article. '{}'",
        "Summarise this article in three sentences:\n\n{}",
        'Write a summary of this article: "{}"',
        "Give the highlights of this story.\n\n{}",
    ],
)
def test_rewordings_of_the_zeroshot_prompt_are_recognised(instruction: str) -> None:
    assert reply(instruction.format(ARTICLE)) == summarize(ARTICLE)


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
