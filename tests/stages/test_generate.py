"""generate: which answers make pairs, what is counted, and what survives a dead run."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML

from stages.generate import Judge, write_articles
from tests.doubles.teacher import Call, ChatServer, Hold, echo, refuse, say, settings
from tests.doubles.teacher import Reply as Said
from tests.imports import ROOT
from understudy.contract.answers import REASONS, Answer
from understudy.contract.kind import this_kind
from understudy.contract.params.generate import GenerateParams
from understudy.core.errors import DataError
from understudy.core.tables import table_writer, text_columns
from understudy.teacher.completion import failed_answer
from understudy.teacher.ledger import LEDGER_ENV
from understudy.teacher.pairing import Reply, read_replies
from understudy.teacher.prompts import Prompt, Questions

KEY_OF_ANSWER = f"sha256:{0:064}"
VARIABLE, KEY = "TEST_TEACHER_KEY", "sk-test-0123456789abcdef"
TRAIN, VALIDATION = 8, 3
Row = dict[str, str]


def row(name: str) -> Row:
    return {
        "id": name,
        "article": f"Gold article {name}.",
        "highlights": f"Mayor Ida Renn opened bridge {name} in Oakport .\nIt's 41 'new' metres .",
    }


def answer(text: str = "An article.", **changes: Any) -> Answer:
    parts: dict[str, Any] = {"finish_reason": "stop", "refusal": "", "model": "double"}
    parts |= {"prompt_tokens": 11, "cached_tokens": 0, "completion_tokens": 7}
    return Answer(KEY_OF_ANSWER, text, **(parts | changes))


GOOD = answer()
FAILED = failed_answer("sha256:0", "double", "HTTP 500: Oops.")
MIXED = [
    answer("Article 0"),
    answer("", refusal="no"),
    answer("Half", finish_reason="length"),
    answer(" "),
    answer("x" * 100),
    answer("y" * 99),
    FAILED,
]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "written"


def write(out: Path, train: list[Answer], validation: list[Answer]) -> dict[str, Any]:
    source = highlights(out.parent / "gold", len(train), len(validation))
    return judge_and_write(source, [*train, *validation], out)


OFF = {"min_length": 0, "max_echoed": 1, "max_repeated": 1, "drop_template_marks": False}
"""For answers that echo their prompts, or are just a few letters."""


def params(**changes: Any) -> GenerateParams:
    """No limits and no filters but those given."""
    off = dict.fromkeys(("limit", "validation_limit", "near_duplicates", "near_test", "max_copied"))
    return GenerateParams.model_validate({"max_characters": 100, **off, **OFF, **changes})


def judge_and_write(
    source: Questions, answers: Iterable[Answer], out: Path, **filters: Any
) -> dict[str, Any]:
    judge = Judge(params(**filters), source.prompt, source.folder)
    return write_articles(reply(source, answers), judge, out / "answers.parquet").to_json()


def reply(source: Questions, answers: Iterable[Answer]) -> Iterator[Reply]:
    return read_replies(zip(source, answers, strict=True), source.prompt)


def highlights(folder: Path, train: int, validation: int, **limits: Any) -> Questions:
    """So many rows of each split, in files."""
    for split, count in (("train", train), ("validation", validation)):
        write_rows(folder / f"{split}.parquet", [row(f"{split}-{n}") for n in range(count)])
    prompt = Prompt("generate.prompt", ROOT / "prompts/generate.txt", ["highlights"])
    return Questions(prompt, params(**limits).limits, folder)


def write_rows(path: Path, rows: list[Row]) -> None:
    with table_writer(path, text_columns(*this_kind().columns)) as table:
        for one in rows:
            table.add(one)


def records(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def test_asked_is_kept_plus_dropped(out: Path) -> None:
    counts = write(out, MIXED, [GOOD])
    assert counts["train"] == {
        "asked": 7,
        "kept": 2,
        "dropped": dict.fromkeys(REASONS, 0)
        | {"failed": 1, "refused": 1, "empty": 1, "cut_off": 1, "too_long": 1},
        "finish_reasons": {"length": 1, "stop": 5},
        "reasoning_stripped": 0,
    }
    for split in ("train", "validation"):
        count = counts[split]
        assert count["asked"] == count["kept"] + sum(count["dropped"].values())
        assert len(records(out / f"{split}.parquet")) == count["kept"]


def test_every_answer_is_kept_with_its_reason(out: Path) -> None:
    write(out, MIXED, [GOOD])
    found = records(out / "answers.parquet")
    assert [(line["split"], line["id"], line["reason"]) for line in found] == [
        ("train", "train-0", None),
        ("train", "train-1", "refused"),
        ("train", "train-2", "cut_off"),
        ("train", "train-3", "empty"),
        ("train", "train-4", "too_long"),
        ("train", "train-5", None),
        ("train", "train-6", "failed"),
        ("validation", "validation-0", None),
    ]
    assert [line["text"] for line in found] == [given.text for given in [*MIXED, GOOD]]
    assert found[1]["refusal"] == "no"
    assert [line["completion_tokens"] for line in found] == [7] * 6 + [0, 7]
    assert [line["error"] for line in found] == [""] * 6 + ["HTTP 500: Oops.", ""]


def test_every_reason_is_counted_where_none_occurs_too(out: Path) -> None:
    counts = write(out, [GOOD], [GOOD])
    assert counts["train"]["dropped"] == dict.fromkeys(REASONS, 0)


def test_a_failed_call_makes_no_pair(out: Path) -> None:
    counts = write(out, [GOOD, FAILED, GOOD], [GOOD])
    assert counts["train"]["dropped"]["failed"] == 1
    assert [pair["id"] for pair in records(out / "train.parquet")] == ["train-0", "train-2"]


def test_a_pair_is_a_written_article_with_untouched_highlights(out: Path) -> None:
    write(out, MIXED, [GOOD])
    first, second = records(out / "train.parquet")
    assert first == row("train-0") | {"article": "Article 0"}
    assert second == row("train-5") | {"article": "y" * 99}
    assert list(first) == list(this_kind().columns)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_split_without_a_usable_answer_is_an_error(out: Path, split: str) -> None:
    answers = {"train": [GOOD], "validation": [GOOD], split: [answer(""), answer(" ")]}
    with pytest.raises(DataError, match=f"{split}: none of 2 answers is usable") as caught:
        write(out, answers["train"], answers["validation"])
    assert "'empty': 2" in str(caught.value)
    assert str(out / "answers.parquet") in str(caught.value)
    assert len(records(out / "answers.parquet")) == 3


def test_pairs_are_written_while_answers_come_in(out: Path) -> None:
    source = highlights(out.parent / "gold", 2, 2)

    def answers() -> Iterator[Answer]:
        yield from (GOOD, GOOD, GOOD)
        assert len(records(out / "train.parquet")) == 2
        yield GOOD

    assert judge_and_write(source, answers(), out)["validation"]["kept"] == 2


# The stage as a command


class Project:
    """A folder with what the stage reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written = path / "data/written"
        for split, count in (("train", TRAIN), ("validation", VALIDATION)):
            rows = [row(f"{split}-{number}") for number in range(count)]
            write_rows(path / f"data/gold/{split}.parquet", rows)
        shutil.copytree(ROOT / "prompts", path / "prompts")
        self.set()

    def set(self, teacher: dict[str, Any] | None = None, **generate: Any) -> None:
        """Writes the sample profile with another teacher; JSON is YAML."""
        params = YAML(typ="safe").load((ROOT / "profiles/sample.yaml").read_text("utf-8"))
        params["teacher"] = teacher or params["teacher"]
        params["generate"] |= OFF | generate
        (self.path / "params.yaml").write_text(json.dumps(params), "utf-8")

    def start(self) -> subprocess.Popen[str]:
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            LEDGER_ENV: str(self.path / "ledger.jsonl"),
            VARIABLE: KEY,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "stages.generate"],
            cwd=self.path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> tuple[int, str]:
        process = self.start()
        said, _ = process.communicate(timeout=60)
        return process.returncode, said


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_stage_writes_pairs_with_the_embedded_teacher(project: Project) -> None:
    status, said = project.run()
    assert status == 0, said
    counts = json.loads((project.path / "metrics/answers/generate.json").read_text())
    assert (counts["train"]["asked"], counts["validation"]["asked"]) == (TRAIN, VALIDATION)
    for split, count in (("train", TRAIN), ("validation", VALIDATION)):
        pairs = records(project.written / f"{split}.parquet")
        assert len(pairs) == counts[split]["kept"] > 0
        gold = {f"{split}-{number}": row(f"{split}-{number}") for number in range(count)}
        for pair in pairs:
            assert pair["highlights"] == gold[pair["id"]]["highlights"]
            assert pair["article"] != gold[pair["id"]]["article"]
            assert len(pair["article"]) < 2048
    models = Counter(line["model"] for line in records(project.written / "answers.parquet"))
    assert models.total() == TRAIN + VALIDATION
    assert all(model.startswith("embedded-rules-") for model in models)


