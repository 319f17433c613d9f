"""understudy serve: a real process, asked by the real openai client, answers as predict does."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import httpx2
import openai
import pytest

from tests.imports import ROOT
from tests.students import toy_pairs
from understudy.contract.params.export import CONVERTED
from understudy.contract.params.serve import ServeParams
from understudy.core.errors import StudentError, UnderstudyError
from understudy.serving.monitoring import Meters
from understudy.tools.hosting import open_app
from understudy.tools.serve import main
from understudy.tools.summarize import summarize_file

PROMPT = "Please summarize the following news article. '{}'"
ARTICLES = list(toy_pairs(64, seed=7)["article"])


@dataclass(frozen=True)
class Server:
    """A running `understudy serve`."""

    process: "subprocess.Popen[str]"
    address: str

    def ask(self, article: str, **more: Any) -> str:
        """A chat completion's text."""
        return complete(self, article, **more).choices[0].message.content or ""

    def metric(self, name: str) -> float:
        """The sum of a figure of /metrics."""
        text = httpx2.get(self.address.removesuffix("v1") + "metrics").text
        lines = [line for line in text.splitlines() if line.partition("{")[0].split()[0] == name]
        return sum(float(line.split()[-1]) for line in lines)


def complete(server: Server, article: str, **more: Any) -> Any:
    """A chat completion, by the openai client."""
    with openai.OpenAI(base_url=server.address, api_key="unused", max_retries=0) as client:
        return client.chat.completions.create(model="a", messages=messages(article), **more)


def messages(article: str) -> Any:
    return [{"role": "user", "content": PROMPT.format(article)}]


@contextmanager
def serving(model: Path, *options: str, **variables: str) -> Iterator[Server]:
    """Runs the command on a free port while the block runs; on stderr it says where it listens."""
    process = subprocess.Popen(
        command(model, *options), stderr=subprocess.PIPE, text=True, cwd=model.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
    )  # fmt: skip
    assert process.stderr is not None
    rest = threading.Thread(target=process.stderr.read)  # a full pipe would stop the server
    try:
        lines = map(json.loads, process.stderr)
        address = next(line["address"] for line in lines if line["event"] == "listening")
        rest.start()
        httpx2.get(address.removesuffix("v1") + "readyz", timeout=60).raise_for_status()
        yield Server(process, address)
    finally:
        process.terminate()
        process.wait(timeout=60)
        rest.join()
        process.stderr.close()


def command(model: Path, *options: str) -> list[str]:
    python = [sys.executable, "-m", "understudy.tools"]
    prompt = str(ROOT / "prompts/zeroshot.txt")
    given = ["--port", "0", "--prompt", prompt, *options]
    return [*python, "serve", "--model", str(model), *given]


@pytest.fixture(scope="module")
def server(t5_toy: Path) -> Iterator[Server]:
    with serving(t5_toy) as running:
        yield running


