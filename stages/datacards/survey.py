"""One pass over the pairs of both sources: all that the data cards count."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from stages.datacards.leakage import Leakage, LeakageCounter
from stages.datacards.lengths import LengthCounter, TextLengths, bin_lengths
from stages.datacards.overlap import (
    Between,
    Contamination,
    ContaminationCounter,
    HeldOutPairs,
    NearDuplicates,
    Sketched,
    count_between,
    count_near,
)
from stages.datacards.pairs import Pair, read_pairs
from stages.datacards.vocabulary import Vocabulary, VocabularyCounter
from understudy.contract.params.datacards import DatacardsParams
from understudy.core.errors import DataError
from understudy.core.files import AGAIN
from understudy.texts.similarity import Neighbours, Shingler, Sketcher

SPLITS = {"gold": ("train", "validation", "test"), "written": ("train", "validation")}
TEXTS = ("article", "highlights")


class SplitLengths:
    """Lengths of a split's texts."""

    def __init__(self) -> None:
        self.article, self.highlights = LengthCounter(), LengthCounter()

    def add(self, pair: Pair) -> None:
        """Measures a pair."""
        self.article.add(pair.article)
        self.highlights.add(pair.highlights)

    @property
    def pairs(self) -> int:
        """How many there are."""
        return len(self.article.words)

    def describe(self) -> "Split":
        """The figures of at least one pair."""
        return Split(self.pairs, self.article.describe(), self.highlights.describe())


@dataclass(frozen=True)
class Split:
    """The pairs of a split."""

    pairs: int
    article: TextLengths
    highlights: TextLengths


@dataclass(frozen=True)
class Source:
    """What is counted of a source; all but the splits' lengths in training pairs alone."""

    splits: Mapping[str, Split]
    vocabulary: Vocabulary
    """Of the articles."""
    near_duplicates: NearDuplicates
    contamination: Contamination
    leakage: Leakage

    def list_metrics(self) -> dict[str, Any]:
        """Plain numbers, by slugs."""
        found = asdict(self)
        splits: dict[str, Any] = found.pop("splits")
        return {**splits, **found}


@dataclass(frozen=True)
class Survey:
    """Both sources."""

    sources: Mapping[str, Source]
    between: Between
    histogram: list[dict[str, Any]]
    """Rows of metrics/plots/lengths.csv: training texts by length in words."""


def survey_pairs(folder: Path, params: DatacardsParams) -> Survey:
    """Reads every pair once.

    Args:
        folder: with the files gold/SPLIT.parquet and written/SPLIT.parquet.
        params: the section `datacards`.

    Raises:
        DataError: a file cannot be read, or has no row.
    """
    test = HeldOutPairs(_read(folder, "gold", "test"), Shingler(params.shingle_words))
    passes = {source: _Pass(folder, source, test, params) for source in SPLITS}
    known = {source: Neighbours(params.near_duplicate, params.permutations) for source in SPLITS}
    sources = {name: found.describe(known[name]) for name, found in passes.items()}
    between = count_between(passes["gold"].sketched, known["gold"], passes["written"].sketched)
    return Survey(sources, between, list(_list_bins(passes)))


def _read(folder: Path, source: str, split: str) -> Iterator[Pair]:
    rows = read_pairs(folder / source / f"{split}.parquet")
    yield from tqdm(rows, f"read {source}/{split}", unit=" rows")


class _Pass:
    """What one reading of a source leaves behind."""

    def __init__(
        self, folder: Path, source: str, test: HeldOutPairs, params: DatacardsParams
    ) -> None:
        self.lengths = {split: SplitLengths() for split in SPLITS[source]}
        self.sketched = Sketched()
        self._sketch = Sketcher(params.shingle_words, params.permutations, params.seed)
        self._vocabulary = VocabularyCounter()
        self._contamination = ContaminationCounter(test, params.near_duplicate)
        self._leakage = LeakageCounter(params.copied_words)
        for split, lengths in self.lengths.items():
            self._measure(_read(folder, source, split), lengths, deep=split == "train")
            if not lengths.pairs:
                raise DataError(f"{folder / source / split}.parquet: no row in it; {AGAIN}")

    def _measure(self, pairs: Iterable[Pair], lengths: SplitLengths, *, deep: bool) -> None:
        for pair in pairs:
            lengths.add(pair)
            if deep:
                self._add(pair)

    def _add(self, pair: Pair) -> None:
        sketch = self._sketch(pair.article.words)
        self.sketched.ids.append(pair.id)
        self.sketched.sketches.append(sketch)
        self._vocabulary.add(pair.article.words)
        self._contamination.add(pair, sketch.shingles)
        self._leakage.add(pair)

    def describe(self, known: Neighbours) -> Source:
        """All figures; adds the articles to `known`."""
        return Source(
            splits={split: lengths.describe() for split, lengths in self.lengths.items()},
            vocabulary=self._vocabulary.describe(),
            near_duplicates=count_near(self.sketched.sketches, known),
            contamination=self._contamination.describe(),
            leakage=self._leakage.describe(),
        )


def _list_bins(passes: Mapping[str, _Pass]) -> Iterator[dict[str, Any]]:
    names = ("source", "words_from", "words_to", "pairs")
    for text in TEXTS:
        lengths = {name: getattr(p.lengths["train"], text).words for name, p in passes.items()}
        for values in bin_lengths(lengths):
            row = dict(zip(names, values, strict=True))
            yield {"source": row.pop("source"), "text": text, **row}
