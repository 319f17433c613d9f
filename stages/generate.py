"""generate: the teacher writes an input for each gold output: an article, or a text of a class.

In:  data/gold/{train,validation,test}.parquet, the prompt template, a chat endpoint. The test split
     is read only where generate.near_test keeps written inputs away from it.
Out: data/written/{train,validation}.parquet, pairs of (written input, gold output);
     data/written/answers.parquet with every answer and the reason why it makes no pair, if any;
     metrics/answers/generate.json with the counts.
Run: python -m stages.generate
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from understudy.contract.answered import Answered
from understudy.contract.asked import WRITTEN_ANSWERS, WRITTEN_ANSWERS_SCHEMA
from understudy.contract.kind import this_kind
from understudy.contract.pairs import GOLD
from understudy.contract.params.generate import COPIED, GenerateParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.usable import TOO_SHORT
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.core.tables import iterate_table
from understudy.rows.nearness import NearRule
from understudy.rows.usable import TextRule
from understudy.teacher.pairing import Outcome, Reply, ask_for, describe_counts, write_pairs
from understudy.teacher.prompts import Prompt, Questions
from understudy.texts.copying import copied_share
from understudy.texts.words import split_words


class Judge:
    """Decides which answers make pairs; it comes after the answers and never asks for another."""

    def __init__(self, params: GenerateParams, prompt: Prompt, folder: Path = GOLD) -> None:
        """Takes the limits, the prompt that was asked, and the folder with the test split."""
        self.reasons = (*params.reasons, *prompt.reasons)
        self._params, self._kind = params, this_kind()
        self._rule = TextRule(params, prompt.own_text)
        self._near = NearRule(params.near_duplicates, params.near_test)
        if params.near_test is not None:
            for row in iterate_table(folder / "test.parquet", [self._kind.input]):
                self._near.hold_out(row[self._kind.input])

    def judge(self, replies: Iterable[Reply]) -> Iterator[Outcome]:
        """Yields what each answer comes to, split by split.

        Answers of the training split are compared with those that made pairs before.
        """
        for reply in replies:
            row, reason = reply.question.row, reply.problem or self._find_reason(reply)
            yield Outcome([reply], reason, {**row, self._kind.input: reply.text})

    def _find_reason(self, reply: Reply) -> str | None:
        text, output = reply.text, reply.question.row[self._kind.output]
        if len(text) >= self._params.max_characters:
            return "too_long"
        reason = self._rule.find_reason(text)
        if reason is None and len(text) < self._params.min_length * len(output):
            reason = TOO_SHORT
        if reason is None and self._is_copied(text, output):
            reason = COPIED
        unique = reply.question.split == "train"
        return reason or self._near.find_reason(text, unique=unique)

    def _is_copied(self, text: str, output: str) -> bool:
        limit = self._params.max_copied
        if limit is None:
            return False
        return copied_share(split_words(text), split_words(output)) > limit


def write_articles(
    replies: Iterable[Reply], judge: Judge, answers: Path = WRITTEN_ANSWERS
) -> Answered:
    """Writes the pairs and every answer, and counts them; see `write_pairs`."""
    return write_pairs(judge.judge(replies), judge.reasons, answers, WRITTEN_ANSWERS_SCHEMA)


def main() -> None:
    """Reads params.yaml and generates."""
    params = load_section("generate", GenerateParams)
    teacher = load_section("teacher", TeacherParams)
    prompt = Prompt("generate.prompt", params.prompt, [this_kind().output])
    replies = ask_for(Questions(prompt, params.limits), teacher, "generate", WRITTEN_ANSWERS)
    counts = write_articles(replies, Judge(params, prompt))
    counts.write(Answered.path_of("generate"))
    print(describe_counts(counts))


if __name__ == "__main__":
    run(main)
