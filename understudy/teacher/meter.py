"""The progress line: done of total, spent, calls a second, pushed back, time left."""

import sys
from typing import Self

from understudy.core.progress import open_progress

LINE = (
    "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} "
    "[{elapsed}<{remaining}, {rate_fmt}{postfix}]"
)


class Meter:
    """Shows a run's progress on stderr."""

    def __init__(self, stage: str, total: int, done: int, spent: float) -> None:
        self.stage = stage
        self.total = total
        self.failed = 0
        self.note = ""
        """The state of a batch at the endpoint."""
        self._bar = open_progress(stage, total, "answers", initial=done, bar_format=LINE)
        self.show(spent, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    @property
    def done(self) -> int:
        """Rows with an answer."""
        return self._bar.n

    def answered(self) -> None:
        """One more row has its answer."""
        self._bar.update()

    def say(self, text: str) -> None:
        """Prints a line above the progress line."""
        self._bar.write(text, file=sys.stderr)

    def show(self, spent: float, pushed_back: int) -> None:
        """Sets the end of the line: US dollars spent, and calls that were pushed back."""
        text = f"${spent:.4f} spent"
        if pushed_back:
            text += f", {pushed_back} pushed back"
        if self.failed:
            text += f", {self.failed} failed"
        if self.note:
            text += f", {self.note}"
        self._bar.set_postfix_str(text, refresh=False)
