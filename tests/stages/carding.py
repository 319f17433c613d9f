"""What the tests of both kinds of cards, and of the report, do alike."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable

from tests.imports import ROOT
from understudy.core.errors import DataError

HOSTILE = (
    "x`y``z\n---\nlicense: mit\n\n# Title\n| a | b |\n```\n~~~\n<b>\u2028\u202e*'\"$[a](b): {} #"
    "\ud800{{ 1 }}{% if %}{# "
)
"""A name that would end a code span, a table, YAML or a template."""


def run_elsewhere(stage: str, *arguments: str) -> None:
    """Runs a stage in another process, with other hashes and another locale."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    command = [sys.executable, "-m", f"stages.{stage}", *arguments]
    subprocess.run(command, env=environment, check=True, timeout=60, capture_output=True)


def find_refusal(
    run: Callable[[str], None], names: Iterable[str], read: Callable[[], object]
) -> str:
    """What the first that cannot be made says; what `read` reads is as it was before."""
    for name in names:
        before, said = read(), ""
        try:
            run(name)
        except DataError as error:
            said = str(error)
        if said:
            assert read() == before
            assert "\n" not in said
            return said
    raise AssertionError("nothing was refused")


def outline(markdown: str) -> list[str]:
    """The beginnings of all lines, which say what is a heading, a list, a table or code."""
    return [re.sub(r"\w+$", "", line[:2]) for line in markdown.splitlines()]


def check_blocks(card: str, headings: int) -> None:
    """Blocks are set apart by one blank line, and there are so many headings."""
    assert "\n\n\n" not in card
    lines = card.splitlines()
    marked = [number for number, line in enumerate(lines) if line.startswith("## ")]
    assert len(marked) == headings
    assert all(not lines[at - 1] and not lines[at + 1] for at in marked)
