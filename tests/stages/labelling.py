"""What the tests of label share: rows, answers, and the stage in a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from ruamel.yaml import YAML

from stages import label
from stages.label import Judge, write_labels
from tests.imports import ROOT
from understudy.contract.answered import Answered
from understudy.contract.answers import Answer
from understudy.contract.asked import LABELLED_ANSWERS
from understudy.contract.kind import this_kind
from understudy.contract.pairs import GOLD
from understudy.contract.params.label import LabelParams
from understudy.core.tables import table_writer, text_columns
from understudy.teacher.ledger import LEDGER_ENV
from understudy.teacher.pairing import Reply, read_replies
from understudy.teacher.prompts import Prompt, Questions

PLANTED = "Quokkas of Zanzibar"
"""In each row's own highlights, which the stage never reads."""
TRAIN, VALIDATION = 6, 3
OFF = {"max_echoed": 1, "max_repeated": 1, "drop_template_marks": False}
"""For answers that echo their prompts, or are just a few words."""
Row = dict[str, Any]


def row(name: str, **others: Any) -> Row:
    article = f"The council has opened the new bridge of {name}, but it was late, and it cost $5."
    return {"id": name, "article": article, "highlights": PLANTED, **others}


def rows(split: str, count: int) -> list[Row]:
    return [row(f"{split}-{number}") for number in range(count)]


def write_rows(path: Path, given: Sequence[Row]) -> None:
    names = dict.fromkeys((*this_kind().columns, *(name for one in given for name in one)))
    with table_writer(path, text_columns(*names)) as table:
        for one in given:
            table.add(one)


def records(path: Path) -> list[Row]:
    found: list[Row] = pq.read_table(path).to_pylist()
    return found


def answer(text: str = "A bridge is open.", key: int = 0, **changes: Any) -> Answer:
    parts: Row = {"finish_reason": "stop", "refusal": "", "model": "double"}
    parts |= {"prompt_tokens": 11, "cached_tokens": 0, "completion_tokens": 7}
    return Answer(f"sha256:{key:064x}", text, **(parts | changes))


def params(**changes: Any) -> LabelParams:
    """No limits and no filters but those given."""
    return LabelParams.model_validate({**OFF, **changes})


def judge_answers(
    folder: Path,
    train: Sequence[Answer],
    validation: Sequence[Answer] = (answer(),),
    template: str = "Sum up $article",
    **given: Any,
) -> Answered:
    """Labels as many rows as there are answers to, `samples` of them a row."""
    section, path = params(**given), folder / "prompt.yaml"
    one = f"messages: [{{role: user, content: {json.dumps(template)}}}]\n"
    path.write_text(template if "messages:" in template else one, encoding="utf-8")
    prompt = Prompt("zeroshot.prompt", path, ["article"])
    if len(validation) == 1:
        validation = list(validation) * section.samples
    for split, answers in (("train", train), ("validation", validation)):
        write_rows(folder / f"gold/{split}.parquet", rows(split, len(answers) // section.samples))
    asked = Questions(prompt, section.limits, folder / "gold", section.samples)
    replies = read_replies(zip(asked, [*train, *validation], strict=True), prompt)
    return write(folder, replies, Judge(section, prompt))


def write(folder: Path, replies: Iterable[Reply], judge: Judge) -> Answered:
    return write_labels(replies, judge, folder / "labelled/answers.parquet")


def pairs(folder: Path, split: str = "train") -> list[tuple[str, str]]:
    """Ids and highlights of the pairs."""
    found = records(folder / f"labelled/{split}.parquet")
    return [(pair["id"], pair["highlights"]) for pair in found]


class Project:
    """A folder with what the stage reads; the process stands in it."""

    def __init__(self, path: Path, ledger: Path | None = None) -> None:
        self.path, self.ledger = path, ledger or path / "ledger.jsonl"
        self.labelled = LABELLED_ANSWERS.parent
        self.give(rows("train", TRAIN), rows("validation", VALIDATION))

    def give(self, train: Sequence[Row], validation: Sequence[Row]) -> None:
        """Has these rows as what filter has kept."""
        write_rows(GOLD / "train.parquet", train)
        write_rows(GOLD / "validation.parquet", validation)

    def set(
        self,
        teacher: Row | None = None,
        prompt: str = str(ROOT / "prompts/zeroshot.txt"),
        section: str = "label",
        **given: Any,
    ) -> None:
        """Writes the sample profile with another teacher and section; JSON is YAML."""
        document = YAML(typ="safe").load((ROOT / "profiles/sample.yaml").read_text("utf-8"))
        document["zeroshot"]["prompt"] = prompt
        document["generate"]["prompt"] = str(ROOT / "prompts/generate.txt")
        document["teacher"] = teacher or document["teacher"]
        document[section] |= OFF | given
        Path("params.yaml").write_text(json.dumps(document), "utf-8")

    def label(self, teacher: Row | None = None, **given: Any) -> Answered:
        """Runs the stage in this process."""
        self.set(teacher, **given)
        label.main()
        return Answered.load(Answered.path_of("label"))

    def start(self) -> subprocess.Popen[str]:
        """Runs it in another one."""
        return subprocess.Popen(
            [sys.executable, "-m", "stages.label"],
            env=os.environ | {"PYTHONPATH": str(ROOT), LEDGER_ENV: str(self.ledger)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def answers(self) -> list[Row]:
        return records(LABELLED_ANSWERS)

    def pairs(self, split: str = "train") -> list[tuple[str, str]]:
        """Ids and highlights of the pairs."""
        return pairs(self.labelled.parent, split)

    def everything(self) -> Iterator[tuple[str, str]]:
        """What the stage has written, as names and texts."""
        for path in (*self.labelled.iterdir(), Answered.path_of("label"), self.ledger):
            text = str(records(path)) if path.suffix == ".parquet" else path.read_text("utf-8")
            yield path.name, text