def some(call: Call) -> Said:
    """Refuses one prompt with a message that repeats the key."""
    if "bridge train-2 " in call.prompt:
        return refuse(400, f"Filtered for {KEY}.", "content_filter")
    return say(f"Written from: {call.prompt}")


def test_a_second_run_makes_no_call_and_a_larger_limit_only_the_new_ones(project: Project) -> None:
    with ChatServer(some) as server:
        teacher = settings(server.url, api_key_env=VARIABLE)
        project.set(teacher, limit=5, validation_limit=1)
        status, said = project.run()
        assert status == 0, said
        assert len(server.calls) == 5 + 1
        first = {file.name: file.read_bytes() for file in project.written.iterdir()}
        shutil.rmtree(project.written)  # as `dvc repro` does

        assert project.run()[0] == 0
        assert len(server.calls) == 5 + 1
        assert {file.name: file.read_bytes() for file in project.written.iterdir()} == first

        project.set(teacher)
        assert project.run()[0] == 0
        assert len(set(server.prompts)) == len(server.calls) == TRAIN + VALIDATION
    kept = [pair["id"] for pair in records(project.written / "train.parquet")]
    assert kept == [f"train-{number}" for number in range(TRAIN) if number != 2]
    files = [file for file in project.path.rglob("*") if file.is_file()]
    assert not [file for file in files if KEY.encode() in file.read_bytes()]
    assert KEY not in said


