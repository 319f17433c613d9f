"""zeroshot: the teacher itself summarizes the test articles, as the bar for the students.

In:  data/gold/test.parquet, the prompt template, a chat endpoint.
Out: data/predictions/zeroshot.parquet with id, prediction, what came with each answer, and the
     reason why an answer is no summary, if any. Such an answer is scored as it is; a call
     that failed for good leaves no prediction, and its article is scored for no system.
Run: python -m stages.zeroshot
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from understudy.contract.answers import Answer
from understudy.contract.asked import ZEROSHOT_ANSWERS, ZEROSHOT_ANSWERS_SCHEMA
from understudy.contract.pairs import TEST
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.core.tables import table_writer
from understudy.rows.usable import TextRule
from understudy.teacher.client import ask
from understudy.teacher.ledger import default_ledger
from understudy.teacher.prompts import Prompt, Questions, input_columns
from understudy.teacher.requests import Question


def write_predictions(
    answered: Iterable[tuple[Question, Answer]],
    prompt: Prompt,
    rule: TextRule,
    path: Path = ZEROSHOT_ANSWERS,
) -> None:
    """Writes one summary per test article, null where the call failed.

    An answer that should be JSON with a summary in it, and is not, stands there as it came.
    """
    with table_writer(path, ZEROSHOT_ANSWERS_SCHEMA) as table:
        for question, answer in answered:
            problem = answer.find_problem()
            text, unread = prompt.read(answer.text)
            reason = problem or unread or replace(answer, text=text).find_problem()
            reason = reason or rule.find_reason(text)
            prediction = None if reason == "failed" else text
            known = {"id": question.row["id"], "prediction": prediction, "reason": reason}
            table.add({**known, **answer.to_record()})


def main() -> None:
    """Reads params.yaml and asks for summaries."""
    params = load_section("zeroshot", ZeroshotParams)
    teacher = load_section("teacher", TeacherParams)
    prompt = Prompt("zeroshot.prompt", params.prompt, input_columns(TEST))
    questions = Questions(prompt, {"test": None})
    answered = ask(questions, teacher, default_ledger(), "zeroshot", ZEROSHOT_ANSWERS)
    write_predictions(answered, prompt, TextRule(params, prompt.own_text))


if __name__ == "__main__":
    run(main)
