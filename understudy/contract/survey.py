"""What datacards counts of a source: metrics/data/SOURCE.json, and a histogram of lengths."""

from pathlib import Path

from understudy.contract.document import Count, Figure, Metrics, Record

SURVEYS = Path("metrics/data")
HISTOGRAMS = Path("metrics/plots/lengths")
"""SOURCE.csv: training texts by length in words, a line a bin with the columns of LengthBin."""
SEGMENT = 1000
"""Running words. The share of distinct words falls with length: corpora are compared at one."""


class LengthBin(Record):
    """A line of the histogram."""

    source: str
    text: str
    """article or highlights; text in a classification."""
    words_from: Count
    """Inclusive."""
    words_to: Count
    """Exclusive."""
    pairs: Count


class Lengths(Record):
    """How long some texts are, in words or in characters."""

    mean: Figure
    p5: Figure
    """What 5% of the texts do not exceed."""
    median: Figure
    p95: Figure
    max: Count


class TextLengths(Record):
    """The same texts, measured twice."""

    words: Lengths
    characters: Lengths


class SplitSurvey(Record):
    """The pairs of a split."""

    pairs: Count
    article: TextLengths | None = None
    highlights: TextLengths | None = None
    """None, as the articles', in a classification."""
    text: TextLengths | None = None
    """None but in a classification."""
    labels: dict[str, Count] | None = None
    """Pairs of each class by its label's slug, of all labels of the task; None but there."""


class Vocabulary(Record):
    """The words of all texts together."""

    words: Count
    """Running words."""
    distinct: Count
    type_token: Figure
    """Percent of the words of a segment that are distinct, on average over segments of SEGMENT
    running words (mean segmental type-token ratio, Johnson 1944)."""
    once: Figure
    """Percent of the distinct words that occur a single time."""


class NearDuplicates(Record):
    """Near copies inside a training split."""

    pairs: Count
    articles: Count
    """How many are in such a pair."""
    other_labels: Count | None = None
    """Pairs whose two labels are not the same; None but in a classification."""


class Contamination(Record):
    """What a training split holds of the test split."""

    test_articles: Count
    """Test articles that a training article holds, wholly or as far as the threshold says."""
    exact: Count
    """Those of them that are a training article, word for word."""
    train_articles: Count
    """Training articles that hold one."""
    highlights: Count | None = None
    """Test pairs whose highlights are those of a training pair too; None where they have none."""


class Leakage(Record):
    """How much of its highlights an article repeats; means over pairs."""

    coverage: Figure
    """Percent of the highlights' words that stand in a fragment of the article (Grusky et al.
    2018)."""
    density: Figure
    """Words of the fragment that a word of the highlights stands in."""
    longest: Figure
    """Words of the longest fragment."""
    copied: Figure
    """Percent of highlights with a copied run."""
    copied_words: Figure
    """Percent of the highlights' words that stand in copied runs."""
    pasted: Figure
    """Percent of highlights of which a whole sentence stands in the article."""
    pasted_whole: Figure
    """Percent of highlights of which every sentence does."""


class AnswerShares(Record):
    """Percent of a split's answers that made no pair, by reason."""

    train: dict[str, Figure]
    validation: dict[str, Figure]


class BetweenSources(Record):
    """Near copies between the training splits of gold and written."""

    pairs: Count
    gold_articles: Count
    written_articles: Count
    same_id: Count
    """Written articles that are near the very article that their highlights belong to."""


class SourceSurvey(Metrics):
    """metrics/data/SOURCE.json; all but the splits' lengths is counted in training pairs alone."""

    train: SplitSurvey
    validation: SplitSurvey
    test: SplitSurvey | None = None
    """The test pairs; None but in gold."""
    vocabulary: Vocabulary
    """Words of the articles."""
    near_duplicates: NearDuplicates
    contamination: Contamination
    leakage: Leakage | None = None
    """None where outputs are labels."""
    answers: AnswerShares | None = None
    """Unusable answers; None in gold, which has no answers."""
    between: BetweenSources | None = None
    """None but in written."""

    @staticmethod
    def path_of(source: str) -> Path:
        """Where a source's file is."""
        return SURVEYS / f"{source}.json"


def histogram_of(source: str) -> Path:
    """Where a source's histogram is."""
    return HISTOGRAMS / f"{source}.csv"
