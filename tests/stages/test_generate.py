"""generate: which answers make pairs, what is counted, and what survives a dead run."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stages import generate
from stages.generate import Judge, write_articles
from tests.doubles.teacher import Call, ChatServer, refuse, say, settings
from tests.doubles.teacher import Reply as Said
from tests.imports import ROOT
from tests.stages import labelling
from tests.stages.labelling import Row, answer, records, write_rows
from understudy.contract.answered import Answered
from understudy.contract.answers import REASONS, Answer
from understudy.contract.asked import WRITTEN_ANSWERS
from understudy.contract.kind import this_kind
from understudy.contract.params.generate import GenerateParams
from understudy.core.errors import DataError
from understudy.teacher.completion import failed_answer
from understudy.teacher.pairing import Reply, read_replies
from understudy.teacher.prompts import Prompt, Questions

VARIABLE, KEY = "TEST_TEACHER_KEY", "sk-test-0123456789abcdef"
TRAIN, VALIDATION = 8, 3


def row(name: str) -> Row:
    return {
        "id": name,
        "article": f"Gold article {name}.",
        "highlights": f"Mayor Ida Renn opened bridge {name} in Oakport .\nIt's 41 'new' metres .",
    }


GOOD = answer("An article.")
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


def write(out: Path, train: list[Answer], validation: list[Answer]) -> dict[str, Any]:
    source = highlights(out.parent / "gold", len(train), len(validation))
    return judge_and_write(source, [*train, *validation], out)


OFF = labelling.OFF | {"min_length": 0}


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


def test_asked_is_kept_plus_dropped_and_every_answer_is_kept_with_its_reason(out: Path) -> None:
    counts = write(out, MIXED, [GOOD])
    assert counts["train"] == {
        "asked": 7,
        "kept": 2,
        "dropped": dict.fromkeys(REASONS, 0)
        | {"failed": 1, "refused": 1, "empty": 1, "cut_off": 1, "too_long": 1},
        "finish_reasons": {"length": 1, "stop": 5},
        "reasoning_stripped": 0,
    }
    assert counts["validation"]["dropped"] == dict.fromkeys(REASONS, 0)
    for split in ("train", "validation"):
        count = counts[split]
        assert count["asked"] == count["kept"] + sum(count["dropped"].values())
        assert len(records(out / f"{split}.parquet")) == count["kept"]
    found = records(out / "answers.parquet")
    names = [f"train-{number}" for number in range(7)]
    reasons = [None, "refused", "cut_off", "empty", "too_long", None, "failed"]
    assert [(line["split"], line["id"], line["reason"]) for line in found] == [
        *zip(["train"] * 7, names, reasons, strict=True),
        ("validation", "validation-0", None),
    ]
    assert [line["text"] for line in found] == [given.text for given in [*MIXED, GOOD]]
    assert found[1]["refusal"] == "no"
    assert [line["completion_tokens"] for line in found] == [7] * 6 + [0, 7]
    assert [line["error"] for line in found] == [""] * 6 + ["HTTP 500: Oops.", ""]
    first, second = records(out / "train.parquet")  # written articles, untouched highlights
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


# The stage


class Project(labelling.Project):
    """Has rows of its own, and generate run instead of label."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written = WRITTEN_ANSWERS.parent
        self.give(
            *(
                [row(f"{split}-{number}") for number in range(count)]
                for split, count in (("train", TRAIN), ("validation", VALIDATION))
            )
        )

    def generate(self, teacher: Row | None = None, **given: Any) -> dict[str, Any]:
        """Runs the stage in this process."""
        self.set(teacher, section="generate", **OFF | given)
        generate.main()
        return Answered.load(Answered.path_of("generate")).to_json()


@pytest.fixture
def project(here: Path) -> Project:
    return Project(here)


def test_the_stage_writes_pairs_with_the_embedded_teacher(project: Project) -> None:
    counts = project.generate()
    for split, count in (("train", TRAIN), ("validation", VALIDATION)):
        pairs = records(project.written / f"{split}.parquet")
        assert counts[split]["asked"] == count
        assert len(pairs) == counts[split]["kept"] > 0
        for pair in pairs:
            assert pair["highlights"] == row(pair["id"])["highlights"]
            assert pair["article"] != row(pair["id"])["article"]
            assert len(pair["article"]) < 2048
    models = Counter(line["model"] for line in records(WRITTEN_ANSWERS))
    assert models.total() == TRAIN + VALIDATION
    assert all(model.startswith("embedded-rules-") for model in models)


def some(call: Call) -> Said:
    """Refuses one prompt with a message that repeats the key."""
    if "bridge train-2 " in call.prompt:
        return refuse(400, f"Filtered for {KEY}.", "content_filter")
    return say(f"Written from: {call.prompt}")


def test_a_second_run_makes_no_call_and_a_larger_limit_only_the_new_ones(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    with ChatServer(some) as server:
        teacher = settings(server.url, api_key_env=VARIABLE)
        project.generate(teacher, limit=5, validation_limit=1)
        assert len(server.calls) == 5 + 1
        first = {file.name: file.read_bytes() for file in project.written.iterdir()}
        shutil.rmtree(project.written)  # as `dvc repro` does
        project.generate(teacher, limit=5, validation_limit=1)
        assert len(server.calls) == 5 + 1
        assert {file.name: file.read_bytes() for file in project.written.iterdir()} == first
        project.generate(teacher)
        assert len(set(server.prompts)) == len(server.calls) == TRAIN + VALIDATION
    kept = [pair["id"] for pair in records(project.written / "train.parquet")]
    assert kept == [f"train-{number}" for number in range(TRAIN) if number != 2]
    files = [file for file in project.path.rglob("*") if file.is_file()]
    assert not [file for file in files if KEY.encode() in file.read_bytes()]
    assert KEY not in "".join(capfd.readouterr())
