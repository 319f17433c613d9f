"""Personal data in logs: what `fetch.redact` names is in nothing that is made of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.core.documents import write_document
from tests.logs.shapes import SHAPES, Call, ask, body, dump, openai, write_lines, write_log
from tests.tools.importing.task import TEACHER, TEMPLATE, prompt_of, read_answers
from understudy.contract.answers import Answer
from understudy.contract.params.fetch import FilesParams
from understudy.core.errors import DataError, ParamsError
from understudy.rows.splitting import choose_split
from understudy.teacher.ledger import Ledger
from understudy.tools import inputs, ledger
from understudy.tools.importing.cleaning import GROUPS, Cleaner
from understudy.tools.inputs import OUTPUT

EMAIL, CARD, NAME = "planted@example.com", "4111 1111 1111 1111", "Anna Smith"
PLANTED = ("planted", "4111", "Anna", "Smith")
ON = {"emails": True, "phones": True, "cards": True, "names": "names.txt"}
LEDGER = Path("ledger.jsonl")
CALL: Call = (ask(prompt_of(f"{NAME} pays by {CARD}.")), f"Write to {EMAIL}, says anna smith.")
Rows = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text(f"{NAME}\n", "utf-8")
    write_task()


def write_task(template: str = TEMPLATE, name: str = "prompt.txt", redact: Any = ON) -> None:
    Path(name).write_text(template, "utf-8")
    write_document(
        {"zeroshot": {"prompt": name}, "teacher": TEACHER, "fetch": {"redact": redact or {}}}
    )


def make_inputs(*paths: object) -> Rows:
    inputs.main([*map(str, paths), "--any-model"])
    return [json.loads(line) for line in OUTPUT.read_text("utf-8").splitlines()]


def take(*paths: object) -> None:
    ledger.main(["import", *map(str, paths), "--any-model", "--ledger", str(LEDGER)])


def everything() -> str:
    """What is in the folder but the log and the names, undone of JSON's escapes."""
    kept = [path for path in Path().rglob("*") if path.is_file()]
    texts = [p.read_bytes().decode("utf-8", "replace") for p in kept if is_made(p)]
    return "\n".join(texts).replace("\\u0040", "@")


def is_made(path: Path) -> bool:
    return path.name not in ("names.txt", "params.yaml") and "log" not in path.name


