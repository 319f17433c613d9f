"""Takes answers over into a ledger: out of exports and out of logs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy.contract.answers import Answer
from understudy.contract.params.teacher import TeacherParams
from understudy.core.params import PARAMS, load_section
from understudy.logs.logged import Reject
from understudy.logs.rawrecords import check_log
from understudy.teacher.ledger import Ledger
from understudy.teacher.lines import recalled
from understudy.teacher.requests import digest
from understudy.teacher.served import as_last_served
from understudy.tools.importing.cleaning import Cleaner
from understudy.tools.importing.exports import read_export
from understudy.tools.importing.recovery import Findings, Recovery, recover
from understudy.tools.importing.rejects import open_rejects

PARQUET = ".parquet"
REJECTS = "import-rejects.jsonl"
"""Beside the ledger: the list of what was of no use."""
AT_ONCE = 1000


class Intake:
    """Appends answers that a ledger does not have, many at once."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self._lines = ledger, list[bytes]()
        self._waiting: set[bytes] = set()
        self.took = self.had = 0
        self.redacted = Counter[str]()
        """Personal data that was replaced in what was taken, by kind."""

    def take(self, answer: Answer, source: str, redacted: Counter[str]) -> None:
        """Takes an answer, unless the ledger has one to the same request.

        Args:
            answer: without personal data, if it shall have none.
            source: where the ledger says that it comes from.
            redacted: what was replaced in it and in its input, by kind.
        """
        key = digest(answer.request)
        if key in self._waiting or self.ledger.answer(answer.request) is not None:
            self.had += 1
            return
        self.took += 1
        self.redacted += redacted
        self._waiting.add(key)
        self._lines.append(recalled(answer, source))
        if len(self._lines) == AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Makes what was taken durable."""
        if self._lines:
            self.ledger.append(self._lines)
        self._lines, self._waiting = [], set()


@dataclass(frozen=True)
class Imported:
    """What an import has come to."""

    took: int
    had: int
    refused: int | None
    """Answers of exports that are damaged; None without exports."""
    findings: Findings | None
    """What became of the records of logs; None without logs."""
    rejects: Path
    """The list of those that are of no use."""
    cleaner: Cleaner
    redacted: Counter[str]
    """Personal data that was replaced, by kind."""

    def to_record(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        record: dict[str, Any] = {"took": self.took, "had": self.had}
        if self.refused is not None:
            record["refused"] = self.refused
        if self.findings:
            record |= {**self.findings.to_record(), "rejects": str(self.rejects)}
        return record | self.cleaner.to_record(self.redacted)

    def __str__(self) -> str:
        done = [f"took {self.took}", f"had {self.had}"]
        done += [] if self.refused is None else [f"refused {self.refused}"]
        redacted = self.cleaner.describe(self.redacted)
        if not self.findings:
            return ", ".join([*done, *redacted])
        said = ", ".join([self.findings.describe(*done), *redacted])
        return f"{said}; {self.rejects} lists them" if self.findings.rejects else said


def import_files(
    ledger: Ledger, paths: Sequence[Path], any_model: bool = False, rejects: Path | None = None
) -> Imported:
    """Takes over what exports and logs have, without the personal data that fetch.redact names.

    Args:
        ledger: where answers are kept.
        paths: .parquet files are exports, all others logs.
        any_model: answers in logs may be of any model.
        rejects: where the records of logs that are of no use are listed; None: beside the ledger.

    Raises:
        DataError: a file cannot be read.
        ParamsError: params.yaml cannot be used, or is absent where there are logs.
        PromptError: for logs, the template cannot be used.
    """
    exports = [path for path in paths if path.suffix.lower() == PARQUET]
    logs = [path for path in paths if path not in exports]
    for path in logs:
        check_log(path)
    cleaner = Cleaner.load() if logs or PARAMS.exists() else Cleaner()
    intake, listed = Intake(ledger), rejects or ledger.path.with_name(REJECTS)
    refused = sum([_take_export(intake, path, cleaner) for path in exports]) if exports else None
    findings = _take_logs(intake, logs, any_model, cleaner, listed) if logs else None
    return Imported(intake.took, intake.had, refused, findings, listed, cleaner, intake.redacted)


def _take_export(intake: Intake, path: Path, cleaner: Cleaner) -> int:
    """Takes an export over; says how many of its answers are damaged."""
    refused, (name, _) = 0, cleaner.clean(path.name)
    for answer in read_export(path):
        if answer is None:
            refused += 1
        else:
            cleaned, redacted = cleaner.clean_answer(answer)
            intake.take(cleaned, f"import of {name}", redacted)
    intake.flush()
    return refused


def _take_logs(
    intake: Intake, paths: Sequence[Path], any_model: bool, cleaner: Cleaner, rejects: Path
) -> Findings:
    """Takes logs over; what is of no use is listed."""
    teacher = as_last_served(load_section("teacher", TeacherParams), intake.ledger)
    recovery, findings = Recovery.load(teacher, any_model, cleaner), Findings()
    with open_rejects(rejects) as file:
        for found in recover(paths, recovery, findings):
            if isinstance(found, Reject):
                file.add(found)
            else:
                intake.take(found.answer, found.source, found.in_input + found.in_answer)
        intake.flush()
    return findings
