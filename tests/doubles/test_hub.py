"""The real clients, each in a process of its own, against the Hub on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.doubles.hub import TREE_PAGE, Hub
from tests.doubles.hub_content import bart_model_files, cnn_dailymail_files, t5_model_files

CNN = "abisee/cnn_dailymail"
T5 = "google-t5/t5-small"
BART = "facebook/bart-base"
CNN_SHA = "96df5e686bee6baa90b8bee7c28b81fa3fa6223d"
MODELS = (("t5", t5_model_files), ("bart", bart_model_files))
NO_SHA = "0" * 40
ROWS: dict[str, list[dict[str, str | None]]] = {
    split: [
        {"article": f"Article {number} of {split}.", "highlights": f"Naïve — {number}.", "id": name}
        for number, name in enumerate(names)
    ]
    for split, names in {"train": "abcde", "validation": "fg", "test": "h"}.items()
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("models")
    with Hub() as hub:
        hub.add_dataset(CNN, cnn_dailymail_files(ROWS, shards=3), CNN_SHA)
        hub.add_model(T5, t5_model_files(folder / "t5"))
        hub.add_model(BART, bart_model_files(folder / "bart"))
        yield hub


def client(hub: Hub, home: Path, script: str) -> Any:
    """Run `script` as a client of `hub` with an empty cache; return the JSON it prints last."""
    process = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **hub.environment(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])


def errors(hub: Hub, home: Path, preamble: str, calls: list[str]) -> list[list[str]]:
    """Return for each call the names of what it raises: the error, then its causes."""
    script = f"""
import json
{preamble}
found = []
for call in {calls!r}:
    names = []
    try:
        eval(call)
    except Exception as error:
        while error is not None:
            names.append(type(error).__name__)
            error = error.__cause__
    found.append(names)
print(json.dumps(found))
"""
    found: list[list[str]] = client(hub, home, script)
    return found


def get(hub: Hub, path: str, headers: dict[str, str] | None = None) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection(urlsplit(hub.url).netloc, timeout=10)
    connection.request("GET", path, headers=headers or {})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_transformers_loads_both_models_at_their_sha_and_generates(
    hub: Hub, tmp_path: Path
) -> None:
    script = f"""
import json
from huggingface_hub import HfApi
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
found = []
for repo in ({T5!r}, {BART!r}):
    sha = HfApi().model_info(repo, revision="main").sha
    tokenizer = AutoTokenizer.from_pretrained(repo, revision=sha)
    model = AutoModelForSeq2SeqLM.from_pretrained(repo, revision=sha)
    inputs = tokenizer("summarize: The mayor opened a new bridge.", return_tensors="pt")
    ids = inputs["input_ids"][0].tolist()
    output = model.generate(**inputs, max_new_tokens=8, min_length=0, num_beams=2)[0].tolist()
    found.append(dict(
        ends=[ids[0], ids[-1]],
        text=tokenizer.decode(ids, skip_special_tokens=True),
        special=[tokenizer.pad_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id],
        fits=len(tokenizer) <= model.config.vocab_size,
        start=output[0],
        length=len(output),
        kind=type(model).__name__,
        no_repeat=model.generation_config.no_repeat_ngram_size,
    ))
print(json.dumps(found))
"""
    t5, bart = client(hub, tmp_path, script)
    text = "summarize: The mayor opened a new bridge."
    assert [t5["text"], bart["text"]] == [text, text]
    assert [t5["kind"], bart["kind"]] == [
        "T5ForConditionalGeneration",
        "BartForConditionalGeneration",
    ]
    assert t5["ends"][1] == 1
    assert bart["ends"] == [0, 2]
    assert [t5["special"], bart["special"]] == [[0, 1, 2], [1, 2, 3]]
    assert [t5["start"], bart["start"]] == [0, 2]
    assert [t5["no_repeat"], bart["no_repeat"]] == [None, 3]
    assert all(model["fits"] and 2 <= model["length"] <= 9 for model in (t5, bart))


def test_the_hub_tells_the_commit_behind_a_branch(hub: Hub, tmp_path: Path) -> None:
    script = f"""
