"""Texts as token ids: encoded once, kept in files, read row by row; what is cut is counted."""

import json
import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from understudy.contract.kind import this_kind
from understudy.core.errors import StudentError
from understudy.core.files import replacing
from understudy.core.progress import open_progress
from understudy.core.tables import readable_parquet
from understudy.students.model.loading import Student
from understudy.students.model.spelling import Spelling

ROWS = 1024
"""Rows encoded at a time, by all cores."""
BAR_SECONDS = 2.0
"""Shorter work shows no progress bar."""
TOKEN = np.dtype(np.int32)
SIDES = ("inputs", "outputs")
"""Of a pair, as their counts and files are called."""


def encode_texts(
    tokenizer: Any,
    texts: Sequence[str],
    max_tokens: int,
    prefix: str = "",
    spelling: Spelling | None = None,
) -> tuple[list[list[int]], int]:
    """Encodes texts; articles need their family's prefix, reference summaries none.

    `spelling`, if given, counts what the tokenizer cannot spell.

    Returns:
        Token ids, end token included, at most `max_tokens` each; and how many were cut.
    """
    if not texts:
        return [], 0
    whole = [prefix + text for text in texts]
    encoded = tokenizer(whole, truncation=True, max_length=max_tokens)
    cut = sum(bool(encoding.overflowing) for encoding in encoded.encodings)
    if spelling is not None:
        for text, encoding in zip(whole, encoded.encodings, strict=True):
            spelling.add(text, encoding)
    return encoded["input_ids"], cut


def split_by_length(encoded: Sequence[list[int]], budget: int) -> Iterator[list[int]]:
    """Indices in batches of at most `budget` tokens, padding included; the longest come first."""
    batch: list[int] = []
    for index in sorted(range(len(encoded)), key=lambda row: -len(encoded[row])):
        if batch and (len(batch) + 1) * len(encoded[batch[0]]) > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


class TokenRows:
    """Rows of token ids in one file; only the rows' lengths are in memory."""

    def __init__(self, folder: Path, name: str) -> None:
        self.lengths: np.ndarray = np.load(folder / f"{name}.lengths.npy")
        """Tokens of each row."""
        self._ends = np.cumsum(self.lengths, dtype=np.int64)
        self._origin = folder, name
        self._file = os.open(folder / f"{name}.ids", os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __reduce__(self) -> tuple[type["TokenRows"], tuple[Path, str]]:
        return TokenRows, self._origin  # another process opens the file itself

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, row: int) -> np.ndarray:
        size = int(self.lengths[row]) * TOKEN.itemsize
        start = int(self._ends[row]) * TOKEN.itemsize - size
        return np.frombuffer(os.pread(self._file, size, start), dtype=TOKEN)


@dataclass(frozen=True)
class EncodedPairs:
    """A split as token ids."""

    articles: TokenRows
    highlights: TokenRows
    cut: dict[str, int]
    """How many inputs and outputs were longer than allowed."""
    lost: dict[str, dict[str, Any]]
    """What the tokenizer cannot spell in either; see `Spelling`."""

    def __len__(self) -> int:
        return len(self.articles)


def encode_pairs(
    student: Student, pairs: Path, longest: tuple[int, int], folder: Path, label: str
) -> EncodedPairs:
    """Encodes a Parquet file of pairs into `folder`, unless that is there already.

    Args:
        student: its tokenizer encodes, its family has the articles' prefix.
        pairs: with the columns of the project's kind of task.
        longest: tokens that an input may have, and an output.
        folder: reserved by the caller for exactly these arguments.
        label: names the work in the progress bar.

    Raises:
        StudentError: there is no pair.
        DataError: the file cannot be read.
    """
    if not folder.is_dir():
        with replacing(folder) as partial:
            partial.mkdir()
            _write_pairs(student, pairs, longest, partial, label)
    counts = json.loads((folder / "counts.json").read_text(encoding="utf-8"))
    return EncodedPairs(TokenRows(folder, SIDES[0]), TokenRows(folder, SIDES[1]), **counts)


def count_pairs(pairs: Path) -> int:
    """Rows of a Parquet file of pairs; a StudentError says that there is none."""
    with readable_parquet(pairs) as file:
        if count := file.metadata.num_rows:
            return int(count)
    hint = "metrics/dataset.json and metrics/generated.json count what was dropped, and why"
    raise StudentError(f"{pairs}: no pairs to learn from; {hint}")


def _write_pairs(
    student: Student, pairs: Path, longest: tuple[int, int], folder: Path, label: str
) -> None:
    prefixes = dict(zip(SIDES, (student.family.prefix, ""), strict=True))
    limits = dict(zip(SIDES, longest, strict=True))
    lengths, cut = {side: list[int]() for side in SIDES}, dict.fromkeys(SIDES, 0)
    spelling = {side: Spelling(student.tokenizer) for side in SIDES}
    with ExitStack() as stack:
        files = {side: stack.enter_context((folder / f"{side}.ids").open("wb")) for side in SIDES}
        for rows in _read_pieces(pairs, label):
            for side, texts in zip(SIDES, rows, strict=True):
                ids, over = encode_texts(
                    student.tokenizer, texts, limits[side], prefixes[side], spelling[side]
                )
                files[side].writelines(np.asarray(row, dtype=TOKEN).tobytes() for row in ids)
                lengths[side] += map(len, ids)
                cut[side] += over
    for side, found in lengths.items():
        np.save(folder / f"{side}.lengths.npy", np.asarray(found, dtype=TOKEN))
    counts = {"cut": cut, "lost": {side: spelling[side].to_json() for side in SIDES}}
    (folder / "counts.json").write_text(json.dumps(counts), encoding="utf-8")


def _read_pieces(pairs: Path, label: str) -> Iterator[tuple[list[str], list[str]]]:
    kind = this_kind()
    with (
        readable_parquet(pairs, kind.columns) as file,
        open_progress(label, count_pairs(pairs), delay=BAR_SECONDS) as bar,
    ):
        for batch in file.iter_batches(batch_size=ROWS, columns=[kind.input, kind.output]):
            columns = batch.to_pydict()
            yield columns[kind.input], columns[kind.output]
            bar.update(len(batch))
