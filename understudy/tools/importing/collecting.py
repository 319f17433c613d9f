"""Collects the inputs of the task out of logs, each once."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from understudy.contract.params.teacher import TeacherParams
from understudy.core.files import replacing
from understudy.core.params import load_section
from understudy.logs.logged import Reject
from understudy.texts.encoding import to_utf8
from understudy.tools.importing.cleaning import Cleaner
from understudy.tools.importing.recovery import Findings, Recovered, Recovery, recover

SESSION = "session"


@dataclass
class Made:
    """What a file of inputs was made of."""

    path: Path
    variables: tuple[str, ...]
    cleaner: Cleaner = field(default_factory=Cleaner)
    redacted: Counter[str] = field(default_factory=Counter)
    """Personal data that was replaced in what was written, by kind."""
    written: int = 0
    repeated: int = 0
    """Calls whose input is in the file already."""
    sessions: bool = False
    """Whether an input has one."""
    findings: Findings = field(default_factory=Findings)

    def to_record(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        done = {"written": self.written, "repeated": self.repeated}
        redacted = self.cleaner.to_record(self.redacted)
        return {**done, **self.findings.to_record(), **redacted, "output": str(self.path)}

    def __str__(self) -> str:
        done = self.findings.describe(f"wrote {self.written}", f"repeated {self.repeated}")
        names = ", ".join((*self.variables, *((SESSION,) if self.sessions else ())))
        said = ", ".join([done, *self.cleaner.describe(self.redacted)])
        return f"{said}; {self.path} has id, {names}"


def write_inputs(
    paths: Sequence[Path], output: Path, session: str | None = None, any_model: bool = False
) -> Made:
    """Writes each different input of the task in logs.

    Args:
        paths: the logs.
        output: a file of JSON lines, which is replaced as a whole.
        session: as in `read_logs`.
        any_model: answers may be of any model.

    Raises:
        DataError: a log, or the file of names in fetch.redact, cannot be read.
        ParamsError: params.yaml cannot be used.
        PromptError: the template cannot be used.
    """
    recovery = Recovery.load(load_section("teacher", TeacherParams), any_model)
    made, seen = Made(output, recovery.variables, recovery.cleaner), set[bytes]()
    with replacing(output) as partial, partial.open("w", encoding="utf-8") as file:
        for found in recover(paths, recovery, made.findings, session):
            if isinstance(found, Reject):
                continue
            name = name_input(found.values)
            if name in seen:
                made.repeated += 1
                continue
            seen.add(name)
            made.written += 1
            made.redacted += found.in_input
            made.sessions |= found.call.session is not None
            file.write(json.dumps(_describe(name, found, made.cleaner), ensure_ascii=False) + "\n")
    return made


def name_input(values: Mapping[str, str]) -> bytes:
    """A hash of an input, the same wherever it stands."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _describe(name: bytes, found: Recovered, cleaner: Cleaner) -> dict[str, str]:
    known = {"id": name.hex(), **found.values}
    if found.call.session is not None:
        known.setdefault(SESSION, cleaner.clean_session(to_utf8(found.call.session)))
    return known
