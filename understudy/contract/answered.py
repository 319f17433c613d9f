"""metrics/answers/STAGE.json: what became of the teacher's answers, and what they took.

Written by each stage that asks: generate, label and zeroshot.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from understudy.contract.document import Count, Figure, Metrics, Record
from understudy.core.errors import DataError

ANSWERED = Path("metrics/answers")


class AnswerCounts(Record):
    """Answers to one split's rows: asked = kept + the sum of dropped."""

    asked: Annotated[int, Field(gt=0)]
    """Rows."""
    kept: Count
    """Rows whose answers make a pair, or are a summary."""
    dropped: dict[str, Count]
    """Other rows, by reason."""
    finish_reasons: dict[str, Count] | None = None
    """Rows by the endpoint's word for the end of the text (see `normal_word` in
    understudy.contract.answers); failed calls have none."""
    reasoning_stripped: Count | None = None
    """Rows whose text began with reasoning, which was taken off."""
    agreement: Figure | None = None
    """Percent: how far the samples of a row agree (see understudy.texts.agreement), on average;
    None where a row has one sample."""

    @property
    def unusable(self) -> int:
        """Rows whose answers are dropped, for whatever reason."""
        return self.asked - self.kept

    @property
    def failed(self) -> int:
        """Rows whose calls failed for good."""
        return self.dropped.get("failed", 0)


class Tokens(Record):
    """Tokens that were paid for in one way."""

    calls: Count
    prompt_tokens: Count
    cached_tokens: Count
    """Those of prompt_tokens that are billed as cached input."""
    completion_tokens: Count


class CallCounts(Record):
    """A stage's calls; rows with equal prompts share one."""

    model: str
    """As the endpoint named it; several are joined by commas."""
    rows: Count
    """Rows that the stage asked about."""
    calls: Count
    """Answers, imported ones too."""
    imported: Count
    """Answers out of logs, which cost nothing here."""
    metered: Count
    """Answers that tell their tokens."""
    unusable: Count
    """Rows whose answers make no pair, or are no summary; failed calls among them."""
    failed: Count
    """Rows whose calls failed for good."""
    live: Tokens
    """Of calls one by one."""
    batch: Tokens
    """Of calls that came by the Batch API."""
    logged: Tokens
    """Of imported answers: what they took when they were logged."""
    reasoning_tokens: Count
    """Those of completion_tokens that are reasoning, estimated where the endpoint does not say."""
    reasoning_stripped: Count
    finish_reasons: dict[str, Count]
    timed: Count
    """Calls whose time was measured: live ones."""
    seconds_median: Figure | None = None
    """Of timed calls, each without waits for limits; None where none is timed."""
    seconds_p95: Figure | None = None
    """Their 95th percentile, interpolated linearly between the two nearest, as the median is."""


class HarvestedCounts(Record):
    """What became of the inputs out of served requests: rows = left_out + asked."""

    rows: Annotated[int, Field(gt=0)]
    """In the file that label.harvested names."""
    left_out: Count
    """Those that are in a split of gold by now, maybe in test, or lack a column of the prompt;
    nothing is asked about them."""
    asked: Count
    """Rows of the training split's `asked`."""
    kept: Count
    """Those that make pairs."""
    first_day: str | None = None
    """When the first of those was served first, by UTC, such as 2026-11-28; None without any."""
    last_day: str | None = None
    """When the last of those was served first."""


class Answered(Metrics):
    """One stage's answers, by split."""

    train: AnswerCounts | None = None
    """None where the stage asks nothing about the split."""
    validation: AnswerCounts | None = None
    test: AnswerCounts | None = None
    calls: CallCounts
    harvested: HarvestedCounts | None = None
    """None where a stage has no such inputs, as all but label."""

    @staticmethod
    def path_of(stage: str) -> Path:
        """Where a stage's file is."""
        return ANSWERED / f"{stage}.json"

    @property
    def tested(self) -> AnswerCounts:
        """The counts of the test articles.

        Raises:
            DataError: nothing was asked about them.
        """
        if self.test is None:
            raise DataError(
                "metrics/answers/zeroshot.json: no answers on test articles, expected some: run "
                "`dvc repro zeroshot`"
            )
        return self.test

    @property
    def splits(self) -> dict[str, AnswerCounts]:
        """The counts of the splits that were asked about."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {split: counts for split, counts in named.items() if counts is not None}
