"""Paces calls: as many in flight, and per minute, as the endpoint takes.

Requests and tokens a minute stay within the limits that params set, that the x-ratelimit headers
report, or that refusals teach. Other refusals are blamed on too many calls at once: the window of
calls in flight grows with the answers until the endpoint pushes back, shrinks, returns quickly to
what worked, and then probes upward slowly (after TCP's slow start and congestion avoidance,
RFC 5681). A server that queues inside refuses nothing: there, no more calls are in flight than it
answers in half of teacher.timeout_seconds at its measured rate (Little's law; an allowance of one
lets the window grow, as in Netflix's concurrency-limits). Times are the event loop's, in seconds.
"""

import asyncio
import math
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from understudy.contract.params.teacher import TeacherParams
from understudy.teacher.quota import MINUTE, Note, Quota, parse_duration

FIRST_WINDOW = 8
LOCAL_FIRST_WINDOW = 3
"""The same without TLS: such servers stand nearby, and may work on one call at a time."""
IN_TIME = 0.5
"""Share of teacher.timeout_seconds within which calls should be answered."""
LEAST_ENDS = 4
"""Ended calls, at least, that answers a second are measured on."""
UNCROWDED = 1.5
"""Multiple of the shortest latency that no queue is blamed for, however long it is."""
FIRST_ANSWERS = 55
"""Answers to wait for before the window grows towards a limit that nobody has stated."""
RAMP_SECONDS = 12.0
SLOWEST_RAMP, FASTEST_RAMP = 0.06, 0.4
"""Bounds of what one answer adds to the window while the limit is unknown."""
SLOW_START_ENDS = 0.75
"""Share of `concurrency` above which growth is slow."""
FIRST_GAIN, LEAST_GAIN = 1 / 200, 1 / 400
"""What one answer adds to the window above the largest size that worked."""
SHRINK = 0.5
OUTAGE = 3.0
"""Multiple of the latency: after that long without an answer, refusals teach no concurrency."""
RECKONED = 3
"""Requested pauses to compare; unequal ones mean that the endpoint computes them."""
LONGEST_PAUSE = 300.0
LEAST_DELAY = 1e-3
TOKEN_MARGIN = 2.4
"""Seconds; larger than for requests, because only answers report the tokens used."""
TYPICAL_OUTPUT = 400.0
"""Output tokens expected of a call before any has ended."""


@dataclass(slots=True)
class Ticket:
    """One call in flight."""

    started: float
    in_flight: int
    """Calls in flight at the start, with this one."""
    input_tokens: float
    request: Note
    tokens: Note


