"""Reads the pairs of a source once, and counts everything that metrics/data/SOURCE.json holds."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from stages.datacards.leakage import LeakageCounter
from stages.datacards.lengths import LengthCounter, bin_lengths, choose_edges
from stages.datacards.overlap import (
    ContaminationCounter,
    HeldOutPairs,
    Sketched,
    count_between,
    count_near,
)
from stages.datacards.pairs import Pair, as_text, read_pairs
from stages.datacards.vocabulary import VocabularyCounter
from understudy.contract.answered import AnswerCounts, Answered
from understudy.contract.classes import slugs
from understudy.contract.kind import this_kind
from understudy.contract.pairs import LEARNING_SPLITS, SPLITS
from understudy.contract.params.datacards import DatacardsParams
from understudy.contract.params.sources import Source
from understudy.contract.params.task import TaskParams
from understudy.contract.survey import (
    AnswerShares,
    BetweenSources,
    LengthBin,
    SourceSurvey,
    SplitSurvey,
)
from understudy.core.errors import DataError
from understudy.core.files import AGAIN
from understudy.core.params import load_section
from understudy.core.progress import track
from understudy.core.tables import iterate_table
from understudy.texts.similarity import Neighbours, Shingler, Sketcher


def survey_source(
    folder: Path, source: Source, params: DatacardsParams, answered: Answered | None
) -> tuple[SourceSurvey, list[LengthBin]]:
    """Reads every pair of a source once.

    Args:
        folder: with the files SOURCE/SPLIT.parquet, and those of gold, which has the test split.
        source: whose pairs.
        params: the section `datacards`.
        answered: what became of the teacher's answers; None for gold.

    Returns:
        metrics/data/SOURCE.json, and the lines of metrics/plots/lengths/SOURCE.csv.

    Raises:
        DataError: a file cannot be read, or has no row.
    """
    test = HeldOutPairs(_read(folder, "gold", "test"), Shingler(params.shingle_words))
    splits = SPLITS if source == "gold" else LEARNING_SPLITS
    counter = _SourceCounter(folder, source, splits, test, params)
    known = Neighbours(params.near_duplicate, params.permutations)
    between = _compare_with_gold(folder, counter.sketched, params) if source == "written" else None
    survey = counter.describe(known, _count_answers(answered), between)
    return survey, list(_bin(folder, source, counter))


def _bin(folder: Path, source: Source, counter: "_SourceCounter") -> Iterator[LengthBin]:
    """Both histograms; their edges are the gold rows', so that sources can be compared."""
    train = counter.splits["train"]
    kind, texts = this_kind(), {this_kind().input: train.article}
    if not kind.has_labels:
        texts[kind.output] = train.highlights
    for text, found in texts.items():
        rows = iterate_table(folder / "gold" / "train.parquet", (text,))
        gold = [len(as_text(row[text]).words) for row in rows if row[text] is not None]
        yield from bin_lengths(source, text, found.words, choose_edges(gold or found.words))


def _compare_with_gold(folder: Path, written: Sketched, params: DatacardsParams) -> BetweenSources:
    gold, known = Sketched(), Neighbours(params.near_duplicate, params.permutations)
    sketch = Sketcher(params.shingle_words, params.permutations, params.seed)
    for at, pair in enumerate(_read(folder, "gold", "train")):
        gold.add(pair.id, sketch(pair.article.words))
        known.add(gold.sketches[-1], at)
    return count_between(gold, known, written)


def _count_answers(answered: Answered | None) -> AnswerShares | None:
    if answered is None:
        return None
    shares = {split: _count_shares(counts) for split, counts in answered.splits.items()}
    return AnswerShares(**shares)


def _read(folder: Path, source: str, split: str) -> Iterator[Pair]:
    rows = read_pairs(folder / source / f"{split}.parquet")
    yield from track(rows, f"read {source}/{split}")


def _count_shares(answers: AnswerCounts) -> dict[str, float]:
    return {reason: 100 * count / answers.asked for reason, count in answers.dropped.items()}


class _SplitCounter:
    """Lengths of a split's texts, and its labels."""

    def __init__(self) -> None:
        self.article, self.highlights = LengthCounter(), LengthCounter()
        self.labels: Counter[str] = Counter()

    def add(self, pair: Pair) -> None:
        self.article.add(pair.article)
        if not this_kind().has_labels:
            self.highlights.add(pair.highlights)
        else:
            self.labels[pair.highlights.raw] += 1

    def describe(self) -> SplitSurvey:
        if self.labels:
            names = slugs(load_section("task", TaskParams).labels)
            return SplitSurvey(
                pairs=len(self.article.words),
                text=self.article.describe(),
                labels={slug: self.labels[label] for label, slug in names.items()},
            )
        return SplitSurvey(
            pairs=len(self.article.words),
            article=self.article.describe(),
            highlights=self.highlights.describe(),
        )


class _SourceCounter:
    """What one reading of a source leaves behind; the texts themselves are not kept."""

    def __init__(
        self,
        folder: Path,
        source: str,
        splits: tuple[str, ...],
        test: HeldOutPairs,
        params: DatacardsParams,
    ) -> None:
        self.splits = {split: _SplitCounter() for split in splits}
        self.sketched = Sketched()
        self._sketch = Sketcher(params.shingle_words, params.permutations, params.seed)
        self._vocabulary = VocabularyCounter()
        self._contamination = ContaminationCounter(test, params.near_duplicate)
        is_rouge = not this_kind().has_labels
        self._leakage = LeakageCounter(params.copied_words) if is_rouge else None
        for split, lengths in self.splits.items():
            for pair in _read(folder, source, split):
                lengths.add(pair)
                if split == "train":
                    self._add_training_pair(pair)
            if not lengths.article.words:
                raise DataError(f"{folder / source / split}.parquet: no row in it; {AGAIN}")

    def _add_training_pair(self, pair: Pair) -> None:
        sketch = self._sketch(pair.article.words)
        self.sketched.add(pair.id, sketch, None if self._leakage else pair.highlights.raw)
        self._vocabulary.add(pair.article.words)
        self._contamination.add(pair, sketch.shingles)
        if self._leakage:
            self._leakage.add(pair)

    def describe(
        self, known: Neighbours, answers: AnswerShares | None, between: BetweenSources | None
    ) -> SourceSurvey:
        """All figures; adds the training articles to `known`."""
        splits = {split: lengths.describe() for split, lengths in self.splits.items()}
        return SourceSurvey(
            train=splits["train"],
            validation=splits["validation"],
            test=splits.get("test"),
            vocabulary=self._vocabulary.describe(),
            near_duplicates=count_near(self.sketched.sketches, known, self.sketched.labels),
            contamination=self._contamination.describe(),
            leakage=self._leakage.describe() if self._leakage else None,
            answers=answers,
            between=between,
        )
