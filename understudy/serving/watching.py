"""The drift test of a server: one stream over all its workers and restarts, kept in a file.

In:  points of agreement between the student's and the teacher's text, one request after another.
Out: figures, and one line of log when it alarms.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from understudy.core.errors import DataError, one_line
from understudy.core.files import write_json
from understudy.serving.drift import ALPHA, DriftTest
from understudy.serving.mode_meters import ModeMeters
from understudy.serving.monitoring import Log


@dataclass(frozen=True)
class Expected:
    """What was calibrated."""

    floor: float
    """Points of agreement; less is a disagreement."""
    rate: float
    """Share of disagreements that is no drift."""
    of: Mapping[str, str]
    """What it was calibrated for, such as the weights: of anything else the test begins anew."""


class DriftWatch:
    """Adds to the test that all workers share; from any thread."""

    def __init__(
        self, path: Path, expected: Expected, meters: ModeMeters, log: Log, alpha: float = ALPHA
    ) -> None:
        """Goes on where the file stands.

        Raises:
            DataError: the file cannot be used, or a calibrated rate is no share.
        """
        self._path, self._expected, self._alpha = path, expected, alpha
        self._meters, self._log = meters, log
        self._lock = FileLock(path.with_name(f".{path.name}.lock"))
        self._is_failing = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._lock:
                self._show(self._load())
        except OSError as error:
            raise DataError(
                f"{path}: the drift test cannot be kept there ({error}); make the folder writable"
            ) from None

    def add(self, agreement: float) -> None:
        """Takes one request into account; never raises."""
        is_bad = agreement < self._expected.floor
        self._meters.compared.inc()
        self._meters.disagreements.inc(is_bad)
        try:
            with self._lock:
                test = self._load()
                had_alarmed = test.alarmed
                test.add(is_bad)
                write_json(self._path, self._identity | {"test": test.to_record()})
        except (OSError, DataError) as error:
            if not self._is_failing:
                self._log("drift_not_kept", "error", file=str(self._path), error=one_line(error))
            self._is_failing = True
            return
        self._is_failing = False
        self._show(test)
        if test.alarmed and not had_alarmed:
            self._alarm(test)

    @property
    def _identity(self) -> dict[str, Any]:
        known = self._expected
        return {"of": dict(known.of), "floor": known.floor, "rate": known.rate}

    def _load(self) -> DriftTest:
        if not self._path.exists():
            return DriftTest(self._expected.rate, self._alpha)
        try:
            content = json.loads(self._path.read_text("utf-8"))
            if any(content.get(name) != value for name, value in self._identity.items()):
                return DriftTest(self._expected.rate, self._alpha)
            return DriftTest.from_record(content["test"])
        except (ValueError, LookupError, AttributeError, DataError) as error:
            raise DataError(
                f"{self._path}: not the record of a drift test ({one_line(error)}); remove it, and "
                "the test starts anew"
            ) from None

    def _show(self, test: DriftTest) -> None:
        self._meters.e_value.set(test.e_value)
        self._meters.alarm.set(test.alarmed)

    def _alarm(self, test: DriftTest) -> None:
        self._log(
            "drift_alarm",
            "error",
            requests=test.requests,
            disagreements=test.bad,
            percent=round(100 * test.bad / test.requests, 2),
            calibrated_percent=round(100 * test.rate, 2),
            e_value=round(test.e_value, 1),
            hint="student and teacher disagree more often than calibrated: `understudy harvest`, "
            "then `dvc repro`, and let the teacher answer until then",
        )