class Window:
    """The number of calls that may be in flight."""

    def __init__(self, most: int, first: int = FIRST_WINDOW, timeout: float = math.inf) -> None:
        """Starts small, and never exceeds `most`; calls end after `timeout` seconds."""
        self.size = float(min(first, most))
        self._first = min(FIRST_WINDOW, most)
        self._timeout = timeout
        self._ended = 0
        self._ends = deque[float]()
        self._least_latency = math.inf
        self._most = most
        self._good = max(1.0, SLOW_START_ENDS * most)
        self._gain = FIRST_GAIN
        self._latency = 0.0
        self._answers = 0
        self._peak = 0.0
        self._refused_at = self._answered_at = -math.inf
        self._cohort = self._lost = 0
        self._taken = self._unsettled_since = math.inf
        self._halved = self._out = False
        self._pauses: deque[float] = deque(maxlen=RECKONED)

    @property
    def mostly_lost(self) -> bool:
        """Whether most calls that were in flight when refusals began were refused too."""
        return 2 * self._lost > self._cohort

    def answered(self, ticket: Ticket, in_flight: int, now: float, *, freely: bool) -> None:
        """Takes an answer into account: its latency, and that so many calls at once are accepted.

        `in_flight` calls are left; `freely` where growth cannot run into an unknown limit a minute.
        """
        self._answers += 1
        self.measure(ticket, now)
        self._peak = max(min(ticket.in_flight, in_flight + 1), 0.995 * self._peak)
        self._answered_at = now
        if ticket.started > self._unsettled_since:
            if not self._out:  # the endpoint works, and takes fewer at once
                self._good = max(1.0, min(self._good, self._taken))
            self._taken, self._out, self._unsettled_since = math.inf, False, math.inf
        if in_flight + 2 > self.size:  # it was the window that held us back
            self._grow(freely)

    @property
    def allowed(self) -> int:
        """Calls that may be in flight now: no more than can be answered in time.

        By Little's law, calls in flight = answers a second x seconds in flight.
        """
        size = self.size
        if self._ends:
            rate = (len(self._ends) - 1) / max(LEAST_DELAY, self._ends[-1] - self._ends[0])
            seconds = max(IN_TIME * self._timeout, UNCROWDED * self._least_latency)
            size = min(size, 1 + rate * seconds)
        return max(1, int(size))

    def measure(self, ticket: Ticket, now: float) -> None:
        """Takes the end of a call into account, answered or timed out."""
        self._ended += 1
        seconds = max(now - ticket.started, LEAST_DELAY)
        self._latency += (seconds - self._latency) / min(self._ended, 20)
        self._least_latency = min(self._least_latency, self._latency)
        if not self._ends:
            self._ends.append(ticket.started)
        self._ends.append(now)
        while len(self._ends) > max(LEAST_ENDS, ticket.in_flight) + 1:
            self._ends.popleft()

    def note_refusal(self, ticket: Ticket, pause: float | None, in_flight: int, now: float) -> bool:
        """Counts a refusal; returns whether too many calls at once may be the reason."""
        if ticket.started > self._refused_at:
            self._refused_at = now
            self._cohort = max(in_flight + 1, ticket.in_flight)
            self._lost, self._halved = 0, False
        self._lost += 1
        self._out |= now - self._answered_at > OUTAGE * self._latency
        if pause is not None:
            self._pauses.append(pause)
        enough = max(ticket.in_flight, self._cohort) > 0.85 * self._peak - 1
        return enough and not self.mostly_lost and not self._pauses_are_reckoned()

    def _pauses_are_reckoned(self) -> bool:
        """Whether the endpoint computes its pauses, which none does for concurrency."""
        if len(self._pauses) < RECKONED:
            return False
        return max(self._pauses) > 1.1 * min(self._pauses) + LEAST_DELAY

    def shrink(self) -> None:
        """Shrinks a little at the first refusals, by half when many come together."""
        self._taken = max(1, self._cohort - self._lost)
        self._unsettled_since = min(self._unsettled_since, self._refused_at)
        self.size = max(1.0, min(self.size, self._taken))
        if self._lost == 1:
            self._gain = max(LEAST_GAIN, min(FIRST_GAIN, self._gain / 2))
        if 8 * self._lost > self._cohort and not self._halved:
            self._halved = True
            self.size = max(1.0, self.size * SHRINK)

    def _grow(self, freely: bool) -> None:
        if self.size < self._first and self._refused_at == -math.inf:
            step = 1.0
        elif self.size >= self._good:
            step = self._gain
            self._gain = min(1.0, self._gain * 2 ** (step / 2))  # faster and faster
        elif freely or self._refused_at > -math.inf:
            step = 1.0
        elif self._answers < FIRST_ANSWERS:
            step = 0.0
        else:
            step = min(FASTEST_RAMP, max(SLOWEST_RAMP, self._latency / RAMP_SECONDS))
        self.size = min(self._most, self.size + step)


