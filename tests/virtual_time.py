"""An event loop whose clock jumps to the next timer, so that minutes of waiting take no time.

    answer = run(wait_for_hours())      # instead of asyncio.run

Only timers pass the time: code that waits for a socket or a thread has no place here.
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

Result = TypeVar("Result")
Given = ParamSpec("Given")


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: what it would wait for is added to the time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits, and no timer is left to end it")
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Starts at 0 seconds; as long as a callback is ready, no time passes."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Runs a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


def virtual(test: Callable[Given, Coroutine[Any, Any, None]]) -> Callable[Given, None]:
    """A test that is a coroutine, run in virtual time."""
    return functools.wraps(test)(lambda *args, **given: run(test(*args, **given)))


def in_loop(test: Callable[Given, Coroutine[Any, Any, None]]) -> Callable[Given, None]:
    """A test that is a coroutine, run in the time of the wall clock, for a minute at most."""
    return functools.wraps(test)(
        lambda *args, **given: asyncio.run(asyncio.wait_for(test(*args, **given), 60))
    )
