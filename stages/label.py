"""label: the teacher answers the task's own prompt on real inputs; its answers are the outputs.

In:  data/gold/{train,validation}.parquet, of which it reads the inputs alone; the prompt template
     of zeroshot, a chat endpoint or answers that were imported from logs; the file of
     label.harvested with inputs out of served requests, without those that are in data/gold.
Out: data/labelled/{train,validation}.parquet, pairs of (real input, the teacher's output);
     data/labelled/answers.parquet with every answer and the reason why it makes no pair, if any;
     metrics/answers/label.json with the counts.
Run: python -m stages.label
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from understudy.contract.answered import Answered, HarvestedCounts
from understudy.contract.asked import LABELLED_ANSWERS, LABELLED_ANSWERS_SCHEMA
from understudy.contract.harvested import FIRST_SERVED
from understudy.contract.kind import this_kind
from understudy.contract.label_reader import LabelReader
from understudy.contract.pairs import GOLD, LEARNING_SPLITS
from understudy.contract.params.label import LabelParams
from understudy.contract.params.task import TaskParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.rows.harvested import HarvestedRows, open_harvested
from understudy.rows.labels import LabelRule
from understudy.teacher.pairing import Outcome, Reply, ask_for, by_row, describe_counts, write_pairs
from understudy.teacher.prompts import Prompt, Questions, input_columns


class Judge:
    """Decides which answers make pairs; it comes after the answers and never asks for another."""

    def __init__(self, params: LabelParams, prompt: Prompt) -> None:
        """Takes the filters, and the prompt that was asked."""
        self.reasons = (*params.reasons, *prompt.reasons)
        self.harvested_days: list[str] = []
        """When harvested rows were served first, in their order."""
        self.harvested_pairs = 0
        """How many of these rows make pairs."""
        self._kind = this_kind()
        self._rule = LabelRule(params, prompt.own_text)

    def judge(self, replies: Iterable[Reply]) -> Iterator[Outcome]:
        """Yields what the answers to each row come to, split by split."""
        for samples in by_row(replies):
            outcome = self._judge_row(samples)
            if (served := samples[0].question.row.get(FIRST_SERVED)) is not None:
                self.harvested_days.append(served.date().isoformat())
                self.harvested_pairs += outcome.reason is None
            yield outcome

    def _judge_row(self, samples: Sequence[Reply]) -> Outcome:
        row, usable = samples[0].question.row, [one for one in samples if one.problem is None]
        if not usable:
            return Outcome(samples, samples[0].problem, row, 0.0 if len(samples) > 1 else None)
        best, agreement = self._rule.choose([reply.text for reply in usable])
        text = usable[best].text
        reason = self._rule.find_reason(row[self._kind.input], text)
        shared = None
        if len(samples) > 1:  # an answer that cannot be used agrees with none
            shared = agreement * _count_pairs(usable) / _count_pairs(samples)
            reason = reason or self._rule.find_disagreement(shared)
        return Outcome(samples, reason, {**row, self._kind.output: text}, shared)


def _count_pairs(samples: Sequence[Reply]) -> int:
    return len(samples) * (len(samples) - 1) // 2


def write_labels(
    replies: Iterable[Reply], judge: Judge, answers: Path = LABELLED_ANSWERS
) -> Answered:
    """Writes the pairs and every answer, and counts them; see `write_pairs`."""
    return write_pairs(judge.judge(replies), judge.reasons, answers, LABELLED_ANSWERS_SCHEMA)


def count_harvested(rows: HarvestedRows, judge: Judge) -> HarvestedCounts | None:
    """What became of harvested rows, once they are judged; None where the file has none."""
    days, left_out = judge.harvested_days, rows.count_left_out()
    if not days and not left_out:
        return None
    return HarvestedCounts(
        rows=left_out + len(days),
        left_out=left_out,
        asked=len(days),
        kept=judge.harvested_pairs,
        first_day=min(days, default=None),
        last_day=max(days, default=None),
    )


def main() -> None:
    """Reads params.yaml and labels."""
    params = load_section("label", LabelParams)
    teacher = load_section("teacher", TeacherParams)
    template = load_section("zeroshot", ZeroshotParams).prompt
    allowed = input_columns([GOLD / f"{split}.parquet" for split in LEARNING_SPLITS])
    prompt = Prompt("zeroshot.prompt", template, allowed)
    harvested = open_harvested(params.harvested_path, GOLD, prompt.variables)
    more = {} if harvested is None else {"train": harvested}
    task = load_section("task", TaskParams)
    reader = LabelReader.of(task.labels, task.synonyms)
    questions = Questions(prompt, params.limits, samples=params.samples, more=more, labels=reader)
    replies = ask_for(questions, teacher, "label", LABELLED_ANSWERS)
    judge = Judge(params, prompt)
    counts = write_labels(replies, judge)
    if harvested is not None:
        counts = counts.model_copy(update={"harvested": count_harvested(harvested, judge)})
    counts.write(Answered.path_of("label"))
    print(describe_counts(counts))


if __name__ == "__main__":
    run(main)
