"""Progress of long work: a bar in a terminal, a plain line every half minute anywhere else.

A log keeps each redraw of a bar as text. Without a terminal (CI, `dvc repro > log`) there are whole
lines instead, the last one with the total. `TQDM_DISABLE` switches both off.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, Self, TextIO, TypeVar

INTERVAL = 30.0
"""Seconds between two lines."""

T = TypeVar("T")


class Progress(Protocol):
    """What a bar of tqdm and `Lines` have in common."""

    n: int
    """How much is done."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> object: ...
    def update(self, n: int = 1) -> object:
        """So much more is done."""

    def set_postfix_str(self, s: str, refresh: bool = True) -> None:
        """Sets what is said at the end."""

    def write(self, s: str, file: TextIO | None = None) -> None:
        """Prints a line beside the progress, on stdout if no file is given."""

    def close(self) -> None:
        """Ends the progress; a second time does nothing."""


def open_progress(
    label: str,
    total: int | None = None,
    unit: str = "rows",
    *,
    initial: int = 0,
    delay: float = 0.0,
    leave: bool = True,
    disable: bool = False,
    bar_format: str | None = None,
) -> Progress:
    """Shows progress on stderr until it is closed.

    Args:
        label: names the work.
        total: how much there is to do, if known.
        unit: what is counted, in the plural.
        initial: how much was done before.
        delay: shorter work shows nothing, in seconds.
        leave: False takes the bar away at the end, and spares the line of work that had no other.
        disable: shows nothing.
        bar_format: of tqdm, in a terminal.
    """
    if not in_terminal():
        disable = disable or bool(os.environ.get("TQDM_DISABLE"))
        return Lines(label, total, unit, initial=initial, delay=delay, leave=leave, disable=disable)
    from tqdm import tqdm

    off = {"disable": True} if disable else {}  # False would overrule TQDM_DISABLE
    bar: Progress = tqdm(
        total=total, desc=label, unit=f" {unit}", initial=initial, delay=delay, leave=leave,
        bar_format=bar_format, dynamic_ncols=True, **off,
    )  # fmt: skip
    return bar


def track(items: Iterable[T], label: str, unit: str = "rows") -> Iterator[T]:
    """Yields the items, and shows how many there were."""
    with open_progress(label, unit=unit) as progress:
        for item in items:
            yield item
            progress.update()


def in_terminal() -> bool:
    """Whether stderr is a terminal, which can draw a line again."""
    return sys.stderr is not None and sys.stderr.isatty()


class Lines:
    """Progress as whole lines."""

    def __init__(
        self,
        label: str,
        total: int | None,
        unit: str,
        *,
        initial: int = 0,
        delay: float = 0.0,
        leave: bool = True,
        disable: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Starts the time; for arguments see `open_progress`."""
        self.n = initial
        self._label, self._total, self._unit, self._initial = label, total, unit, initial
        self._delay, self._leave, self._closed = delay, leave, disable
        self._clock, self._postfix, self._printed = clock, "", 0
        self._start = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, n: int = 1) -> None:
        """So much more is done; prints a line if the last one is old."""
        self.n += n
        self._refresh()

    def set_postfix_str(self, s: str, refresh: bool = True) -> None:  # noqa: ARG002
        """Sets the end of the next line; prints it if the last one is old."""
        self._postfix = s
        self._refresh()

    def write(self, s: str, file: TextIO | None = None) -> None:
        """Prints a line, on stdout if no file is given."""
        print(s, file=file)

    def close(self) -> None:
        """Prints the total, unless there is nothing to tell."""
        elapsed = self._clock() - self._start
        short = elapsed < self._delay or not (self._leave or self._printed)
        if not (self._closed or short or (self.n == self._initial and self.n != self._total)):
            self._print(elapsed, ends=True)
        self._closed = True

    def _refresh(self) -> None:
        elapsed = self._clock() - self._start
        if not self._closed and elapsed // INTERVAL > self._printed:
            self._printed = int(elapsed // INTERVAL)
            self._print(elapsed)

    def _print(self, elapsed: float, ends: bool = False) -> None:
        print(self._describe(elapsed, ends), file=sys.stderr, flush=True)

    def _describe(self, elapsed: float, ends: bool) -> str:
        """Such as `train t5-gold: 350 of 700 steps (50%), 12.3 steps/s, 28 s left`."""
        done = f"{self._label}: {self.n:,} {self._unit}"
        if self._total is not None and self.n < self._total:
            share = 100 * self.n // self._total
            done = f"{self._label}: {self.n:,} of {self._total:,} {self._unit} ({share}%)"
        parts = [f"{done} in {format_seconds(elapsed)}" if ends else done]
        rate = (self.n - self._initial) / elapsed if elapsed > 0 else 0.0
        if rate:
            parts.append(f"{format_rate(rate)} {self._unit}/s")
        if rate and self._total is not None and not ends:
            left = max(0, self._total - self.n) / rate
            parts.append(f"{format_seconds(left)} left")
        return ", ".join([*parts, self._postfix] if self._postfix else parts)


def format_rate(rate: float) -> str:
    """A number a second, to about three digits."""
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}" if rate >= 1 else f"{rate:.2g}"


def format_seconds(seconds: float) -> str:
    """Such as 28 s, 45 min or 2 h 05 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
