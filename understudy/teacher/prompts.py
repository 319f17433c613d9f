"""Prompt templates: text files in which `$article` or `$highlights` stands for the row's text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from string import Template

from understudy.contract.pairs import GOLD, PAIR_COLUMNS
from understudy.core.errors import DataError
from understudy.core.reading import read_text
from understudy.core.tables import iterate_table
from understudy.teacher.errors import PromptError
from understudy.teacher.requests import Question


class Prompt:
    """A template with exactly one variable."""

    def __init__(self, param: str, path: str | Path, variable: str) -> None:
        """Reads a template.

        Args:
            param: the dotted key that names the file, for messages.
            path: a UTF-8 text file; `$$` stands for a dollar sign.
            variable: the one name that it must use, a column of the rows.

        Raises:
            PromptError: the file is absent or not text, the variable is missing, or another
                one is there.
        """
        self.variable, given = variable, f"{param} = {path}"
        try:
            self._template = Template(read_text(Path(path)).strip())
        except DataError as error:
            raise PromptError(f"{param}: {error}") from None
        except OSError as error:
            problem = f"not a readable prompt template ({error}); name a UTF-8 text file"
            raise PromptError(f"{given}: {problem}") from None
        if not self._template.is_valid():
            raise PromptError(f"{given}: a lone '$'; write '$$' for a dollar sign")
        names = set(self._template.get_identifiers())
        if names != {variable}:
            found = ", ".join(f"${name}" for name in sorted(names)) or "no variable"
            hint = f"write ${variable} where the row's text belongs"
            raise PromptError(f"{given}: found {found}, expected just ${variable}; {hint}")

    def fill(self, text: str) -> str:
        """Returns the message for one row."""
        return self._template.substitute({self.variable: text})


@dataclass(frozen=True)
class Questions:
    """What a stage asks: its prompt about each of its rows, which each iteration reads anew."""

    prompt: Prompt
    limits: Mapping[str, int | None]
    """How many of the first rows of which splits; null takes all."""
    folder: Path = GOLD

    def __iter__(self) -> Iterator[Question]:
        """Yields one question per row, split by split."""
        for split, limit in self.limits.items():
            rows = iterate_table(self.folder / f"{split}.parquet", PAIR_COLUMNS)
            for row in islice(rows, limit):
                yield Question(self.prompt.fill(row[self.prompt.variable]), row, split)