@pytest.mark.parametrize("shape", SHAPES)
def test_no_planted_text_of_a_log_is_kept_and_its_answers_are_found(
    tmp_path: Path, shape: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").mkdir()
    paths = [
        path.rename(tmp_path / f"log-{path.name}")
        for path in write_log(tmp_path / "log", shape, [CALL])
    ]
    rows = make_inputs(*paths)
    take(*paths)
    assert [row["article"] for row in rows] == ["[NAME] pays by [CARD]."]
    assert read_answers(LEDGER, rows) == ["Write to [EMAIL], says [NAME]."]
    said = capsys.readouterr()
    assert not [one for one in PLANTED if one in everything() + said.out + said.err]


def test_what_was_replaced_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    log = write_lines(Path("log.jsonl"), [dump(openai(*CALL))] * 2)
    make_inputs(log)
    take(log)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(
        "read 2, wrote 1, repeated 1, rejected 0, redacted 2 (cards 1, names 1)"
    )
    assert second == "read 2, took 1, had 1, rejected 0, redacted 4 (emails 1, cards 1, names 2)"
    take(log, "--json")
    record = json.loads(capsys.readouterr().out)
    assert record["redacted"] == dict.fromkeys(("emails", "phones", "cards", "names"), 0)
    inputs.main([str(log), "--json"])
    assert json.loads(capsys.readouterr().out)["redacted"]["cards"] == 1


def test_nothing_is_replaced_or_counted_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    write_task(redact=None)
    log = write_lines(Path("log.jsonl"), [dump(openai(*CALL))])
    rows = make_inputs(log)
    take(log)
    assert read_answers(LEDGER, rows) == [CALL[1]]
    assert "redacted" not in capsys.readouterr().out


def test_inputs_that_differ_in_personal_data_alone_are_one() -> None:
    calls = [(ask(prompt_of(f"Write to a{one}@b.example")), "Sum.") for one in range(3)]
    log = write_lines(Path("log.jsonl"), [dump(openai(*call)) for call in calls])
    [row] = make_inputs(log)
    assert row["article"] == "Write to [EMAIL]"


def test_all_that_an_answer_has_from_its_endpoint_is_cleaned() -> None:
    answer = Answer("sha256:x", EMAIL, f"stop {EMAIL}", f"{NAME}?", f"model-of {EMAIL}", 1, 2, 3)
    answer = replace(answer, origin=f"openai:{EMAIL}.jsonl", error=CARD)
    cleaned, counts = Cleaner.load().clean_answer(answer)
    assert not [one for one in PLANTED if one in str(cleaned)]
    assert counts == {"emails": 4, "cards": 1, "names": 1}
    assert (cleaned.request, cleaned.completion_tokens) == ("sha256:x", 3)
    assert Cleaner().clean_answer(answer) == (answer, {})


JSON_TASK = """
messages: [{role: user, content: "$title: $body"}]
response_format: {type: json_object}
field: summary
"""


@pytest.mark.parametrize("write", [str, lambda text: text.replace("@", "\\u0040")])
def test_json_answers_lose_personal_data_however_it_is_written(write: Callable[[str], str]) -> None:
    write_task(JSON_TASK, "prompt.yaml")
    answer = write(f'{{"summary": "Ask {EMAIL}", "card": 4111111111111111, "{EMAIL}": [null]}}')
    log = write_lines(Path("log.jsonl"), [dump(openai(ask(f"Of {NAME}: {CARD}"), answer))])
    rows = make_inputs(log)
    take(log)
    assert (rows[0]["title"], rows[0]["body"]) == ("Of [NAME]", "[CARD]")
    [found] = read_answers(LEDGER, rows, "prompt.yaml")
    assert json.loads(found) == {"summary": "Ask [EMAIL]", "card": "[CARD]", "[EMAIL]": [None]}
    assert not [one for one in PLANTED if one in everything()]


def test_rejects_and_names_of_logs_hold_none(capsys: pytest.CaptureFixture[str]) -> None:
    good, other = openai(*CALL), openai(*CALL)
    other["request"]["model"] = other["response"]["model"] = f"tuned-for-{EMAIL}"
    sorry = openai(CALL[0], f"I'm sorry, I can't help {EMAIL}.")
    cut = good | {"response": body(EMAIL, choices=[{"message": {"content": EMAIL}}])}
    lines = [dump(one) for one in (good, other, sorry, cut, openai(ask(EMAIL), EMAIL))]
    log = write_lines(Path(f"log of {EMAIL}.jsonl"), [*lines, dump(good)[:-90]])
    ledger.main(["import", str(log), "--ledger", str(LEDGER)])
    listed = [json.loads(line) for line in Path("import-rejects.jsonl").read_text().splitlines()]
    reasons = [one["reason"] for one in listed]
    assert reasons == ["other_model", "refused", "cut_off", "other_prompt", "not_json"]
    assert listed[0]["detail"] == "[EMAIL]"
    assert {one["file"] for one in listed} == {str(log)}  # how one finds it
    assert EMAIL not in "".join(one["detail"] for one in listed) + LEDGER.read_text("utf-8")
    assert EMAIL not in capsys.readouterr().err


def sessions(*given: str) -> list[str]:
    calls = [openai(ask(prompt_of(f"Article {n}.")), "Sum.") for n in range(len(given))]
    lines = [dump({**call, "session_id": one}) for call, one in zip(calls, given, strict=True)]
    return [row["session"] for row in make_inputs(write_lines(Path("log.jsonl"), lines))]


def test_a_session_becomes_a_group_that_names_nobody() -> None:
    first, other, again = sessions(EMAIL, "customer-7", EMAIL.upper())
    assert first == again != other
    assert all(one.startswith("group-") and len(one) == 10 for one in (first, other))
    assert not [one for one in PLANTED if one in everything()]
    write_task(redact=None)
    assert sessions(EMAIL) == [EMAIL]


def test_groups_are_as_many_as_splits_need_and_fewer_than_customers() -> None:
    cleaner = Cleaner.load()
    groups = [cleaner.clean_session(f"customer-{one}@shop.example") for one in range(20_000)]
    assert 4000 < len(set(groups)) <= GROUPS
    shares = FilesParams().split
    splits = [choose_split(one, shares.validation, shares.test) for one in groups]
    assert abs(splits.count("test") / len(splits) - shares.test) < 0.02
    assert abs(splits.count("validation") / len(splits) - shares.validation) < 0.02


def test_exports_lose_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    write_task(redact=None)
    log = write_lines(Path("log.jsonl"), [dump(openai(*CALL))])
    take(log)
    ledger.main(["export", "log.parquet", "--ledger", str(LEDGER)])
    LEDGER.unlink()
    write_task()
    capsys.readouterr()
    take("log.parquet")
    assert capsys.readouterr().out == "took 1, had 0, refused 0, redacted 2 (emails 1, names 1)\n"
    assert not [one for one in PLANTED if one in LEDGER.read_text("utf-8")]
    LEDGER.unlink()
    Path("params.yaml").unlink()  # exports need none
    take("log.parquet")
    with Ledger(LEDGER) as opened:
        assert len(list(opened.keys())) == 1


def test_names_that_cannot_be_read_stop_the_import_before_anything_is_kept() -> None:
    log = write_lines(Path("log.jsonl"), [dump(openai(*CALL))])
    Path("names.txt").unlink()
    for command in (take, make_inputs):
        with pytest.raises(DataError, match=r"names.txt: no such file; give a text file"):
            command(log)
    write_task(redact={"email": True})
    with pytest.raises(ParamsError, match=r"fetch.redact.email = True: unknown key; did you mean"):
        take(log)
    assert not LEDGER.exists()
    assert not Path("data").exists()
