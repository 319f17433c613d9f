"""generate: the teacher expands gold highlights into articles to train on.

In:  data/gold/{train,validation,test}.parquet, the prompt template, a chat endpoint. The test split
     is read only where generate.near_test keeps written articles away from it.
Out: data/written/{train,validation}.parquet, pairs of (written article, gold highlights);
     data/written/answers.parquet with every answer and the reason why it makes no pair, if any;
     metrics/answers/generate.json with the counts.
Run: python -m stages.generate
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from understudy.contract.answered import Answered
from understudy.contract.asked import WRITTEN_ANSWERS, WRITTEN_ANSWERS_SCHEMA
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
        self._params = params
        self._rule = TextRule(params, prompt.own_text)
        self._near = NearRule(params.near_duplicates, params.near_test)
        if params.near_test is not None:
            for row in iterate_table(folder / "test.parquet", ["article"]):
                self._near.hold_out(row["article"])

    def judge(self, replies: Iterable[Reply]) -> Iterator[Outcome]:
        """Yields what each answer comes to, split by split.

        Answers of the training split are compared with those that made pairs before.
        """
        for reply in replies:
            row, reason = reply.question.row, reply.problem or self._find_reason(reply)
            yield Outcome([reply], reason, {**row, "article": reply.text})

    def _find_reason(self, reply: Reply) -> str | None:
        article, highlights = reply.text, reply.question.row["highlights"]
        if len(article) >= self._params.max_characters:
            return "too_long"
        reason = self._rule.find_reason(article)
        if reason is None and len(article) < self._params.min_length * len(highlights):
            reason = TOO_SHORT
        if reason is None and self._is_copied(article, highlights):
            reason = COPIED
        unique = reply.question.split == "train"
        return reason or self._near.find_reason(article, unique=unique)

    def _is_copied(self, article: str, highlights: str) -> bool:
        limit = self._params.max_copied
        if limit is None:
            return False
        return copied_share(split_words(article), split_words(highlights)) > limit


def write_articles(
    replies: Iterable[Reply], judge: Judge, answers: Path = WRITTEN_ANSWERS
) -> Answered:
    """Writes the pairs and every answer, and counts them; see `write_pairs`."""
    return write_pairs(judge.judge(replies), judge.reasons, answers, WRITTEN_ANSWERS_SCHEMA)


def main() -> None:
    """Reads params.yaml and generates."""
    params = load_section("generate", GenerateParams)
    teacher = load_section("teacher", TeacherParams)
    prompt = Prompt("generate.prompt", params.prompt, ["highlights"])
    replies = ask_for(Questions(prompt, params.limits), teacher, "generate", WRITTEN_ANSWERS)
    counts = write_articles(replies, Judge(params, prompt))
    counts.write(Answered.path_of("generate"))
    print(describe_counts(counts))


if __name__ == "__main__":
    run(main)
