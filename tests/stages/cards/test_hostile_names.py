"""Names from outside stay names: they change neither the YAML nor the Markdown of a model card."""

from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import ModelCard

from stages.cards.card import build_card
from tests.contract.examples import make_origin
from tests.stages.carding import HOSTILE, outline
from tests.stages.cards.examples import (
    FAILED,
    answered_by,
    facts_of,
    from_model,
    front_matter,
    settings_of,
    used_teacher,
)
from tests.stages.datacards.examples import teacher_at
from understudy.contract.names import TITLES

CHANGES: dict[str, Callable[[str], dict[str, Any]]] = {
    "model": lambda name: {"settings": from_model(name, "c" * 40)},
    "folder": lambda name: {"settings": from_model(name, None)},
    "commit": lambda name: {"settings": from_model("t5", name)},
    "dataset": lambda name: {
        "origin": make_origin("hub").model_copy(
            update={"dataset": name, "config": name, "revision": name}
        )
    },
    "teacher": lambda name: {"teacher": teacher_at("https://chat.example/v1", name)},
    "answers": lambda name: {"answered": answered_by(name), "use": used_teacher(name)},
    "why": lambda name: {"check": FAILED.model_copy(update={"why": name})},
    "version": lambda name: {"settings": settings_of(versions={name: name})},
}


@pytest.mark.parametrize("place", CHANGES)
def test_a_hostile_name_changes_neither_yaml_nor_markdown(place: str) -> None:
    expected = ModelCard(build_card(facts_of(**CHANGES[place]("tame"))))
    found = ModelCard(build_card(facts_of(**CHANGES[place](HOSTILE))))
    found.text.encode("utf-8")
    assert outline(found.text) == outline(expected.text)
    keys = [[key for key, value in vars(card.data).items() if value] for card in (expected, found)]
    assert keys[0] == keys[1]
    assert len(front_matter(str(found)).eval_results or []) == len(TITLES)
