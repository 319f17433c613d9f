"""generate: the teacher expands gold highlights into articles to train on.

In:  data/gold/{train,validation,test}.parquet, the prompt template, a chat endpoint. The test split
     is read only where generate.near_test keeps written articles away from it.
Out: data/written/{train,validation}.parquet, pairs of (written article, gold highlights);
     data/written/answers.parquet with every answer and the reason why it makes no pair, if any;
     metrics/generated.json with the counts.
Run: python -m stages.generate
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from understudy.contract.answers import COLUMNS, Answer
from understudy.contract.pairs import GOLD, PAIR_COLUMNS, WRITTEN
from understudy.contract.params.generate import COPIED, GenerateParams
from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import DataError, run
from understudy.core.files import write_json
from understudy.core.params import load_section
from understudy.core.tables import TableWriter, iterate_table, table_writer, text_columns
from understudy.rows.nearness import NearRule
from understudy.teacher.client import ask
from understudy.teacher.ledger import default_ledger
from understudy.teacher.prompts import Highlights
from understudy.texts.copying import copied_share
from understudy.texts.words import split_words

METRICS = Path("metrics/generated.json")
SPLITS = ("train", "validation")
ANSWERS = {**text_columns("split", "id", "reason"), **COLUMNS}

Row = dict[str, Any]


class Judge:
    """Says which answers make pairs; it comes after the answers, and never asks for another."""

    def __init__(self, params: GenerateParams, folder: Path = GOLD) -> None:
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


def write_pairs(
    source: Highlights, answers: Iterable[Answer], out: Path = WRITTEN
) -> dict[str, Any]:
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
    answers = ask(source, teacher, default_ledger(), "generate", WRITTEN / "answers.parquet")
    counts = write_pairs(source, answers)
    write_json(METRICS, counts)
    for split, count in counts.items():
        dropped = ", ".join(f"{n} {reason}" for reason, n in count["dropped"].items() if n)
        kept = f"{count['kept']} pairs from {count['asked']} answers"
        print(f"{split}: {kept}; {dropped or 'none'} dropped")


if __name__ == "__main__":
    run(main)
