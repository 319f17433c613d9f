"""zeroshot: the teacher itself summarizes the test articles, as the bar for the students.

In:  data/cnn/test.parquet, the prompt template, a chat endpoint.
Out: data/predictions/zeroshot.parquet with id, prediction, what came with each answer, and the
     reason why an answer is no summary, if any. Such an answer is scored as it is; a call
     that failed for good leaves no prediction, and its article is scored for no system.
Run: python -m stages.zeroshot
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from stages.errors import run
from stages.params import Section, load_section
from stages.tables import PAIR_COLUMNS, iterate_table, table_writer, text_columns
from stages.teacher.answers import COLUMNS, Answer
from stages.teacher.client import ask
from stages.teacher.ledger import default_ledger
from stages.teacher.prompts import Prompt
from stages.teacher.settings import TeacherParams

TEST = Path("data/cnn/test.parquet")
PREDICTIONS = Path("data/predictions/zeroshot.parquet")
SUMMARIES = {**text_columns("id", "prediction", "reason"), **COLUMNS}
del SUMMARIES["text"]


class ZeroshotParams(Section):
    """The params section `zeroshot`."""

    prompt: str = Field(min_length=1)
    """A template file with the variable $article."""


@dataclass(frozen=True)
class Articles:
    """The test articles, and what to ask for each; read anew by each iteration."""

    params: ZeroshotParams
    test: Path = TEST

    def rows(self) -> Iterator[dict[str, str]]:
        """The test pairs."""
        return iterate_table(self.test, PAIR_COLUMNS)

    def __iter__(self) -> Iterator[str]:
        """Yields one prompt an article."""
        prompt = Prompt(Path(self.params.prompt), "article")
        for row in self.rows():
            yield prompt.fill(row["article"])


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
