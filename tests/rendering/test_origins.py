"""Where texts come from, in words."""

import pytest

from tests.contract.examples import make_origin
from understudy.contract.origin import FilesOrigin
from understudy.rendering.origins import list_redacted, name_host, name_origin, name_teacher

HASH = "a" * 64


def test_each_kind_of_origin_is_named() -> None:
    assert name_origin(make_origin(), ("train",)) == "Understudy's sample, an invented corpus"
    assert name_origin(make_origin("hub"), ("train",)) == (
        f"`team/news` on the Hugging Face Hub (config `3.0.0`, commit `{'d' * 40}`)"
    )


@pytest.mark.parametrize(
    ("splits", "named"),
    [
        (
            ("train", "validation"),
            f"the files `train.jsonl` (SHA-256 `{'t' * 64}`) and "
            f"`validation.jsonl` (SHA-256 `{'v' * 64}`)",
        ),
        (("test",), f"the file `test.jsonl` (SHA-256 `{'t' * 64}`)"),
    ],
)
def test_files_are_named_by_split_without_their_folder(splits: list[str], named: str) -> None:
    assert name_origin(make_origin("files"), splits) == named


@pytest.mark.parametrize("splits", [("train", "validation"), ("test",)])
def test_inputs_without_outputs_are_named_for_every_split(splits: list[str]) -> None:
    files = {"inputs": {"path": "/private/calls.jsonl", "sha256": HASH}}
    origin = FilesOrigin.model_validate({**make_origin("files").to_json(), "files": files})
    assert name_origin(origin, splits) == f"the file `calls.jsonl` (SHA-256 `{HASH}`)"


def test_inputs_stand_beside_a_gold_test_set() -> None:
    files = {
        "inputs": {"path": "calls.jsonl", "sha256": HASH},
        "test": {"path": "test.jsonl", "sha256": HASH},
    }
    origin = FilesOrigin.model_validate({**make_origin("files").to_json(), "files": files})
    assert "calls" in name_origin(origin, ("train", "validation"))
    assert "test" not in name_origin(origin, ("train", "validation"))
    assert name_origin(origin, ("train", "validation", "test")).startswith(
        "the files `calls.jsonl`"
    )


@pytest.mark.parametrize("source", ["sample", "hub", "files"])
def test_where_nothing_was_replaced_nothing_is_listed(source: str) -> None:
    assert list_redacted(make_origin(source)) == []


def test_what_was_replaced_is_listed_by_kind_nothing_found_too() -> None:
    replaced = {"emails": 3, "phones": 1, "cards": 0, "names": 0}
    content = {**make_origin("files").to_json(), "redacted": replaced}
    assert list_redacted(FilesOrigin.model_validate(content)) == [
        *(("e-mail addresses", 3), ("phone number", 1), ("card numbers", 0), ("names", 0))
    ]


def test_the_embedded_teacher_is_called_rules_and_of_an_address_the_host() -> None:
    assert name_teacher("rules-1", "embedded") == (
        "the sample's embedded rules (`rules-1`, no language model)"
    )
    assert name_teacher("gpt", "https://chat.example/v1") == "`gpt`"
    assert name_host("https://me:secret@chat.example:8443/v1?key=1") == "https://chat.example:8443"
