"""zeroshot: one summary a test article, whatever the teacher made of it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from stages import zeroshot
from stages.zeroshot import write_predictions
from tests.doubles.teacher import Call, ChatServer, Script, in_turn, refuse, say, settings
from tests.doubles.teacher import Reply as Said
from tests.imports import ROOT
from understudy.contract.answered import Answered
from understudy.contract.answers import COLUMNS, REASONS, Answer
from understudy.contract.asked import CALIBRATION_ANSWERS, ZEROSHOT_ANSWERS
from understudy.contract.kind import this_kind
from understudy.contract.pairs import GOLD, TEST
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.tables import table_writer, text_columns
from understudy.rows.usable import TextRule
from understudy.teacher.completion import failed_answer
from understudy.teacher.pairing import read_replies
from understudy.teacher.prompts import Prompt, Questions

IDS = ["c", "a", "b"]
VALIDATION = GOLD / "validation.parquet"
OWN = "Please summarize the following news article. ''"
QUESTION = "Please summarize the following news article. 'Costs $5: article {}.'"


def answer(text: str, finish_reason: str = "stop", refusal: str = "") -> Answer:
    return Answer(f"sha256:{0:064}", text, finish_reason, refusal, "double", 11, 2, 7)


FAILED = failed_answer("sha256:0", "double", "HTTP 500: Oops.")


def articles(folder: Path, *ids: str) -> Questions:
    """Test articles with these ids, in a file below the folder."""
    path = folder / "gold" / "test.parquet"
    with table_writer(path, text_columns(*this_kind().columns)) as table:
        for name in ids:
            table.add({"id": name, "article": f"Costs $5: article {name}.", "highlights": "Gold ."})
    prompt = Prompt("zeroshot.prompt", ROOT / "prompts/zeroshot.txt", ["article"])
    return Questions(prompt, {"test": None}, path.parent)


def write(folder: Path, ids: Iterable[str], answers: list[Answer]) -> None:
    """Writes answers to the test articles with these ids."""
    source = articles(folder, *ids)
    write_replies(folder, source, answers, TextRule(ZeroshotParams(), OWN))


def write_replies(
    folder: Path, source: Questions, answers: list[Answer], rule: TextRule
) -> Answered:
    replies = read_replies(zip(source, answers, strict=True), source.prompt)
    return write_predictions(replies, rule, REASONS, tables(folder))


def tables(folder: Path) -> dict[str, Path]:
    return {"test": folder / "zeroshot.parquet", "validation": folder / "validation.parquet"}


def json_prompt(folder: Path) -> Prompt:
    """One that wants a summary in JSON."""
    text = "messages: [{role: user, content: 'Sum up $article'}]\nfield: summary\n"
    path = folder / "prompt.yaml"
    path.write_text(text, encoding="utf-8")
    return Prompt("zeroshot.prompt", path, ["article"])


def records(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def test_each_test_article_has_one_row_in_order(tmp_path: Path) -> None:
    path = tmp_path / "zeroshot.parquet"
    write(tmp_path, IDS, [answer("Of c."), answer("Of a."), answer("Of b.")])
    path = tmp_path / "zeroshot.parquet"
    found = [(line["id"], line["prediction"], line["reason"]) for line in records(path)]
    assert found == [("c", "Of c.", None), ("a", "Of a.", None), ("b", "Of b.", None)]


def test_a_flagged_answer_stays_in_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "zeroshot.parquet"
    answers = [answer("Half", "length"), answer("", refusal="I'd rather not."), answer("")]
    write(tmp_path, IDS, answers)
    found = [(line["prediction"], line["reason"]) for line in records(path)]
    assert found == [("Half", "cut_off"), ("", "refused"), ("", "empty")]
    assert records(path)[1]["refusal"] == "I'd rather not."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("The bridge is open.</s>", "template_mark"),
        ("Please summarize the following news article. 'Costs'", "echo"),
        ("The bridge is open again to all of us. " * 4, "loop"),
    ],
)
def test_a_text_that_is_no_summary_is_flagged_and_stays_in(
    tmp_path: Path, text: str, reason: str
) -> None:
    write(tmp_path, "a", [answer(text)])
    (line,) = records(tmp_path / "zeroshot.parquet")
    assert (line["prediction"], line["reason"]) == (text, reason)


def test_half_a_summary_of_an_endpoint_that_failed_is_cut_off(tmp_path: Path) -> None:
    write(tmp_path, IDS, [answer("Half", "error"), answer("Half", ""), answer("All", "eos_token")])
    found = [line["reason"] for line in records(tmp_path / "zeroshot.parquet")]
    assert found == ["cut_off", "cut_off", None]


def test_no_summary_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "zeroshot.parquet"
    write(tmp_path, "a", [answer(" ".join(f"word{n}" for n in range(2000)))])
    assert records(path)[0]["reason"] is None


def test_what_came_with_an_answer_is_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "zeroshot.parquet"
    write(tmp_path, "a", [answer("Of a.")])
    (line,) = records(path)
    assert list(line) == ["id", "prediction", "reason", *COLUMNS]
    assert line["text"] == line["prediction"]
    assert (line["prompt_tokens"], line["cached_tokens"], line["completion_tokens"]) == (11, 2, 7)


def test_the_prediction_is_the_field_of_a_json_answer_and_its_text_stays_whole(
    tmp_path: Path,
) -> None:
    good = '{"summary": "Of c."}'
    answers = [answer(good), answer("Of a."), answer('{"title": "B"}'), answer(good[:-3], "length")]
    source = Questions(json_prompt(tmp_path), {"test": None}, articles(tmp_path, *"cabd").folder)
    write_replies(tmp_path, source, answers, TextRule(ZeroshotParams()))
    found = records(tmp_path / "zeroshot.parquet")
    assert [line["text"] for line in found] == [one.text for one in answers]
    assert [(line["prediction"], line["reason"]) for line in found] == [
        ("Of c.", None),
        ("Of a.", "not_json"),
        ('{"title": "B"}', "no_field"),
        (good[:-3], "cut_off"),
    ]


@pytest.mark.parametrize(
    ("summary", "reason"),
    [("I'm sorry, I can't help.", "refused"), ("The bridge is open.</s>", "template_mark")],
)
def test_a_text_in_json_is_judged_as_one_without(tmp_path: Path, summary: str, reason: str) -> None:
    source = Questions(json_prompt(tmp_path), {"test": None}, articles(tmp_path, "a").folder)
    answers = [answer(json.dumps({"summary": summary}))]
    write_replies(tmp_path, source, answers, TextRule(ZeroshotParams()))
    (line,) = records(tmp_path / "zeroshot.parquet")
    assert (line["prediction"], line["reason"]) == (summary, reason)


def test_a_failed_call_leaves_no_prediction(tmp_path: Path) -> None:
    path = tmp_path / "zeroshot.parquet"
    answers = [answer("Of c."), FAILED, answer("")]
    write(tmp_path, IDS, answers)
    found = [(line["id"], line["prediction"], line["reason"]) for line in records(path)]
    assert found == [("c", "Of c.", None), ("a", None, "failed"), ("b", "", "empty")]
    assert records(path)[1]["error"] == "HTTP 500: Oops."


def test_what_became_of_the_answers_is_counted(tmp_path: Path) -> None:
    answers = [answer("Of c."), FAILED, answer("")]
    source = articles(tmp_path, *IDS)
    counts = write_replies(tmp_path, source, answers, TextRule(ZeroshotParams()))
    assert list(counts.splits) == ["test"]
    test = counts.splits["test"]
    assert (test.asked, test.kept, test.dropped["failed"], test.dropped["empty"]) == (3, 1, 1, 1)
    assert (counts.calls.rows, counts.calls.unusable, counts.calls.failed) == (3, 2, 1)


def test_prompts_can_be_read_again_and_half_read(tmp_path: Path) -> None:
    source = articles(tmp_path, *IDS)
    first = iter(source)
    assert next(first).text == QUESTION.format("c")
    assert list(source) == list(source)
    assert [question.text for question in source] == [QUESTION.format(name) for name in IDS]
    assert [question.row["id"] for question in first] == IDS[1:]


def give_validation(*names: str) -> None:
    """Validation articles."""
    with table_writer(VALIDATION, text_columns(*this_kind().columns)) as table:
        for name in names:
            table.add({"id": name, "article": f"Costs $5: article {name}.", "highlights": None})


class Project:
    """The current folder, with what the stage reads."""

    def __init__(self, path: Path) -> None:
        source = articles(path, *IDS)
        TEST.parent.mkdir(parents=True)
        (source.folder / "test.parquet").rename(TEST)
        give_validation()

    def ask(
        self,
        server: ChatServer,
        prompt: str = str(ROOT / "prompts/zeroshot.txt"),
        limit: int | None = None,
        **teacher: Any,
    ) -> list[dict[str, Any]]:
        """Runs the stage with the sample profile and another teacher; JSON is YAML."""
        params = YAML(typ="safe").load((ROOT / "profiles/sample.yaml").read_text("utf-8"))
        params["zeroshot"] = {"prompt": prompt, "validation_limit": limit}
        params["teacher"] = settings(server.url, **teacher)
        Path("params.yaml").write_text(json.dumps(params), "utf-8")
        zeroshot.main()
        return records(ZEROSHOT_ANSWERS)


@pytest.fixture
def project(here: Path) -> Project:
    return Project(here)


def refuse_article(name: str, code: str) -> Script:
    def script(call: Call) -> Said:
        if f"article {name}" in call.prompt:
            return refuse(400, "Not this one.", code)
        return say(f"Short: {call.prompt[-12:]}")

    return script


def test_the_stage_asks_for_each_article_and_keeps_refused_ones(project: Project) -> None:
    with ChatServer(refuse_article("a", "content_filter")) as server:
        found = project.ask(server)
        assert sorted(server.prompts) == [QUESTION.format(name) for name in sorted(IDS)]
    assert [line["id"] for line in found] == IDS
    assert [line["reason"] for line in found] == [None, "refused", None]
    assert [line["prediction"] for line in found] == [
        f"Short: {QUESTION.format('c')[-12:]}",
        "",
        f"Short: {QUESTION.format('b')[-12:]}",
    ]


def test_a_call_that_failed_for_good_is_asked_again_by_the_next_run_only(project: Project) -> None:
    with ChatServer(refuse_article("a", "context_length_exceeded")) as server:
        found = project.ask(server, max_failed=0.5)
        assert [line["reason"] for line in found] == [None, "failed", None]
        assert found[1]["prediction"] is None
        server.calls.clear()
        server.script = in_turn(say("Short."))
        found = project.ask(server, max_failed=0.5)
        assert server.prompts == [QUESTION.format("a")]
    assert [line["reason"] for line in found] == [None, None, None]


def test_a_prompt_may_have_messages_and_any_column_of_the_test_articles(project: Project) -> None:
    for path in (TEST, VALIDATION):
        with table_writer(path, text_columns(*this_kind().columns, "title")) as table:
            table.add({"id": "a", "article": "Rain fell.", "highlights": None, "title": "Rain"})
    Path("own.yaml").write_text(
        "messages:\n- {role: system, content: Be brief.}\n"
        "- {role: user, content: '$title: $article'}\n"
        "response_format: {type: json_object}\nfield: summary\n",
        encoding="utf-8",
    )
    with ChatServer(in_turn(say('{"summary": "It rained."}'))) as server:
        (line,) = project.ask(server, prompt="own.yaml")
        (call,) = server.calls
    assert call.body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Rain: Rain fell."},
    ]
    assert call.body["response_format"] == {"type": "json_object"}
    assert (line["prediction"], line["text"]) == ("It rained.", '{"summary": "It rained."}')


def test_validation_articles_get_a_table_and_counts_of_their_own(project: Project) -> None:
    give_validation("v", "w")
    with ChatServer(refuse_article("w", "content_filter")) as server:
        found = project.ask(server)
        assert len(server.calls) == len(IDS) + 2
    assert [line["id"] for line in found] == IDS
    lines = records(CALIBRATION_ANSWERS)
    assert [(line["id"], line["reason"]) for line in lines] == [("v", None), ("w", "refused")]
    counts = Answered.load(Answered.path_of("zeroshot"))
    assert {name: one.kept for name, one in counts.splits.items()} == {"test": 3, "validation": 1}
    assert (counts.calls.rows, counts.calls.calls, counts.calls.unusable) == (5, 5, 1)


def test_no_more_validation_articles_are_asked_about_than_the_limit(project: Project) -> None:
    give_validation("v", "w", "x")
    with ChatServer() as server:
        project.ask(server, limit=2)
        assert [line["id"] for line in records(CALIBRATION_ANSWERS)] == ["v", "w"]
        server.calls.clear()
        project.ask(server, limit=None)
        assert server.prompts == [QUESTION.format("x")]


def test_without_validation_articles_their_table_is_empty(project: Project) -> None:
    VALIDATION.unlink()
    with ChatServer() as server:
        project.ask(server, limit=0)
    assert records(CALIBRATION_ANSWERS) == []
    assert list(Answered.load(Answered.path_of("zeroshot")).splits) == ["test"]


def test_an_article_in_both_splits_is_paid_once(project: Project) -> None:
    give_validation("a", "v")
    with ChatServer() as server:
        (_, line, _) = project.ask(server)
        assert len(server.calls) == len(IDS) + 1
    assert records(CALIBRATION_ANSWERS)[0]["request"] == line["request"]
