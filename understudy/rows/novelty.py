"""Says which inputs out of served requests are new, by the rules of the stage filter."""

from pathlib import Path

from understudy.contract.kind import this_kind
from understudy.contract.pairs import SPLITS
from understudy.contract.params.filter import FilterParams
from understudy.core.tables import iterate_table
from understudy.rows.nearness import NearRule
from understudy.rows.splitting import fingerprint

BEFORE, REPEATED, TOO_LONG = "harvested_before", "repeated", "too_long"
IN_SPLIT = {split: f"in_{split}" for split in SPLITS}


class NoveltyRule:
    """Judges inputs one by one; what was harvested before must be told first."""

    def __init__(self, params: FilterParams, raw: Path, gold: Path) -> None:
        """Reads what the splits have.

        Args:
            params: the section `filter`.
            raw: the folder of the splits as fetched: a row that filter dropped is not new.
            gold: that of the filtered ones, to which others may be too near.

        Raises:
            DataError: a split is absent or not readable.
        """
        column = this_kind().input
        self._max_characters = params.max_characters
        self._reasons: dict[bytes, str] = {}
        for split in SPLITS:  # the last one, test, has the last word
            for row in iterate_table(raw / f"{split}.parquet", [column]):
                self._reasons[fingerprint(row[column])] = IN_SPLIT[split]
        self._near = NearRule(params.near_duplicates, params.near_test)
        self._has_near = params.near_duplicates is not None or params.near_test is not None
        for row in iterate_table(gold / "test.parquet", [column]):
            self._near.hold_out(row[column])
        for row in iterate_table(gold / "train.parquet", [column]):
            self._find_near(row[column])

    def note_harvested(self, article: str) -> None:
        """Takes an input of the file as it is."""
        self._reasons.setdefault(fingerprint(article), BEFORE)
        self._find_near(article)

    def find_reason(self, article: str) -> str | None:
        """Why to leave an input out, or None where it is to be harvested: it is known from then on.

        The reason is one of IN_SPLIT, BEFORE, REPEATED and TOO_LONG, or one of `NearRule`.
        """
        if (known := self.find_known(article)) is not None:
            return known
        reason = TOO_LONG if len(article) >= self._max_characters else self._find_near(article)
        self._reasons[fingerprint(article)] = reason or REPEATED
        return reason

    def find_known(self, article: str) -> str | None:
        """The reason if this very input is known, case and white space aside; or None."""
        return self._reasons.get(fingerprint(article))

    def _find_near(self, article: str) -> str | None:
        return self._near.find_reason(article, unique=True) if self._has_near else None
