"""Another model under the same name: noticed, and its answers kept apart."""

from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import Call, ChatServer, Reply, say, settings
from tests.teacher.asking import ask, keys
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.ledger import Ledger
from understudy.teacher.served import Fingerprints, as_last_served, read_identity

SMALL = {"meta": {"n_params": 135, "size": 91, "n_vocab": 49}}
LARGE = {"meta": {"n_params": 360, "size": 250, "n_vocab": 49}}


def serve(server: ChatServer, told: dict[str, Any], says: str) -> TeacherParams:
    server.models = [{"id": "double", "object": "model", "created": len(server.calls), **told}]
    server.script = lambda call: say(f"{says} {call.prompt}")
    return TeacherParams(**settings(server.url))


def texts(prompts: list[str], teacher: TeacherParams, path: Path) -> list[str]:
    return [answer.text for answer in ask(prompts, teacher, path)]


def test_answers_of_another_model_are_kept_apart_and_come_back_with_it(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer() as server:
        assert texts(["a"], serve(server, {}, "first"), path) == ["first a"]  # told by nobody
        assert texts(["a", "b"], serve(server, SMALL, "small"), path) == ["first a", "small b"]
        assert "warning" not in capsys.readouterr().err
        found = texts(["a", "b", "c"], serve(server, LARGE, "large"), path)
        assert found == ["large a", "large b", "large c"]
        assert (
            "warning: teacher.model = double: the endpoint serves another model under this name "
            "than before (n_params 135, now 360, size 91, now 250); its answers are kept apart "
            "from the earlier ones"
        ) in capsys.readouterr().err.replace("\n", " ")
        teacher = serve(server, LARGE, "none")
        assert texts(["a", "c"], teacher, path) == ["large a", "large c"]
        back = serve(server, SMALL, "small")
        assert texts(["a", "b", "d"], back, path) == ["first a", "small b", "small d"]
        asked = [call.prompt for call in server.calls]
        assert (asked[:2], set(asked[2:5]), asked[5:]) == (["a", "b"], {"a", "b", "c"}, ["d"])


@pytest.mark.parametrize(
    ("told", "other"),
    [
        ({"root": "/srv/one.gguf"}, {"root": "/srv/two.gguf"}),
        ({"digest": "1a"}, {"digest": "2b"}),
        ({"details": {"parameter_size": "135M"}}, {"details": {"parameter_size": "360M"}}),
    ],
)
def test_what_other_servers_tell_counts_as_well(
    told: dict[str, Any], other: dict[str, Any], path: Path
) -> None:
    with ChatServer() as server:
        assert texts(["a"], serve(server, told, "one"), path) == ["one a"]
        assert texts(["a", "b"], serve(server, other, "two"), path) == ["two a", "two b"]


def test_what_changes_without_another_model_asks_nothing_again(path: Path) -> None:
    with ChatServer() as server:
        told = {**SMALL, "max_model_len": 2048, "fingerprint": "fp_1"}
        texts(["a"], serve(server, told, "one"), path)
        told = {**SMALL, "max_model_len": 4096, "fingerprint": "fp_2", "root": "double"}
        assert texts(["a", "b"], serve(server, told, "two"), path) == ["one a", "two b"]


def test_the_digest_of_ollama_is_looked_up(path: Path) -> None:
    class Ollama(ChatServer):
        digest = "sha256:1"

        def find(self, request: Any) -> Reply:
            if request.route == "/api/tags":
                return Reply({"models": [{"name": "double:latest", "digest": self.digest}]})
            return super().find(request)

    with Ollama() as server:
        owned = {"owned_by": "library"}
        assert texts(["a"], serve(server, owned, "one"), path) == ["one a"]
        server.digest = "sha256:2"
        assert texts(["a", "b"], serve(server, owned, "two"), path) == ["two a", "two b"]


def test_an_endpoint_that_tells_nothing_has_the_usual_keys_and_no_line(path: Path) -> None:
    with ChatServer() as server:
        teacher = serve(server, {"owned_by": "x"}, "one")
        texts(["a"], teacher, path)
        with Ledger(path) as ledger:
            assert list(ledger.models()) == []
            assert keys(["a"], as_last_served(teacher, ledger)) == keys(["a"], teacher)
    assert read_identity({"id": "m", "root": "m", "created": 7, "meta": None, "size": None}) == {}


def test_versions_that_answers_tell_are_counted_and_cost_nothing(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def script(call: Call) -> Reply:
        return say("x", model=f"m-{min(call.number, 2)}")

    with ChatServer(script) as server:
        teacher = TeacherParams(**settings(server.url))
        ask(["a", "b", "c"], teacher, path)
        ask(["a", "b", "c"], teacher, path)
        assert len(server.calls) == 3
    assert "come from 2 versions (2 m-2, 1 m-1)" in capsys.readouterr().err
    prints = Fingerprints()
    for name in ("fp_a", "fp_a", None, "fp_b"):
        prints.take({"model": "m", "system_fingerprint": name})
    assert prints.describe() == "its answers come from 3 versions (2 m fp_a, 1 m, 1 m fp_b)"
