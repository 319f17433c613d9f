"""generate: the teacher expands gold highlights into articles to train on.

In:  data/gold/{train,validation,test}.parquet, the prompt template, a chat endpoint. The test split
     is read only where generate.near_test keeps written articles away from it.
Out: data/written/{train,validation}.parquet, pairs of (written article, gold highlights);
     data/written/answers.parquet with every answer and the reason why it makes no pair, if any;
     metrics/generated.json with the counts.
Run: python -m stages.generate
"""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from understudy.contract.answers import STRIPPED, Answer, normal_word
from understudy.contract.asked import WRITTEN_ANSWERS, WRITTEN_ANSWERS_SCHEMA
from understudy.contract.generated import AnswerCounts, Generated
from understudy.contract.pairs import GOLD, LEARNING_SPLITS, PAIRS_SCHEMA, WRITTEN
from understudy.contract.params.generate import COPIED, GenerateParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.usable import TOO_SHORT
from understudy.core.errors import DataError, run
from understudy.core.params import load_section
from understudy.core.tables import TableWriter, iterate_table, table_writer
from understudy.rows.nearness import NearRule
from understudy.rows.usable import TextRule
from understudy.teacher.client import ask
from understudy.teacher.ledger import default_ledger
from understudy.teacher.prompts import Prompt, Questions
from understudy.teacher.requests import Question
from understudy.texts.copying import copied_share
from understudy.texts.words import split_words


class Judge:
    """Decides which answers make pairs; it comes after the answers and never asks for another."""

    def __init__(self, params: GenerateParams, folder: Path = GOLD, prompt: str = "") -> None:
        """Takes the limits, the folder with the test split, and the prompt without a row."""
        self.reasons = params.reasons
        self._params = params
        self._rule = TextRule(params, prompt)
        self._near = NearRule(params.near_duplicates, params.near_test)
        if params.near_test is not None:
            for row in iterate_table(folder / "test.parquet", ["article"]):
                self._near.hold_out(row["article"])

    def find_reason(self, question: Question, answer: Answer) -> str | None:
        """Returns the first reason why an answer makes no pair with its row, or None.

        Answers of the training split are compared with those that made pairs before.
        """
        highlights = question.row["highlights"]
        reason = answer.find_problem(self._params.max_characters)
        reason = reason or self._rule.find_reason(answer.text)
        if reason is None and len(answer.text) < self._params.min_length * len(highlights):
            reason = TOO_SHORT
        if reason is None and self._is_copied(answer.text, highlights):
            reason = COPIED
        return reason or self._near.find_reason(answer.text, unique=question.split == "train")

    def _is_copied(self, article: str, highlights: str) -> bool:
        limit = self._params.max_copied
        if limit is None:
            return False
        return copied_share(split_words(article), split_words(highlights)) > limit


def write_pairs(
    answered: Iterable[tuple[Question, Answer]], judge: Judge, out: Path = WRITTEN
) -> Generated:
    """Writes the pairs and every answer, and counts them.

    Args:
        answered: questions with their answers, split by split.
        judge: decides which of them make pairs.
        out: the folder of the files.

    Raises:
        DataError: a split has no usable answer.
    """
    counts: dict[str, AnswerCounts] = {}
    with table_writer(out / WRITTEN_ANSWERS.name, WRITTEN_ANSWERS_SCHEMA) as journal:
        for split, group in groupby(answered, key=lambda pair: pair[0].split):
            counts[split] = _write_split(out / f"{split}.parquet", group, judge, journal)
    for split in LEARNING_SPLITS:
        count = counts.get(split)
        if count is None:
            raise DataError(f"{split}: no gold pair to ask for; loosen the section filter")
        if not count.kept:
            raise DataError(
                f"{split}: none of {count.asked} answers is usable ({count.dropped}); "
                f"read them in {out / WRITTEN_ANSWERS.name}"
            )
    return Generated(**counts)


def _write_split(
    path: Path, answered: Iterable[tuple[Question, Answer]], judge: Judge, journal: TableWriter
) -> AnswerCounts:
    dropped: Counter[str] = Counter(dict.fromkeys(judge.reasons, 0))
    words: Counter[str] = Counter()
    stripped = 0
    with table_writer(path, PAIRS_SCHEMA) as pairs:
        for question, answer in answered:
            row, reason = question.row, judge.find_reason(question, answer)
            known = {"split": question.split, "id": row["id"], "reason": reason}
            journal.add({**known, **answer.to_record()})
            stripped += answer.reading == STRIPPED
            if not answer.error:
                words[normal_word(answer.finish_reason)] += 1
            if reason is None:
                pairs.add({**row, "article": answer.text})
            else:
                dropped[reason] += 1
    asked = pairs.count + dropped.total()
    return AnswerCounts(
        asked=asked,
        kept=pairs.count,
        dropped=dict(dropped),
        finish_reasons=dict(sorted(words.items())),
        reasoning_stripped=stripped,
    )


def main() -> None:
    """Reads params.yaml and generates."""
    params = load_section("generate", GenerateParams)
    teacher = load_section("teacher", TeacherParams)
    prompt = Prompt("generate.prompt", params.prompt, "highlights")
    questions = Questions(prompt, params.limits)
    answered = ask(questions, teacher, default_ledger(), "generate", WRITTEN_ANSWERS)
    counts = write_pairs(answered, Judge(params, prompt=prompt.fill("")))
    counts.write()
    for split, count in counts:
        dropped = ", ".join(f"{n} {reason}" for reason, n in count.dropped.items() if n)
        kept = f"{count.kept} pairs from {count.asked} answers"
        print(f"{split}: {kept}; {dropped or 'none'} dropped")


if __name__ == "__main__":
    run(main)
