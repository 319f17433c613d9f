"""Reads the pairs of both sources once, and counts everything that metrics/data.json holds."""

from collections.abc import Iterator
from pathlib import Path

from stages.datacards.leakage import LeakageCounter
from stages.datacards.lengths import LengthCounter, bin_lengths
from stages.datacards.overlap import (
    ContaminationCounter,
    HeldOutPairs,
    Sketched,
    count_between,
    count_near,
)
from stages.datacards.pairs import Pair, read_pairs
from stages.datacards.vocabulary import VocabularyCounter
from understudy.contract.generated import AnswerCounts, Generated
from understudy.contract.pairs import LEARNING_SPLITS, SPLITS
from understudy.contract.params.datacards import DatacardsParams
from understudy.contract.survey import (
    AnswerShares,
    DataSurvey,
    LengthBin,
    SourceSurvey,
    SplitSurvey,
)
from understudy.core.errors import DataError
from understudy.core.files import AGAIN
from understudy.core.progress import track
from understudy.texts.similarity import Neighbours, Shingler, Sketcher

SPLITS_OF = {"gold": SPLITS, "written": LEARNING_SPLITS}


def survey_pairs(
    folder: Path, params: DatacardsParams, generated: Generated
) -> tuple[DataSurvey, list[LengthBin]]:
    """Reads every pair once.

    Args:
        folder: with the files gold/SPLIT.parquet and written/SPLIT.parquet.
        params: the section `datacards`.
        generated: what became of the teacher's answers.

    Returns:
        metrics/data.json, and the lines of metrics/plots/lengths.csv.

    Raises:
        DataError: a file cannot be read, or has no row.
    """
    test = HeldOutPairs(_read(folder, "gold", "test"), Shingler(params.shingle_words))
    gold = _SourceCounter(folder, "gold", test, params)
    written = _SourceCounter(folder, "written", test, params)
    known = Neighbours(params.near_duplicate, params.permutations)
    answers = AnswerShares(
        train=_count_shares(generated.train), validation=_count_shares(generated.validation)
    )
    survey = DataSurvey(
        gold=gold.describe(known),  # fills `known`, which `between` needs
        written=written.describe(Neighbours(params.near_duplicate, params.permutations), answers),
        between=count_between(gold.sketched, known, written.sketched),
    )
    both = {"gold": gold.splits["train"], "written": written.splits["train"]}
    articles = {name: split.article.words for name, split in both.items()}
    highlights = {name: split.highlights.words for name, split in both.items()}
    bins = [*bin_lengths("article", articles), *bin_lengths("highlights", highlights)]
    return survey, bins


def _read(folder: Path, source: str, split: str) -> Iterator[Pair]:
    rows = read_pairs(folder / source / f"{split}.parquet")
    yield from track(rows, f"read {source}/{split}")


def _count_shares(answers: AnswerCounts) -> dict[str, float]:
    return {reason: 100 * count / answers.asked for reason, count in answers.dropped.items()}


class _SplitCounter:
    """Lengths of a split's texts."""

    def __init__(self) -> None:
        self.article, self.highlights = LengthCounter(), LengthCounter()

    def add(self, pair: Pair) -> None:
        self.article.add(pair.article)
        self.highlights.add(pair.highlights)

    def describe(self) -> SplitSurvey:
        return SplitSurvey(
            pairs=len(self.article.words),
            article=self.article.describe(),
            highlights=self.highlights.describe(),
        )


class _SourceCounter:
    """What one reading of a source leaves behind; the texts themselves are not kept."""

    def __init__(
        self, folder: Path, source: str, test: HeldOutPairs, params: DatacardsParams
    ) -> None:
        self.splits = {split: _SplitCounter() for split in SPLITS_OF[source]}
        self.sketched = Sketched()
        self._sketch = Sketcher(params.shingle_words, params.permutations, params.seed)
        self._vocabulary = VocabularyCounter()
        self._contamination = ContaminationCounter(test, params.near_duplicate)
        self._leakage = LeakageCounter(params.copied_words)
        for split, lengths in self.splits.items():
            for pair in _read(folder, source, split):
                lengths.add(pair)
                if split == "train":
                    self._add_training_pair(pair)
            if not lengths.article.words:
                raise DataError(f"{folder / source / split}.parquet: no row in it; {AGAIN}")

    def _add_training_pair(self, pair: Pair) -> None:
        sketch = self._sketch(pair.article.words)
        self.sketched.ids.append(pair.id)
        self.sketched.sketches.append(sketch)
        self._vocabulary.add(pair.article.words)
        self._contamination.add(pair, sketch.shingles)
        self._leakage.add(pair)

    def describe(self, known: Neighbours, answers: AnswerShares | None = None) -> SourceSurvey:
        """All figures; adds the training articles to `known`."""
        splits = {split: lengths.describe() for split, lengths in self.splits.items()}
        return SourceSurvey(
            train=splits["train"],
            validation=splits["validation"],
            test=splits.get("test"),
            vocabulary=self._vocabulary.describe(),
            near_duplicates=count_near(self.sketched.sketches, known),
            contamination=self._contamination.describe(),
            leakage=self._leakage.describe(),
            answers=answers,
        )
