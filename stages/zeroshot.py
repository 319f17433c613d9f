"""zeroshot: the teacher itself summarizes the test articles, as the bar for the students.

In:  data/gold/test.parquet, the prompt template, a chat endpoint.
Out: data/predictions/zeroshot.parquet with id, prediction, what came with each answer, and the
     reason why an answer is no summary, if any. Such an answer is scored as it is; a call
     that failed for good leaves no prediction, and its article is scored for no system.
Run: python -m stages.zeroshot
"""

from collections.abc import Iterable
from pathlib import Path

from understudy.contract.answers import COLUMNS, Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.core.tables import table_writer, text_columns
from understudy.teacher.client import ask
from understudy.teacher.ledger import default_ledger
from understudy.teacher.prompts import Articles

TEST = Path("data/gold/test.parquet")
PREDICTIONS = Path("data/predictions/zeroshot.parquet")
SUMMARIES = {**text_columns("id", "prediction", "reason"), **COLUMNS}
del SUMMARIES["text"]


def write_predictions(
    source: Articles, answers: Iterable[Answer], path: Path = PREDICTIONS
) -> None:
    """Writes one summary a test article, null where the call failed."""
    with table_writer(path, SUMMARIES) as table:
        for row, answer in zip(source.rows(), answers, strict=True):
            record = answer.to_record()
            text, reason = record.pop("text"), answer.find_problem()
            prediction = None if reason == "failed" else text
            table.add({"id": row["id"], "prediction": prediction, "reason": reason, **record})


def main() -> None:
    """Reads params.yaml and asks for summaries."""
    source = Articles(load_section("zeroshot", ZeroshotParams))
    teacher = load_section("teacher", TeacherParams)
    write_predictions(source, ask(source, teacher, default_ledger(), "zeroshot", PREDICTIONS))


if __name__ == "__main__":
    run(main)
