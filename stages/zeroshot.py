"""zeroshot: the teacher itself summarizes the test articles, as the bar for the students.

Where the test articles have no gold highlights, its answers are what the students are scored by.

In:  data/gold/test.parquet, the prompt template, a chat endpoint.
Out: data/predictions/zeroshot.parquet with id, prediction, what came with each answer, and the
     reason why an answer is no summary, if any. Such an answer is scored as it is; a call
     that failed for good leaves no prediction, and its article is scored for no system.
     metrics/answers/zeroshot.json with the counts.
Run: python -m stages.zeroshot
"""

from collections.abc import Iterable
from pathlib import Path

from understudy.contract.answered import Answered
from understudy.contract.answers import REASONS
from understudy.contract.asked import ZEROSHOT_ANSWERS, ZEROSHOT_ANSWERS_SCHEMA
from understudy.contract.pairs import TEST
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.core.tables import table_writer
from understudy.rows.usable import TextRule
from understudy.teacher.bill import CallTally
from understudy.teacher.pairing import Outcome, Reply, RowTally, ask_for, count_outcome
from understudy.teacher.prompts import Prompt, Questions, input_columns


def write_predictions(
    replies: Iterable[Reply],
    rule: TextRule,
    reasons: Iterable[str],
    path: Path = ZEROSHOT_ANSWERS,
) -> Answered:
    """Writes one summary per test article, null where the call failed, and counts them.

    An answer that should be JSON with a summary in it, and is not, stands there as it came.
    """
    rows, calls = RowTally(reasons), CallTally()
    with table_writer(path, ZEROSHOT_ANSWERS_SCHEMA) as table:
        for reply in replies:
            reason = reply.problem or rule.find_reason(reply.text)
            prediction = None if reason == "failed" else reply.text
            row = reply.question.row
            known = {"id": row["id"], "prediction": prediction, "reason": reason}
            table.add({**known, **reply.answer.to_record()})
            count_outcome(Outcome([reply], reason, row), rows, calls)
    return Answered(calls=calls.describe(), test=rows.describe())


def main() -> None:
    """Reads params.yaml and asks for summaries."""
    params = load_section("zeroshot", ZeroshotParams)
    teacher = load_section("teacher", TeacherParams)
    prompt = Prompt("zeroshot.prompt", params.prompt, input_columns([TEST]))
    replies = ask_for(Questions(prompt, {"test": None}), teacher, "zeroshot", ZEROSHOT_ANSWERS)
    reasons = (*REASONS, *params.text_reasons, *prompt.reasons)
    rule = TextRule(params, prompt.own_text)
    write_predictions(replies, rule, reasons).write(Answered.path_of("zeroshot"))


if __name__ == "__main__":
    run(main)