import json
from datasets import load_dataset_builder
from huggingface_hub import HfApi
api = HfApi()
print(json.dumps([
    api.dataset_info({CNN!r}).sha,
    api.dataset_info({CNN!r}, revision={CNN_SHA!r}).sha,
    api.resolve_revision({CNN!r}, repo_type="dataset").resolved,
    api.list_repo_refs({CNN!r}, repo_type="dataset").branches[0].target_commit,
    load_dataset_builder({CNN!r}, "3.0.0", revision="main").hash,
]))
"""
    assert client(hub, tmp_path, script) == [CNN_SHA] * 5


def test_huggingface_hub_raises_its_typed_errors(hub: Hub, tmp_path: Path) -> None:
    preamble = "from huggingface_hub import HfApi; api = HfApi()"
    calls = [
        "api.dataset_info('abisee/nothing')",
        f"api.dataset_info({CNN!r}, revision={NO_SHA!r})",
        f"api.hf_hub_download({CNN!r}, 'nothing.txt', repo_type='dataset')",
        "api.model_info('google-t5/nothing')",
        f"api.model_info({T5!r}, revision='nothing')",
        f"api.model_info({CNN!r})",
        f"list(api.list_repo_tree({T5!r}, 'nothing'))",
    ]
    assert [names[0] for names in errors(hub, tmp_path, preamble, calls)] == [
        "RepositoryNotFoundError",
        "RevisionNotFoundError",
        "RemoteEntryNotFoundError",
        "RepositoryNotFoundError",
        "RevisionNotFoundError",
        "RepositoryNotFoundError",
        "RemoteEntryNotFoundError",
    ]


def test_transformers_names_the_hubs_error_as_the_cause_of_its_own(
    hub: Hub, tmp_path: Path
) -> None:
    preamble = "from transformers import AutoModelForSeq2SeqLM, AutoTokenizer"
    calls = [
        f"{loader}.from_pretrained({repo!r}, revision={NO_SHA!r})"
        for loader in ("AutoTokenizer", "AutoModelForSeq2SeqLM")
        for repo in ("google-t5/nothing", T5)
    ]
    repository = ["OSError", "RepositoryNotFoundError", "HTTPStatusError"]
    revision = ["OSError", "RevisionNotFoundError", "HTTPStatusError"]
    found = errors(hub, tmp_path, preamble, calls)
    assert [names[:3] for names in found] == [repository, revision, repository, revision]


def test_a_new_commit_moves_main_and_leaves_the_old_one_in_reach() -> None:
    with Hub() as hub:
        old = hub.add_dataset(CNN, {"a.txt": b"old"})
        new = hub.add_dataset(CNN, {"a.txt": b"new"})
        assert old != new
        bodies = [get(hub, f"/datasets/{CNN}/resolve/{rev}/a.txt")[1] for rev in (old, new, "main")]
    assert bodies == [b"old", b"new", b"new"]


def test_the_same_files_give_the_same_sha(tmp_path: Path) -> None:
    with Hub() as hub:
        first, second = (
            [hub.add_model(repo, files(tmp_path / f"{repo}-{copy}")) for repo, files in MODELS]
            for copy in "ab"
        )
    assert first == second


def test_a_revision_that_is_no_sha_is_refused() -> None:
    with Hub() as hub, pytest.raises(ValueError, match="'branch': expected a sha"):
        hub.add_model(T5, {}, "branch")


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-2", 206, b"89"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=10-", 416, b""),
        ("bytes=-", 200, b"0123456789"),
    ],
)
def test_a_range_is_answered_with_those_bytes(asked: str, status: int, expected: bytes) -> None:
    with Hub() as hub:
        hub.add_model(T5, {"digits.txt": b"0123456789"})
        response, body = get(hub, f"/{T5}/resolve/main/digits.txt", {"Range": asked})
    assert (response.status, body) == (status, expected)


def test_a_long_listing_comes_in_pages(tmp_path: Path) -> None:
    with Hub() as hub:
        hub.add_model(T5, {f"{number}.txt": b"" for number in range(TREE_PAGE + 1)})
        script = f"""
import json
from huggingface_hub import HfApi
print(json.dumps(len(list(HfApi().list_repo_tree({T5!r}, recursive=True, expand=True)))))
"""
        assert client(hub, tmp_path, script) == TREE_PAGE + 1
    assert len([request for request in hub.requests if "/tree/" in request]) == 2


def test_paths_info_tells_size_and_lfs_of_the_paths_asked_for(hub: Hub, tmp_path: Path) -> None:
    script = f"""
import json
from huggingface_hub import HfApi
paths = ["config.json", "model.safetensors", "nothing.txt"]
infos = HfApi().get_paths_info({T5!r}, paths)
print(json.dumps([[info.path, info.size > 0, info.lfs is not None] for info in infos]))
"""
    assert client(hub, tmp_path, script) == [
        ["config.json", True, False],
        ["model.safetensors", True, True],
    ]
