"""generate, label and zeroshot of a classification: an endpoint answers by a script."""

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stages import generate, label, zeroshot
from tests.classifying import LABELS, PROMPTS, read_table, run_stage, write_splits
from tests.doubles.teacher import Call, ChatServer, Reply, Script, say
from understudy.contract.answered import Answered
from understudy.contract.asked import (
    CALIBRATION_ANSWERS,
    LABELLED_ANSWERS,
    WRITTEN_ANSWERS,
    ZEROSHOT_ANSWERS,
)
from understudy.contract.pairs import LABELLED, WRITTEN
from understudy.teacher.errors import UselessAnswersError
from understudy.teacher.ledger import LEDGER_ENV

LISTED = "- billing\n- late delivery\n- Rückgabe, Umtausch"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(LEDGER_ENV, str(tmp_path / "ledger.jsonl"))
    return tmp_path


def by_row(answers: dict[str, str], otherwise: str = "billing") -> Script:
    """Answers by the row that a prompt speaks of."""
    return lambda call: say(
        next((said for row, said in answers.items() if row in str(call.body)), otherwise)
    )


def test_label_takes_labels_and_synonyms_and_drops_what_is_unlisted() -> None:
    write_splits(*["billing"] * 6)
    answers = {"n-0.": " Late Delivery.\n", "n-1.": '"invoice"', "n-2.": "billing, I think"}
    answers |= {"n-3.": "refund", "n-4.": "Rückgabe, Umtausch"}
    with ChatServer(by_row(answers)) as server:
        calls = run_stage(label, server)
    train = [row["label"] for row in read_table(LABELLED / "train.parquet")]
    assert train == ["late delivery", "billing", "Rückgabe, Umtausch", "billing"]
    reasons = [row["reason"] for row in read_table(LABELLED_ANSWERS) if row["split"] == "train"]
    assert reasons == [None, None, "unlisted", "unlisted", None, None]
    counts = Answered.load(Answered.path_of("label")).splits["train"]
    assert (counts.asked, counts.kept, counts.dropped["unlisted"]) == (6, 4, 2)
    assert not {"echo", "loop", "copy"} & set(counts.dropped)
    (prompt,) = {call["messages"][0]["content"].partition("The message")[0] for call in calls}
    assert LISTED in prompt


def test_a_teacher_that_names_no_label_is_stopped_early() -> None:
    write_splits(*["billing"] * 12)
    useless = pytest.raises(UselessAnswersError, match=r"unlisted.*task\.labels.*task\.synonyms")
    with ChatServer(lambda _: say("Hm.")) as server, useless:
        run_stage(label, server, teacher={"look_after": 5})


@pytest.mark.parametrize(
    ("said", "least", "expected", "agreement"),
    [
        (["billing", "late delivery", "Late delivery."], 0.3, "late delivery", 1 / 3),
        (["billing", "late delivery", "Late delivery."], 0.4, None, 1 / 3),
        (["invoice", "billing", "Billing"], 1, "billing", 1),
        (["late delivery", "no idea", "billing"], 0, "late delivery", 0),
        (["hm", "no idea", "none"], 0.5, None, 0),
    ],
)
def test_most_of_several_samples_decide_and_agree_as_whole_labels(
    said: list[str], least: float, expected: str | None, agreement: float
) -> None:
    write_splits("billing", "billing")
    found = Counter[str]()

    def script(call: Call) -> Reply:
        prompt = str(call.body["messages"])
        found[prompt] += 1
        return say(said[found[prompt] - 1] if "train-0" in prompt else "billing")

    with ChatServer(script) as server:
        run_stage(label, server, label={"samples": 3, "min_agreement": least})
    pairs = {row["id"]: row["label"] for row in read_table(LABELLED / "train.parquet")}
    assert pairs.get("train-0") == expected
    counts = Answered.load(Answered.path_of("label")).splits["train"]
    assert counts.agreement == pytest.approx(100 * (agreement + 1) / 2)
    assert counts.dropped["disagree"] == (agreement < least and said[0] != "hm")


def with_log_probabilities(text: str, *values: float) -> Reply:
    said = say(text)
    assert isinstance(said.body, dict)
    (choice,) = said.body["choices"]
    tokens = [{"token": "x", "logprob": value} for value in values]
    return replace(said, body=said.body | {"choices": [choice | {"logprobs": {"content": tokens}}]})


def test_zeroshot_by_a_json_schema_keeps_log_probabilities_and_answers_as_they_came() -> None:
    write_splits("billing", "billing", "billing")

    def script(call: Call) -> Reply:
        schema = call.body["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["label"]["enum"] == LABELS
        assert call.body["logprobs"] is True
        if "test-0" in str(call.body):
            return with_log_probabilities(json.dumps({"label": "Late delivery"}), -0.5, -0.25)
        return say('{"label": "refund"}' if "test-1" in str(call.body) else '{"label": "invoice"}')

    prompt = {"prompt": str(PROMPTS / "zeroshot.json.yaml")}
    with ChatServer(script) as server:
        calls = run_stage(zeroshot, server, {"logprobs": True}, zeroshot=prompt)
    assert LISTED in calls[0]["messages"][0]["content"]
    first, second, third = read_table(ZEROSHOT_ANSWERS)
    assert (first["prediction"], first["log_probability"]) == ("late delivery", -0.75)
    assert first["confidence"] == pytest.approx(math.exp(-0.75))
    assert (second["prediction"], second["reason"]) == ("refund", "unlisted")
    assert (third["prediction"], third["reason"], third["confidence"]) == ("billing", None, None)
    assert {row["prediction"] for row in read_table(CALIBRATION_ANSWERS)} == {"billing"}


def test_rows_of_a_class_get_texts_of_their_own_and_are_paid_once(folder: Path) -> None:
    write_splits("billing", "billing", "late delivery", "billing")
    prompt = folder / "generate.txt"
    prompt.write_text("Write about $label", encoding="utf-8")
    section: dict[str, Any] = {"prompt": str(prompt), "min_length": 0}
    with ChatServer(lambda call: say(f"Message {call.number} of a customer.")) as server:
        calls = run_stage(generate, server, generate=section)
        write_splits("late delivery", "billing", "billing", "billing")
        assert run_stage(generate, server, generate=section) == []
        assert len({row["text"] for row in read_table(WRITTEN_ANSWERS)}) == 8
        write_splits("billing", "billing", "late delivery", "billing", "billing")
        assert len(run_stage(generate, server, generate=section)) == 2
    asked = Counter(call["messages"][0]["content"] for call in calls)
    assert asked == {"Write about billing": 6, "Write about late delivery": 2}
    train = read_table(WRITTEN / "train.parquet")
    assert [row["label"] for row in train] == ["billing"] * 2 + ["late delivery"] + ["billing"] * 2
