"""Refusals anywhere in a text, and what only resembles one."""

import json
from pathlib import Path

import pytest

from tests.imports import ROOT
from understudy.texts.refusals import has_refusal

REAL = ROOT.parent / "shared" / "data" / "cnndm"


@pytest.mark.parametrize(
    "sentence",
    [
        "I cannot help with that request.",
        "I'm sorry, but I can't assist with this.",
        "I’m unable to provide a summary of the text.",
        "Unfortunately, I am not able to summarize this article.",
        "I won't generate such content.",
        "I can't do that.",
        "I cannot comply.",
        "As an AI language model, I have no opinion.",
        "As an AI, I have no opinion.",
        "I am just an AI assistant.",
        "Als KI-Sprachmodell habe ich keine Meinung.",
        "Es tut mir leid, aber ich kann das nicht zusammenfassen.",
        "Je suis désolé, mais je ne peux pas répondre.",
        "En tant que modèle de langage, je n'ai pas d'avis.",
        "Lo siento, pero no puedo ayudar con eso.",
        "Mi dispiace, ma non posso farlo.",
    ],
)
@pytest.mark.parametrize("before", ["", "The town was flooded. ", "Summary:\n", "- One.\n- "])
def test_a_sentence_of_refusal_is_found_anywhere(sentence: str, before: str) -> None:
    assert has_refusal(f"{before}{sentence} More text follows.")
    assert has_refusal(f"{before}{sentence}".upper())


@pytest.mark.parametrize(
    "text",
    [
        '"I cannot help with that," the minister said.',
        "The clerk wrote that he cannot help with that request.",
        "I cannot help thinking of it.",
        "I can't do that like Thomas can.",
        "She works as an AI researcher in Paris.",
        "I am an AI engineer.",
        "Er arbeitet als KI-Experte.",
        "Customer cannot log in and says sorry.",
        "The firm is unable to provide figures.",
        "I'm sorry for the delay; the parcel was lost.",
    ],
)
def test_what_only_resembles_one_is_none(text: str) -> None:
    assert not has_refusal(text)


@pytest.mark.parametrize(
    "text", ["\n" * 50_000, "- " * 50_000, "I cannot " * 20_000, ". " * 50_000]
)
def test_long_hostile_texts_take_no_longer_than_others(text: str) -> None:
    assert not has_refusal(text)


@pytest.mark.skipif(not REAL.exists(), reason="the real articles are no part of the project")
def test_no_real_news_refuses() -> None:
    for split in ("train", "validation", "test"):
        for line in Path(REAL / f"{split}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            assert not has_refusal(row["article"])
            assert not has_refusal(row["highlights"])
