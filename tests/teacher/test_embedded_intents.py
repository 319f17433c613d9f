"""The embedded teacher on labels: mostly right, in its own words, the same at each time."""

import json
from collections import Counter
from functools import cache
from typing import Any

import pytest

from tests.classifying import PROMPTS
from understudy.contract.label_reader import LabelReader
from understudy.rows.sample.messages import WEIGHTS, sample_messages
from understudy.teacher.embedded.replies import MODEL, complete
from understudy.teacher.prompt_files import PromptFile, read_prompt_file
from understudy.texts.words import split_words

LABELS = [name.replace("-", " ") for name in WEIGHTS]
SYNONYMS = {
    "payment": "billing",
    "shipping": "delivery",
    "refund": "returns and refunds",
    "login": "account access",
    "technical issue": "technical problem",
}
READER = LabelReader(LABELS, SYNONYMS)


@cache
def read_template(name: str, labels: tuple[str, ...]) -> PromptFile:
    return read_prompt_file("p", PROMPTS / name, labels)


def reply(name: str, values: dict[str, str], labels: list[str] = LABELS, **settings: Any) -> str:
    file = read_template(name, tuple(labels))
    messages = [
        {"role": one.role, "content": one.template.substitute(values)} for one in file.messages
    ]
    body = complete({"model": MODEL, "messages": messages, **file.settings, **settings})
    return str(body["choices"][0]["message"]["content"])


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return list(sample_messages("train", 900, seed=2024))


def test_it_names_the_label_nine_times_in_ten_and_seldom_none(rows: list[dict[str, str]]) -> None:
    said = [reply("zeroshot.txt", row) for row in rows]
    found = [READER.read(text) for text in said]
    right = sum(label == row["label"] for label, row in zip(found, rows, strict=True))
    assert 0.88 <= right / len(rows) <= 0.92
    assert 0.003 <= found.count(None) / len(rows) <= 0.02
    assert sum(text in SYNONYMS for text in said) > 20
    assert said[:50] == [reply("zeroshot.txt", row) for row in rows[:50]]
    by_schema = [json.loads(reply("zeroshot.json.yaml", row)) for row in rows[:200]]
    assert {*LABELS} >= {answer.pop("label") for answer in by_schema}
    assert not any(by_schema)


def test_labels_that_it_does_not_know_are_found_by_their_names() -> None:
    labels = [f"Ärger {number}, laut" for number in range(500)]
    text = "I am writing because of Ärger 317, laut, again"
    assert LabelReader(labels, {}).read(reply("zeroshot.txt", {"text": text}, labels))
    assert "317" in reply("zeroshot.txt", {"text": text}, labels)
    assert reply("zeroshot.txt", {"text": "Hm"}, labels) in labels


def test_its_messages_are_plainer_than_real_ones_and_differ_by_seed(
    rows: list[dict[str, str]],
) -> None:
    drawn = {"tone": "polite", "length": "one sentence", "way": "chat"}
    texts = [
        reply("generate.yaml", {"label": row["label"], **drawn}, seed=at)
        for at, row in enumerate(rows)
    ]
    assert len(set(texts)) > 600
    assert texts[3] == reply("generate.yaml", {"label": rows[3]["label"], **drawn}, seed=3)
    written, real = (
        Counter(word for text in given for word in split_words(text))
        for given in (texts, [row["text"] for row in rows])
    )
    assert len(written) < 0.6 * len(real)
    own = [READER.read(reply("zeroshot.txt", {"text": text})) for text in texts]
    assert sum(a == row["label"] for a, row in zip(own, rows, strict=True)) / len(rows) > 0.75
    assert not [text for text in texts if "{" in text]
