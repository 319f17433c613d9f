"""Prompt templates: text files in which `$article` or `$highlights` stands for the row's text."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from string import Template

from understudy.contract.pairs import GOLD, PAIR_COLUMNS
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.tables import iterate_table
from understudy.teacher.errors import PromptError
from understudy.teacher.requests import Question

WRITTEN_SPLITS = ("train", "validation")


class Prompt:
    """A template with exactly one variable."""

    def __init__(self, path: Path, variable: str) -> None:
        """Reads a template.

        Args:
            path: a UTF-8 text file; `$$` stands for a dollar sign.
            variable: the one name that it must use.

        Raises:
            PromptError: the file is absent or not text, the variable is missing, or another
                one is there.
        """
        self._variable = variable
        try:
            self._template = Template(path.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise PromptError(f"{path}: not a readable prompt template: {error}") from None
        if not self._template.is_valid():
            raise PromptError(f"{path}: a lone '$'; write '$$' for a dollar sign")
        names = set(self._template.get_identifiers())
        if names != {variable}:
            found = ", ".join(f"${name}" for name in sorted(names)) or "no variable"
            raise PromptError(f"{path}: found {found}, expected just ${variable}")

    def fill(self, text: str) -> str:
        """Returns the message for one row."""
        return self._template.substitute({self._variable: text})


@dataclass(frozen=True)
class Highlights:
    """The rows to expand, and what to ask for each; read anew by each iteration."""

    params: GenerateParams
    folder: Path = GOLD

    def rows(self, split: str) -> Iterator[dict[str, str]]:
        """The first rows of a split; all of them where its limit is null."""
        limits = {"train": self.params.limit, "validation": self.params.validation_limit}
        return islice(iterate_table(self.folder / f"{split}.parquet", PAIR_COLUMNS), limits[split])

    def __iter__(self) -> Iterator[Question]:
        """Yields one question per row, split by split."""
        prompt = Prompt(Path(self.params.prompt), "highlights")
        for split in WRITTEN_SPLITS:
            for row in self.rows(split):
                yield Question(prompt.fill(row["highlights"]), row, split)


@dataclass(frozen=True)
class Articles:
    """The test articles, and what to ask for each; read anew by each iteration."""

    params: ZeroshotParams
    test: Path = GOLD / "test.parquet"

    def __iter__(self) -> Iterator[Question]:
        """Yields one question per article."""
        prompt = Prompt(Path(self.params.prompt), "article")
        for row in iterate_table(self.test, PAIR_COLUMNS):
            yield Question(prompt.fill(row["article"]), row)
