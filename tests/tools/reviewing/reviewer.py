"""Runs `understudy review` in this process, and reads what it prints."""

import json
import re
import sys
from typing import Any

import pytest

from tests.project import Project
from understudy.core.errors import DataError, ParamsError, UnderstudyError
from understudy.tools.review import main


class Reviewer:
    """Runs the command in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capfd = monkeypatch, capfd
        self.error: UnderstudyError | None = None

    def text(self, *arguments: str) -> str:
        """What it prints; `error` is why it would exit with 1."""
        self._monkeypatch.setattr(sys, "argv", ["review", *(arguments or ("main",))])
        self._capfd.readouterr()
        self.error = None
        try:
            main()
        except UnderstudyError as error:
            self.error = error
        printed, said = self._capfd.readouterr()
        assert said == ""
        return printed

    def json(self, base: str = "main") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text(base, "--json"))
        return found

    def problem(self, base: str) -> str:
        """Why there is no review, in one line."""
        assert self.text(base) == ""
        assert isinstance(self.error, DataError | ParamsError)
        assert "\n" not in str(self.error)
        return str(self.error)


def rows(text: str, first: str) -> list[list[str]]:
    """Cells of the rows of tables that begin with a code."""
    lines = [line for line in text.splitlines() if line.startswith(f"| `{first}` |")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next heading or fold."""
    found = re.search(rf"^### {title}\n(.*?)(?=^### |^<details|\Z)", text, re.MULTILINE | re.DOTALL)
    return found.group(1).strip() if found else ""


def set_gates(project: Project, **gates: dict[str, Any]) -> None:
    project.change_params(**{f"review__{name}": value for name, value in gates.items()})
