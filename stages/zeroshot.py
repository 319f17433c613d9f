"""zeroshot: the teacher itself does the task on test inputs, as the bar for the students.

Where the test inputs have no gold outputs, its answers are what the students are scored by.
It answers validation inputs too, for calibrate: those that label asks about cost nothing more.

In:  data/gold/test.parquet, data/gold/validation.parquet, the prompt template, a chat endpoint.
Out: data/predictions/zeroshot.parquet with id, prediction, what came with each answer, and the
     reason why an answer is no output of the task, if any. Such an answer is scored as it is; a
     call that failed for good leaves no prediction, and its input is scored for no system. A label
     has its `confidence` too, where the endpoint gives log-probabilities.
     data/calibration/zeroshot.parquet, the same of the validation inputs.
     metrics/answers/zeroshot.json with the counts.
Run: python -m stages.zeroshot
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from understudy.contract.answered import Answered
from understudy.contract.asked import (
    CALIBRATION_ANSWERS,
    ZEROSHOT_ANSWERS,
    ZEROSHOT_ANSWERS_SCHEMA,
)
from understudy.contract.kind import this_kind
from understudy.contract.label_reader import LabelReader
from understudy.contract.pairs import GOLD
from understudy.contract.params.task import TaskParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.contract.predictions import CONFIDENCE, predictions_schema
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.core.tables import table_writer
from understudy.rows.usable import TextRule
from understudy.teacher.bill import CallTally
from understudy.teacher.pairing import Outcome, Reply, RowTally, ask_for, count_outcome
from understudy.teacher.prompts import Prompt, Questions, input_columns

TABLES = {"test": ZEROSHOT_ANSWERS, "validation": CALIBRATION_ANSWERS}


def write_predictions(
    replies: Iterable[Reply],
    rule: TextRule | None,
    reasons: Sequence[str],
    paths: Mapping[str, Path] = TABLES,
) -> Answered:
    """Writes one answer per input, null where the call failed, and counts them.

    An answer that should be JSON with a text in it, or one of the labels, and is not, stands there
    as it came.

    Args:
        replies: in the order of the inputs.
        rule: which answers are no summaries; None where they are labels.
        reasons: why they may be none.
        paths: a table for each split; one that was not asked about is written empty.
    """
    rows, calls = {split: RowTally(reasons) for split in paths}, CallTally()
    asked, is_label = set(), this_kind().has_labels
    schema = ZEROSHOT_ANSWERS_SCHEMA | predictions_schema()
    with ExitStack() as stack:
        tables = {
            split: stack.enter_context(table_writer(path, schema)) for split, path in paths.items()
        }
        for reply in replies:
            reason = reply.problem or (rule.find_reason(reply.text) if rule else None)
            prediction = None if reason == "failed" else reply.text
            row, split = reply.question.row, reply.question.split
            known = {"id": row["id"], "prediction": prediction, "reason": reason}
            if is_label:
                known |= {CONFIDENCE: reply.answer.confidence if reason is None else None}
            tables[split].add({**known, **reply.answer.to_record()})
            count_outcome(Outcome([reply], reason, row), rows[split], calls)
            asked.add(split)
    counts = {split: rows[split].describe() for split in paths if split in asked}
    return Answered(
        calls=calls.describe(), validation=counts.get("validation"), test=counts.get("test")
    )


def main() -> None:
    """Reads params.yaml and asks."""
    params = load_section("zeroshot", ZeroshotParams)
    teacher = load_section("teacher", TeacherParams)
    limits = params.limits
    columns = input_columns([GOLD / f"{split}.parquet" for split in limits])
    prompt = Prompt("zeroshot.prompt", params.prompt, columns)
    task = load_section("task", TaskParams)
    reader = LabelReader.of(task.labels, task.synonyms)
    questions = Questions(prompt, limits, labels=reader)
    replies = ask_for(questions, teacher, "zeroshot", ZEROSHOT_ANSWERS)
    reasons = (*params.reasons, *prompt.reasons)
    rule = None if reader else TextRule(params, prompt.own_text)
    write_predictions(replies, rule, reasons).write(Answered.path_of("zeroshot"))


if __name__ == "__main__":
    run(main)
