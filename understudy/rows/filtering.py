"""Keeps the pairs that the study keeps, and counts what is dropped and why."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from understudy.contract.dataset import Dataset
from understudy.contract.origin import HubOrigin, Origin
from understudy.contract.pairs import (
    GOLD,
    GOLD_REJECTS_SCHEMA,
    PAIR_COLUMNS,
    PAIRS_SCHEMA,
    RAW,
    REJECTS,
    SPLITS,
)
from understudy.contract.params.filter import FilterParams
from understudy.core.errors import DataError
from understudy.core.tables import iterate_table, table_writer
from understudy.rows.nearness import NearRule

# Ding et al. 2024, Table 1: CNN/DailyMail 3.0.0 with articles under 2048 characters.
STUDY = {"train": 39_626, "test": 1_900}


class Filter:
    """Decides row by row; the test split must pass first, since it is held out of the others."""

    def __init__(self, params: FilterParams) -> None:
        self._max_characters = params.max_characters
        self._near = NearRule(params.near_duplicates, params.near_test)
        self._test: set[bytes] = set()

    def judge(
        self, split: str, rows: Iterator[dict[str, str]]
    ) -> Iterator[tuple[dict[str, str], str | None]]:
        """Yields each row with the first reason to drop it, or None."""
        seen: set[bytes] = self._test if split == "test" else set()
        for row in rows:
            reason = self._find_reason(row["article"], seen)
            if reason is None and split == "test":
                self._near.hold_out(row["article"])
            elif reason is None:
                reason = self._near.find_reason(row["article"], unique=split == "train")
            yield row, reason

    def _find_reason(self, article: str, seen: set[bytes]) -> str | None:
        if len(article) >= self._max_characters:
            return "too_long"
        text = fingerprint(article)
        if text in seen:
            return "duplicate"
        if text in self._test:
            return "in_test"
        seen.add(text)
        return None


def fingerprint(article: str) -> bytes:
    """The same for articles that differ only in case or white space."""
    normal = " ".join(article.casefold().split())
    return hashlib.blake2b(normal.encode("utf-8"), digest_size=16).digest()


def filter_splits(params: FilterParams, raw: Path = RAW, out: Path = GOLD) -> dict[str, Any]:
    """Filters every split of `raw` into `out`.

    Returns:
        Per split: rows `fetched`, `under_limit`, `kept`, and `dropped` by reason; they add up:
        fetched = kept + the sum of dropped, under_limit = fetched - dropped["too_long"].

    Raises:
        DataError: a split has no row left.
    """
    rule = Filter(params)
    counts: dict[str, Any] = dict.fromkeys(SPLITS)
    with table_writer(out / REJECTS, GOLD_REJECTS_SCHEMA) as rejects:
        for split in reversed(SPLITS):
            rows = tqdm(iterate_table(raw / f"{split}.parquet", PAIR_COLUMNS), f"filter {split}")
            dropped = Counter(dict.fromkeys(params.reasons, 0))
            with table_writer(out / f"{split}.parquet", PAIRS_SCHEMA) as kept:
                for row, reason in rule.judge(split, rows):
                    if reason is None:
                        kept.add(row)
                    else:
                        dropped[reason] += 1
                        rejects.add({"split": split, "id": row["id"], "reason": reason})
            fetched = kept.count + dropped.total()
            counts[split] = {
                "fetched": fetched,
                "under_limit": fetched - dropped["too_long"],
                "kept": kept.count,
                "dropped": dict(dropped),
            }
    for split, count in counts.items():
        if not count["kept"]:
            raise DataError(
                f"{split}: none of {count['fetched']} rows is left ({count['dropped']}); loosen "
                "the section filter or fetch more rows"
            )
    return counts


def summarize_counts(counts: Mapping[str, Any], origin: Origin) -> Dataset:
    """Adds to the counts of `filter_splits` what fetch rejected, and what the study counted."""
    summary: dict[str, Any] = {}
    for split, count in counts.items():
        fetched = getattr(origin.rows, split)
        read = fetched.kept + fetched.rejected
        summary[split] = {"read": read, "rejected": fetched.rejected, **count}
    if isinstance(origin, HubOrigin):
        summary["study"] = {split: {"under_limit": count} for split, count in STUDY.items()}
    return Dataset.model_validate(summary)