def test_a_killed_run_leaves_no_output_and_the_next_pays_only_for_the_rest(
    project: Project,
) -> None:
    hold = Hold(after=TRAIN + 1)
    with ChatServer(hold) as server:
        project.set(settings(server.url, concurrency=1))
        process = project.start()
        hold.wait(1)  # all of train and one answer of validation are in the ledger
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        assert not list(project.written.glob("*.parquet"))
        assert not (project.path / "metrics/answers/generate.json").exists()

        server.calls.clear()
        server.script = echo
        hold.release()
        status, said = project.run()
        assert status == 0, said
        assert len(server.calls) == VALIDATION - 1
    assert len(records(project.written / "answers.parquet")) == TRAIN + VALIDATION


def test_a_call_that_failed_for_good_is_asked_again_by_the_next_run_only(project: Project) -> None:
    def script(call: Call) -> Said:
        if "bridge train-2 " in call.prompt:
            return refuse(400, "Too long.", "context_length_exceeded")
        return echo(call)

    with ChatServer(script) as server:
        project.set(settings(server.url, max_failed=0.1))
        status, said = project.run()
        assert status == 0, said
        counts = json.loads((project.path / "metrics/answers/generate.json").read_text())
        assert counts["train"]["kept"] == TRAIN - 1
        assert counts["train"]["dropped"]["failed"] == 1
        found = {line["id"]: line for line in records(project.written / "answers.parquet")}
        assert found["train-2"]["reason"] == "failed"
        assert "Too long." in found["train-2"]["error"]

        server.calls.clear()
        server.script = echo
        shutil.rmtree(project.written)
        assert project.run()[0] == 0
        assert ["bridge train-2 " in prompt for prompt in server.prompts] == [True]
    assert len(records(project.written / "train.parquet")) == TRAIN


def test_a_failing_endpoint_is_one_line_and_leaves_no_output(project: Project) -> None:
    with ChatServer(lambda _: refuse(401, "No.")) as server:
        project.set(settings(server.url, concurrency=1))
        status, said = project.run()
        assert len(server.calls) == 1
    assert status == 1
    assert "error: the endpoint refuses the API key (HTTP 401): No." in said
    assert "Traceback" not in said
    assert not project.written.exists()