@pytest.fixture(scope="module")
def predicted(t5_toy: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What `understudy predict` says of the articles."""
    folder = tmp_path_factory.mktemp("predicted")
    lines = [json.dumps({"id": str(row), "article": text}) for row, text in enumerate(ARTICLES)]
    (folder / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    summarize_file(t5_toy, folder / "in.jsonl", folder / "out.jsonl", "article", 8192)
    written = (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["prediction"] for line in written]


def test_answers_are_those_of_predict_with_all_in_flight(
    server: Server, predicted: list[str]
) -> None:
    async def ask_all() -> Sequence[str | None]:
        async with openai.AsyncOpenAI(base_url=server.address, api_key="unused") as client:
            asked = [
                client.chat.completions.create(model="any", messages=messages(article))
                for article in ARTICLES
            ]
            return [one.choices[0].message.content for one in await asyncio.gather(*asked)]

    assert asyncio.run(ask_all()) == predicted
    assert len(set(predicted)) > 20
    assert server.metric("understudy_batch_size_count") < server.metric("understudy_batch_size_sum")


def test_a_stream_adds_up_to_the_same_answer(server: Server, predicted: list[str]) -> None:
    options: Any = {"stream": True, "stream_options": {"include_usage": True}}
    with openai.OpenAI(base_url=server.address, api_key="unused") as client:
        asked = messages(ARTICLES[0])
        chunks = list(client.chat.completions.create(model="a", messages=asked, **options))
    text = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert text == predicted[0]
    assert chunks[-1].usage.completion_tokens > 0


def test_the_client_raises_its_own_errors(server: Server) -> None:
    with openai.OpenAI(base_url=server.address, api_key="unused", max_retries=0) as client:
        with pytest.raises(openai.UnprocessableEntityError, match="not the task's prompt"):
            client.chat.completions.create(
                model="a", messages=[{"role": "user", "content": "Tell me a joke."}]
            )
        with pytest.raises(openai.BadRequestError, match="Invalid 'n'"):
            client.chat.completions.create(model="a", messages=messages("A."), n=0)
        with pytest.raises(openai.UnprocessableEntityError, match="input is empty"):
            client.chat.completions.create(model="a", messages=messages(" "))
        assert [one.id for one in client.models.list()] == ["t5-toy"]


def test_an_answer_is_cut_by_the_students_tokens(server: Server, predicted: list[str]) -> None:
    completion = complete(server, ARTICLES[0], max_tokens=3)
    [choice] = completion.choices
    assert choice.finish_reason == "length"
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 3
    assert 0 < len(choice.message.content or "") < len(predicted[0])
    assert predicted[0].startswith(choice.message.content or "-")


def test_a_key_is_asked_for_and_personal_data_is_replaced_as_in_training(
    t5_toy: Path, tmp_path: Path
) -> None:
    copy = copytree(t5_toy, tmp_path / "t5-copy")
    kinds = {"emails": True, "phones": False, "cards": False, "names": False}
    (copy / "redact.json").write_text(json.dumps(kinds), encoding="utf-8")
    with serving(copy, "--log-texts", UNDERSTUDY_SERVE_KEY="secret") as running:
        with pytest.raises(openai.AuthenticationError, match="UNDERSTUDY_SERVE_KEY"):
            running.ask("A.")
        with openai.OpenAI(base_url=running.address, api_key="secret") as client:
            answers = [
                client.chat.completions.create(model="a", messages=messages(text))
                for text in ("Write to anna@example.org today.", "Write to [EMAIL] today.")
            ]
        said = [one.choices[0].message.content for one in answers]
        assert said[0] == said[1]
        assert answers[0].usage == answers[1].usage


def test_workers_share_the_port_and_end_with_0(t5_toy: Path, predicted: list[str]) -> None:
    with serving(t5_toy, "--workers", "2", "--threads", "1") as running:
        assert [running.ask(article) for article in ARTICLES[:8]] == predicted[:8]
        name = "understudy_requests_total"
        assert running.metric(name) >= 8  # of both workers
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0


def refuse(model: Path, *options: str, **variables: str) -> str:
    """What a server that cannot start says; it exits with 1."""
    done = subprocess.run(
        command(model, *options),
        capture_output=True,
        text=True,
        cwd=model.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


def test_a_model_that_is_half_written_is_one_line(t5_toy: Path, tmp_path: Path) -> None:
    half = copytree(t5_toy, tmp_path / "half")
    weights = half / CONVERTED / "model.bin"
    weights.write_bytes(weights.read_bytes()[:1000])
    said = refuse(half, "--workers", "2")
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    assert "not a usable model" in errors[0]
    assert "Traceback" not in said


def test_a_model_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StudentError, match=r"models/none: no such folder; expected a model folder"):
        main(["--model", "models/none"])
    with pytest.raises(StudentError, match=r"no config\.json in it"):
        main(["--model", str(tmp_path)])


def test_an_address_or_a_prompt_that_cannot_be_used_is_one_line(
    t5_toy: Path, tmp_path: Path
) -> None:
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("Summarize.", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option, value, told in (
            ("--port", port, f"127.0.0.1:{port}: cannot listen there"),
            ("--host", "0.0.0.0", "--host 0.0.0.0: other machines reach this address"),
            ("--prompt", str(prompt), f"--prompt = {prompt}: found no variable"),
        ):
            said = refuse(t5_toy, option, value)
            assert said.startswith(f"error: {told}")
            assert len(said.splitlines()) == 1


def test_a_symlink_that_is_moved_and_sighup_put_another_model_in_place(
    t5_toy: Path, tmp_path: Path
) -> None:
    copytree(t5_toy, tmp_path / "t5-second")
    current, following = tmp_path / "current", tmp_path / "next"
    current.symlink_to(t5_toy)
    following.symlink_to("t5-second")
    with serving(current) as server, httpx2.Client(base_url=server.address) as client:
        before = client.post("summaries", json={"article": ARTICLES[0]}).json()
        following.replace(current)
        os.kill(server.process.pid, signal.SIGHUP)
        while client.get("models").json()["data"][0]["id"] != "t5-second":
            pass
        after = client.post("summaries", json={"article": ARTICLES[0]}).json()
    assert (before["model"], after["model"]) == ("t5-toy", "t5-second")
    assert before["summary"] == after["summary"]


def cut(name: str) -> Callable[[Path], object]:
    """Leaves the first half of a file."""

    def half(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return half


BREAKS: dict[str, Callable[[Path], object]] = {
    "no folder": rmtree,
    "no config": lambda folder: (folder / "config.json").unlink(),
    "half a config": cut("config.json"),
    "nothing converted": lambda folder: rmtree(folder / CONVERTED),
    "half a converted model": cut(f"{CONVERTED}/model.bin"),
    "half a check": cut(f"{CONVERTED}/check.json"),
    "other weights": cut("model.safetensors"),
    "half a tokenizer": cut("tokenizer.json"),
    "half a beam search": cut("generation_config.json"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_folder_that_is_half_written_takes_no_models_place(
    name: str, t5_toy: Path, tmp_path: Path
) -> None:
    half = copytree(t5_toy, tmp_path / "half")
    BREAKS[name](half)
    with pytest.raises(UnderstudyError, match="half"):
        open_app(
            half, ROOT / "prompts/zeroshot.txt", None, ServeParams(), None, False, meters=Meters()
        )
