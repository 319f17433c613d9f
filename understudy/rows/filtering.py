"""Keeps the pairs that the study keeps, and counts what is dropped and why."""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from understudy.contract.dataset import Dataset, SplitCounts, StudyCounts, StudySplit
from understudy.contract.kind import this_kind
from understudy.contract.origin import HubOrigin, SampleOrigin, load_origin
from understudy.contract.pairs import GOLD, GOLD_REJECTS_SCHEMA, RAW, REJECTS, SPLITS
from understudy.contract.params.filter import CONTRADICTORY, FilterParams
from understudy.core.errors import DataError
from understudy.core.progress import track
from understudy.core.tables import iterate_table, list_columns, table_writer, text_columns
from understudy.rows.nearness import NearRule
from understudy.rows.splitting import fingerprint

# Ding et al. 2024, Table 1: CNN/DailyMail 3.0.0 with articles under 2048 characters.
STUDY = StudyCounts(train=StudySplit(under_limit=39_626), test=StudySplit(under_limit=1_900))


class Filter:
    """Decides row by row; the test split must pass first, since it is held out of the others."""

    def __init__(self, params: FilterParams, contradictory: Collection[bytes] = ()) -> None:
        """Takes the limits, and fingerprints of texts that have several labels."""
        self._contradictory, self._column = contradictory, this_kind().input
        self._max_characters = params.max_characters
        self._near = NearRule(params.near_duplicates, params.near_test)
        self._test: set[bytes] = set()

    def judge(
        self, split: str, rows: Iterator[dict[str, str]]
    ) -> Iterator[tuple[dict[str, str], str | None]]:
        """Yields each row with the first reason to drop it, or None."""
        seen: set[bytes] = self._test if split == "test" else set()
        for row in rows:
            text = row[self._column]
            reason = self._find_reason(text, seen)
            if reason is None and split == "test":
                self._near.hold_out(text)
            elif reason is None:
                reason = self._near.find_reason(text, unique=split == "train")
            yield row, reason

    def _find_reason(self, text: str, seen: set[bytes]) -> str | None:
        if len(text) >= self._max_characters:
            return "too_long"
        known = fingerprint(text)
        if known in self._contradictory:
            return CONTRADICTORY
        if known in seen:
            return "duplicate"
        if known in self._test:
            return "in_test"
        seen.add(known)
        return None


def find_contradictory(raw: Path) -> set[bytes]:
    """Fingerprints of texts with more than one label, in whichever splits; none of other tasks."""
    kind = this_kind()
    labels, found = dict[bytes, str](), set[bytes]()
    for split in SPLITS if kind.has_labels else ():
        for row in iterate_table(raw / f"{split}.parquet", [kind.input, kind.output]):
            text, label = fingerprint(row[kind.input]), row[kind.output]
            if label is not None and labels.setdefault(text, label) != label:
                found.add(text)
    return found


def filter_splits(params: FilterParams, raw: Path = RAW, out: Path = GOLD) -> Dataset:
    """Filters every split of `raw` into `out`, and counts its rows, those that fetch rejected too.

    Raises:
        DataError: a split has no row left, or a file of `raw` cannot be read.
    """
    rule, origin = (
        Filter(params, find_contradictory(raw)),
        load_origin(raw / SampleOrigin.PATH.name),
    )
    counts: dict[str, SplitCounts] = {}
    with table_writer(out / REJECTS, GOLD_REJECTS_SCHEMA) as rejects:
        for split in reversed(SPLITS):
            path = raw / f"{split}.parquet"
            columns = list_columns(path, this_kind().columns)
            rows = track(iterate_table(path, columns), f"filter {split}")
            dropped = Counter(dict.fromkeys(params.reasons, 0))
            with table_writer(out / f"{split}.parquet", text_columns(*columns)) as kept:
                for row, reason in rule.judge(split, rows):
                    if reason is None:
                        kept.add(row)
                    else:
                        dropped[reason] += 1
                        rejects.add({"split": split, "id": row["id"], "reason": reason})
            fetched = kept.count + dropped.total()
            before = getattr(origin.rows, split)
            counts[split] = SplitCounts(
                read=before.kept + before.rejected,
                rejected=before.rejected,
                fetched=fetched,
                under_limit=fetched - dropped["too_long"],
                kept=kept.count,
                dropped=dict(dropped),
            )
    for split in SPLITS:
        if not counts[split].kept:
            raise DataError(
                f"{split}: none of {counts[split].fetched} rows is left "
                f"({counts[split].dropped}); loosen the section filter or fetch more rows"
            )
    return Dataset(**counts, study=STUDY if isinstance(origin, HubOrigin) else None)
