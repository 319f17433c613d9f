"""Names and prompts from outside stay text in a data card."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import DatasetCard

from stages.datacards.card import build_card
from tests.contract.examples import make_origin
from tests.stages.carding import HOSTILE, outline
from tests.stages.datacards.examples import Surveys, answered_by, drop_answers, facts_of, teacher_at
from understudy.contract.origin import OriginFile

CHANGES: dict[str, Callable[[str], dict[str, Any]]] = {
    "writer": lambda name: {"answered": answered_by("written", model=name)},
    "word": lambda name: {"answered": answered_by("written", finish_reasons={name: 2})},
    "reason": lambda name: {"answered": drop_answers("written", name)},
    "model": lambda name: {"teacher": teacher_at("http://a", name)},
    "request": lambda name: {"teacher": teacher_at("http://a", **{name: name})},
    "dataset": lambda name: {
        "origin": make_origin("hub").model_copy(
            update={"dataset": name, "config": name, "revision": name}
        )
    },
    "file": lambda name: {
        "origin": make_origin("files").model_copy(
            update={"files": {"train": OriginFile(path=name, sha256="a" * 64)}}
        )
    },
}


@pytest.mark.parametrize("place", CHANGES)
def test_a_hostile_name_changes_neither_yaml_nor_markdown(surveys: Surveys, place: str) -> None:
    expected = DatasetCard(build_card(facts_of(surveys, **CHANGES[place]("tame"))))
    found = DatasetCard(build_card(facts_of(surveys, **CHANGES[place](HOSTILE))))
    found.text.encode("utf-8")
    assert outline(found.text) == outline(expected.text)
    keys = [[key for key, value in vars(card.data).items() if value] for card in (expected, found)]
    assert keys[0] == keys[1]


def test_a_hostile_prompt_stays_in_its_block(surveys: Surveys) -> None:
    card = DatasetCard(build_card(facts_of(surveys, prompt=HOSTILE)))
    card.text.encode("utf-8")
    [block] = re.findall(r"^(````+text\n.*?^````+)$", card.text, re.MULTILINE | re.DOTALL)
    assert "# Title" in block
    rest = card.text.replace(block, "```text\nPROMPT\n```")
    assert rest == DatasetCard(build_card(facts_of(surveys, prompt="PROMPT"))).text
    assert "license" not in vars(card.data) or not vars(card.data)["license"]
