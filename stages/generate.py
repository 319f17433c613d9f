"""generate: the teacher expands gold highlights into articles to train on.

In:  data/cnn/{train,validation,test}.parquet, the prompt template, a chat endpoint. The test split
     is read only where generate.near_test keeps written articles away from it.
Out: data/gpt/{train,validation}.parquet, pairs of (written article, gold highlights);
     data/gpt/answers.parquet with every answer and the reason why it makes no pair, if any;
     metrics/generated.json with the counts.
Run: python -m stages.generate
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import Field

from stages.errors import DataError, run
from stages.params import Section, load_section
from stages.tables import (
    PAIR_COLUMNS,
    TableWriter,
    iterate_table,
    table_writer,
    text_columns,
    write_json,
)
from stages.teacher.answers import COLUMNS, REASONS, Answer
from stages.teacher.client import ask
from stages.teacher.ledger import default_ledger
from stages.teacher.prompts import Prompt
from stages.teacher.settings import TeacherParams
from stages.texts.copying import copied_share
from stages.texts.nearness import NEAR_DUPLICATE, NEAR_TEST, NearRule
from stages.texts.words import split_words

CNN = Path("data/cnn")
GPT = Path("data/gpt")
METRICS = Path("metrics/generated.json")
SPLITS = ("train", "validation")
COPIED = "copied"
ANSWERS = {**text_columns("split", "id", "reason"), **COLUMNS}

Row = dict[str, Any]


class GenerateParams(Section):
    """The params section `generate`."""

    prompt: str = Field(min_length=1)
    """A template file with the variable $highlights."""
    limit: int | None = Field(gt=0)
    """Training highlights to expand, from the first on; null takes all."""
    validation_limit: int | None = Field(gt=0)
    """Validation highlights to expand, so that this source chooses its best checkpoint itself."""
    max_characters: int = Field(gt=0)
    """A written article has fewer Unicode characters than this, as in filter."""
    near_duplicates: float | None = Field(gt=0, le=1)
    """As in filter, among written training articles; null keeps them all."""
    near_test: float | None = Field(gt=0, le=1)
    """As in filter, for written articles; null keeps them all."""
    max_copied: float | None = Field(ge=0, le=1)
    """The largest share of a highlight's words that may stand in its written article in runs of 8
    words or more; null allows any. 0.5 drops a pair of which half the highlight was pasted."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why answers may make no pair."""
        own = (
            (self.max_copied, COPIED),
            (self.near_test, NEAR_TEST),
            (self.near_duplicates, NEAR_DUPLICATE),
        )
        return (*REASONS, *(reason for limit, reason in own if limit is not None))


@dataclass(frozen=True)
class Highlights:
    """The rows to expand, and what to ask for each; read anew by each iteration."""

    params: GenerateParams
    folder: Path = CNN

    def rows(self, split: str) -> Iterator[Row]:
        """The first rows of a split; all of them where its limit is null."""
        limits = {"train": self.params.limit, "validation": self.params.validation_limit}
        return islice(iterate_table(self.folder / f"{split}.parquet", PAIR_COLUMNS), limits[split])

    def __iter__(self) -> Iterator[str]:
        """Yields one prompt a row, split by split."""
        prompt = Prompt(Path(self.params.prompt), "highlights")
        for split in SPLITS:
            for row in self.rows(split):
                yield prompt.fill(row["highlights"])


class Judge:
    """Says which answers make pairs; it comes after the answers, and never asks for another."""

    def __init__(self, params: GenerateParams, folder: Path = CNN) -> None:
        self._params = params
        self._near = NearRule(params.near_duplicates, params.near_test)
        if params.near_test is not None:
            for row in iterate_table(folder / "test.parquet", ["article"]):
                self._near.hold_out(row["article"])

    def find_reason(self, split: str, row: Row, answer: Answer) -> str | None:
        """The first reason why an answer makes no pair with its row, or None.

        Answers of the training split are compared with those that made pairs before.
        """
        reason = answer.find_problem(self._params.max_characters)
        if reason is None and self._is_copied(answer.text, row["highlights"]):
            reason = COPIED
        return reason or self._near.find_reason(answer.text, unique=split == "train")

    def _is_copied(self, article: str, highlights: str) -> bool:
        limit = self._params.max_copied
        if limit is None:
            return False
        return copied_share(split_words(article), split_words(highlights)) > limit


def write_pairs(source: Highlights, answers: Iterable[Answer], out: Path = GPT) -> dict[str, Any]:
    """Writes the pairs and every answer.

    Returns:
        Per split: `asked`, `kept`, and `dropped` by reason; asked = kept + sum of dropped.

    Raises:
        DataError: a split has no usable answer.
    """
    judge, remaining = Judge(source.params, source.folder), iter(answers)
    with table_writer(out / "answers.parquet", ANSWERS) as journal:
        counts = {
            split: _write_split(split, source, remaining, judge, out, journal) for split in SPLITS
        }
    for split, count in counts.items():
        if not count["kept"]:
            raise DataError(
                f"{split}: none of {count['asked']} answers is usable ({count['dropped']}); "
                f"read them in {out / 'answers.parquet'}"
            )
    return counts


def _write_split(
    split: str,
    source: Highlights,
    answers: Iterator[Answer],
    judge: Judge,
    out: Path,
    journal: TableWriter,
) -> dict[str, Any]:
    dropped: Counter[str] = Counter(dict.fromkeys(source.params.reasons, 0))
    with table_writer(out / f"{split}.parquet", text_columns(*PAIR_COLUMNS)) as pairs:
        for row, answer in zip(source.rows(split), answers, strict=False):  # more splits follow
            reason = judge.find_reason(split, row, answer)
            journal.add({"split": split, "id": row["id"], "reason": reason, **answer.to_record()})
            if reason is None:
                pairs.add({**row, "article": answer.text})
            else:
                dropped[reason] += 1
    return {
        "asked": pairs.count + dropped.total(),
        "kept": pairs.count,
        "dropped": dict(dropped),
    }


def main() -> None:
    """Reads params.yaml and generates."""
    source = Highlights(load_section("generate", GenerateParams))
    teacher = load_section("teacher", TeacherParams)
    answers = ask(source, teacher, default_ledger(), "generate", GPT / "answers.parquet")
    counts = write_pairs(source, answers)
    write_json(METRICS, counts)
    for split, count in counts.items():
        dropped = ", ".join(f"{n} {reason}" for reason, n in count["dropped"].items() if n)
        kept = f"{count['kept']} pairs from {count['asked']} answers"
        print(f"{split}: {kept}; {dropped or 'none'} dropped")


if __name__ == "__main__":
    run(main)