class Pace:
    """Admits calls one by one, in the order in which they come."""

    def __init__(self, params: TeacherParams) -> None:
        """Starts with what params set."""
        self.in_flight = 0
        self.pushed_back = 0
        self.requests = Quota(params.requests_per_minute)
        self.tokens = Quota(params.tokens_per_minute, margin=TOKEN_MARGIN)
        first = FIRST_WINDOW if params.base_url.startswith("https:") else LOCAL_FIRST_WINDOW
        self._timeout = params.timeout_seconds
        self._window = Window(params.concurrency, first, self._timeout)
        self._resume = -math.inf
        self._more = TYPICAL_OUTPUT
        self._spread = TYPICAL_OUTPUT / 2
        self._turn = asyncio.Lock()
        self._room = asyncio.Event()

    @property
    def window(self) -> int:
        """Calls that may be in flight now."""
        return self._window.allowed

    async def admit(self, input_tokens: float) -> Ticket:
        """Waits until a call whose prompt may have so many tokens may be sent."""
        async with self._turn:
            while delay := self._delay(input_tokens):
                self._room.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if delay == math.inf else delay):
                        await self._room.wait()
            now = _now()
            self.in_flight += 1
            request = self.requests.spend(1, now)
            tokens = self.tokens.spend(self._expect(input_tokens), now)
            return Ticket(now, self.in_flight, input_tokens, request, tokens)

    def answered(self, ticket: Ticket, tokens: int) -> None:
        """A call has its answer; later ones are expected to use about as many tokens in all."""
        self._end()
        now = _now()
        ticket.request.ended = ticket.tokens.ended = now
        if tokens:
            self.tokens.correct(ticket.tokens, tokens)
            more = tokens - ticket.input_tokens  # includes the error of the prompt's estimate
            self._spread += (abs(more - self._more) - self._spread) / 50
            self._more += (more - self._more) / 20
        self._window.answered(ticket, self.in_flight, now, freely=self.requests.known)

    def failed(self, ticket: Ticket | None = None) -> None:
        """A call has failed for a reason other than our pace, unless it took too long."""
        self._end()
        if ticket and _now() - ticket.started >= IN_TIME * self._timeout:
            self._window.measure(ticket, _now())

    def refused(self, ticket: Ticket, pause: float | None) -> None:
        """The endpoint has pushed back, and may have asked for a pause in seconds."""
        self._end()
        now = _now()
        self.pushed_back += 1
        if pause is not None:
            self._resume = max(self._resume, now + min(pause, LONGEST_PAUSE))
        crowded = self._window.note_refusal(ticket, pause, self.in_flight, now)
        limited = self.tokens.refuse(ticket.tokens, None, now, crowded=crowded)
        asked = None if limited else pause
        hurried = self.requests.is_hurried(now)
        limited |= self.requests.refuse(ticket.request, asked, now, crowded=crowded)
        if not limited or (pause is None and self._window.mostly_lost and not hurried):
            self._window.shrink()

    def observe(self, headers: Mapping[str, str]) -> None:
        """Reads the limits in OpenAI's x-ratelimit headers."""
        for kind, quota in (("requests", self.requests), ("tokens", self.tokens)):
            limit = parse_duration(headers.get(f"x-ratelimit-limit-{kind}", ""))
            reset = parse_duration(headers.get(f"x-ratelimit-reset-{kind}", "")) or 0.0
            if limit is None or limit <= 0 or reset > 1.5 * MINUTE:  # that is a limit a day
                continue
            quota.told(limit)
            if parse_duration(headers.get(f"x-ratelimit-remaining-{kind}", "")) == 0:
                self._resume = max(self._resume, _now() + min(reset, MINUTE / limit))

    def _expect(self, input_tokens: float) -> float:
        return max(1.0, input_tokens + self._more)

    def _end(self) -> None:
        self.in_flight -= 1
        self._room.set()

    def _delay(self, input_tokens: float) -> float:
        """Seconds until a call may be sent; infinite while only an ending call makes room."""
        if self.in_flight >= self.window:
            return math.inf
        now = _now()
        # What the calls in flight will use is uncertain: errors add up like independent ones,
        # with the square root of their number.
        unsure = 5 * self._spread * math.sqrt(self.in_flight + 1)
        tokens = self.tokens.delay(self._expect(input_tokens) + unsure, now)
        delay = max(self._resume - now, self.requests.delay(1, now), tokens)
        return delay if delay > LEAST_DELAY else 0.0


def _now() -> float:
    return asyncio.get_running_loop().time()
