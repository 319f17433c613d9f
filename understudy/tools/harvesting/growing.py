"""Adds what is new to data/harvested.parquet, and keeps what is there."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from understudy.contract.harvested import FIRST_SERVED, harvested_schema
from understudy.contract.kind import this_kind
from understudy.core.tables import BATCH_ROWS, list_columns, readable_parquet, table_writer
from understudy.rows.novelty import REPEATED, NoveltyRule
from understudy.rows.splitting import fingerprint
from understudy.tools.harvesting.candidates import Candidate
from understudy.tools.importing.collecting import name_input

OVER_LIMIT = "over_limit"
HINT = "`dvc checkout --force {path}` brings the committed one back"
Row = dict[str, Any]


@dataclass
class Harvest:
    """What became of served requests: read = harvested + the sum of left_out."""

    path: Path
    read: int = 0
    harvested: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """Requests by reason."""
    total: int = 0
    """Rows of the file, those of earlier harvests too."""
    dropped: int = 0
    """Lines of journals that were no rows."""

    def to_record(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "read": self.read,
            "harvested": self.harvested,
            "left_out": dict(sorted(self.left_out.items())),
            "broken_lines": self.dropped,
            "total": self.total,
            "output": str(self.path),
        }

    def __str__(self) -> str:
        reasons = [f"{reason} {count}" for reason, count in sorted(self.left_out.items())]
        read = f"read {self.read} served requests"
        said = ", ".join([read, f"harvested {self.harvested} inputs", *reasons])
        broken = f"; {self.dropped} broken lines dropped" if self.dropped else ""
        return f"{said}{broken}; {self.path} has {self.total} rows"


class Grower:
    """Grows one file."""

    def __init__(self, path: Path, rule: NoveltyRule, fields: Sequence[str]) -> None:
        """Takes the file, which need not exist, the rule, and the columns that the prompt uses."""
        self._path, self._rule, self._input = path, rule, this_kind().input
        old = list_columns(path) if path.exists() else []
        lost = [name for name in old if name not in harvested_schema(fields)]
        self._fields = (*fields, *lost)
        self._schema = harvested_schema(self._fields)

    def grow(self, candidates: Iterable[Candidate], limit: int | None = None) -> Harvest:
        """Adds what is new; where nothing is, the file stays as it is, byte for byte.

        Args:
            candidates: in the order of time.
            limit: the most inputs to add; those after them wait for the next harvest.

        Raises:
            DataError: the file cannot be read.
        """
        done, new = Harvest(self._path), dict[bytes, Row]()
        for row in self._read():
            self._rule.note_harvested(row[self._input])
            done.total += 1
        for one in candidates:
            done.read += 1
            reason = one.reason or self._judge(one, new, limit)
            if reason is None:
                done.harvested += 1
            else:
                done.left_out[reason] += 1
        done.total += len(new)
        if new:
            self._write(new.values())
        return done

    def _judge(self, one: Candidate, new: dict[bytes, Row], limit: int | None) -> str | None:
        """Takes a candidate, or says why not."""
        given = one.values[self._input]
        text = fingerprint(given)
        if text in new:
            new[text]["times_served"] += 1
            return REPEATED
        if limit is not None and len(new) >= limit:
            return self._rule.find_known(given) or OVER_LIMIT
        reason = self._rule.find_reason(given)
        if reason is None:
            new[text] = self._describe(one)
        return reason

    def _describe(self, one: Candidate) -> Row:
        named = {name: one.values[name] for name in one.values if name != self._input}
        return {
            **dict.fromkeys(self._fields),
            "id": name_input(named or one.values).hex(),
            **one.values,
            FIRST_SERVED: one.time,
            "times_served": 1,
            "request": one.request,
        }

    def _read(self) -> Iterator[Row]:
        if not self._path.exists():
            return
        hint = HINT.format(path=self._path)
        with readable_parquet(self._path, list(harvested_schema()), hint) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                yield from batch.to_pylist()

    def _write(self, new: Iterable[Row]) -> None:
        with table_writer(self._path, self._schema) as table:
            for row in self._read():
                table.add({name: row.get(name) for name in self._schema})
            for row in new:
                table.add(row)
