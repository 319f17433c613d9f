"""Asks about a stage's rows, and writes the pairs that the answers make."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa

from understudy.contract.answered import AnswerCounts, Answered
from understudy.contract.answers import STRIPPED, Answer, normal_word
from understudy.contract.pairs import LEARNING_SPLITS, pairs_schema
from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import DataError
from understudy.core.tables import TableWriter, table_writer
from understudy.teacher.bill import CallTally
from understudy.teacher.client import ask
from understudy.teacher.ledger import default_ledger
from understudy.teacher.prompts import Prompt, Questions
from understudy.teacher.requests import Question


@dataclass(frozen=True)
class Reply:
    """An answer to a question, and what the prompt reads out of it."""

    question: Question
    answer: Answer
    text: str
    """What is used: the answer's text, the field that the prompt names in it, or a label there."""
    problem: str | None
    """Why there is nothing to use."""


@dataclass(frozen=True)
class Outcome:
    """What the replies about one row come to."""

    replies: Sequence[Reply]
    """One a sample."""
    reason: str | None
    """Why they make no pair; None where they make `pair`."""
    pair: Mapping[str, str]
    """The row with what the teacher wrote in its place."""
    agreement: float | None = None
    """How far the samples agree, 0 to 1; None for one sample."""


def ask_for(
    questions: Questions, teacher: TeacherParams, stage: str, outputs: Path
) -> Iterator[Reply]:
    """Answers a stage's questions, in order; see `ask` for what is asked and what is raised."""
    answered = ask(questions, teacher, default_ledger(), stage, outputs)
    return read_replies(answered, questions.prompt)


def read_replies(answered: Iterable[tuple[Question, Answer]], prompt: Prompt) -> Iterator[Reply]:
    """Reads out of each answer what the prompt asked for."""
    for question, answer in answered:
        text, problem = prompt.read(answer, question.labels)
        yield Reply(question, answer, text, problem)


def by_row(replies: Iterable[Reply]) -> Iterator[list[Reply]]:
    """Groups the samples of a row."""
    for _, group in groupby(replies, _name_row):
        yield list(group)


def _name_row(reply: Reply) -> tuple[str, str]:
    return reply.question.split, reply.question.row["id"]


class RowTally:
    """Counts what became of a split's rows."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self._dropped: Counter[str] = Counter(dict.fromkeys(reasons, 0))
        self._words: Counter[str] = Counter()
        self._kept = self._stripped = 0
        self._agreements: list[float] = []

    def add(self, outcome: Outcome) -> None:
        """Counts one row."""
        first = outcome.replies[0].answer
        self._stripped += first.reading == STRIPPED
        if not first.error:
            self._words[normal_word(first.finish_reason)] += 1
        if outcome.agreement is not None:
            self._agreements.append(outcome.agreement)
        if outcome.reason is None:
            self._kept += 1
        else:
            self._dropped[outcome.reason] += 1

    def describe(self) -> AnswerCounts:
        """The counts of at least one row."""
        agreements = self._agreements
        return AnswerCounts(
            asked=self._kept + self._dropped.total(),
            kept=self._kept,
            dropped=dict(self._dropped),
            finish_reasons=dict(sorted(self._words.items())),
            reasoning_stripped=self._stripped,
            agreement=100 * sum(agreements) / len(agreements) if agreements else None,
        )


def count_outcome(outcome: Outcome, rows: RowTally, calls: CallTally) -> None:
    """Counts a row in both ways."""
    rows.add(outcome)
    answers = [reply.answer for reply in outcome.replies]
    calls.add_row(usable=outcome.reason is None, failed=all(answer.error for answer in answers))
    for answer in answers:
        calls.add_answer(answer)


def write_pairs(
    outcomes: Iterable[Outcome],
    reasons: Sequence[str],
    answers: Path,
    schema: Mapping[str, pa.DataType],
) -> Answered:
    """Writes pairs and every answer, and counts them.

    Args:
        outcomes: split by split.
        reasons: why rows may make no pair.
        answers: the file of all answers; the pairs are written beside it, a file a split.
        schema: its columns, those of an answer and some of `split`, `id`, `sample` and `reason`.

    Raises:
        DataError: a split has no usable answer.
    """
    counts: dict[str, AnswerCounts] = {}
    calls = CallTally()
    with table_writer(answers, schema) as journal:
        for split, group in groupby(outcomes, lambda one: one.replies[0].question.split):
            rows = RowTally(reasons)
            with table_writer(answers.with_name(f"{split}.parquet"), pairs_schema()) as pairs:
                for outcome in group:
                    count_outcome(outcome, rows, calls)
                    _note(outcome, journal, schema)
                    if outcome.reason is None:
                        pairs.add({name: outcome.pair[name] for name in pairs_schema()})
            counts[split] = rows.describe()
    for split in LEARNING_SPLITS:
        count = counts.get(split)
        if count is None:
            raise DataError(f"{split}: no row to ask about; loosen the section filter")
        if not count.kept:
            raise DataError(
                f"{split}: none of {count.asked} answers is usable ({count.dropped}); "
                f"read them in {answers}"
            )
    return Answered(calls=calls.describe(), train=counts["train"], validation=counts["validation"])


def _note(outcome: Outcome, journal: TableWriter, schema: Mapping[str, pa.DataType]) -> None:
    for sample, reply in enumerate(outcome.replies, start=1):
        known: dict[str, Any] = {
            "split": reply.question.split,
            "id": reply.question.row["id"],
            "sample": sample,
            "reason": outcome.reason,
        }
        named = {name: value for name, value in known.items() if name in schema}
        journal.add({**named, **reply.answer.to_record()})


def describe_counts(counts: Answered) -> str:
    """One line a split, for people: what was kept of how many, and why the rest was not."""
    lines = []
    for split, one in counts.splits.items():
        dropped = ", ".join(f"{n} {reason}" for reason, n in one.dropped.items() if n)
        agreement = "" if one.agreement is None else f"; samples agree in {one.agreement:.0f}%"
        kept = f"{one.kept} pairs from {one.asked} rows"
        lines.append(f"{split}: {kept}; {dropped or 'none'} dropped{agreement}")
    return "\n".join(lines)
