"""A limit of units per minute, held in every window of a minute, with units spread evenly."""

import math
import re
from collections import deque
from dataclasses import dataclass

MINUTE = 60.0
MARGIN = 1.2
"""Seconds by which our minute is longer, because calls take unequally long to arrive."""
STEP = 0.3
"""Seconds that are added when that turns out too short."""
CATCH_UP = 1.0
"""Seconds' worth of unused units that may be sent at once."""
PEAK = 1.25
"""Factor by which units may come faster than evenly, to make up for a gap."""
FULL = 0.9
"""Share of the limit from which on a refusal is blamed on it."""
SHORT_WINDOWS = (1.0, 10.0)
"""Seconds in which an endpoint may count instead of a minute; none says which."""
LEAST_IN_WINDOW = 5
LEAST_CATCH_UP = 0.05
LONGEST_HOLD = 1.0
"""Seconds after a refusal in a short window, doubling from one unit's share."""
EVEN_REFUSED = 0.1
"""Share of refused units from which on even the evenly spread ones are too many."""
LEAST_LEARNED = 5
NEAR = 1.5
"""Seconds of tolerance when a requested pause is compared with the end of our own minute."""
LONG_PAUSE = 2.0
"""Seconds; no endpoint asks for more because of concurrency."""
PATIENCE = 600.0
"""Seconds without a refusal before a learned limit is tested."""
PROBE = 1.03
DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


@dataclass(slots=True)
class Note:
    """Units that were sent."""

    sent: float
    units: float
    ended: float = math.inf
    """When their call had its answer; the endpoint has counted them at some time until then."""
    counted: bool = True


class Quota:
    """At most `limit` units in any minute: set by params, stated by the endpoint, or learned."""

    def __init__(self, limit: float | None = None, margin: float = MARGIN) -> None:
        """Starts with the limit that params set, if any.

        Args:
            limit: units a minute.
            margin: seconds by which our minute is longer, up to twice as many if too few.
        """
        self.limit = math.inf if limit is None else float(limit)
        self.margin, self._longest_margin = margin, 2 * margin
        self._set = self.limit
        self._told = self._learned = self._proven = math.inf
        self._learned_at = self._widened_at = -math.inf
        self._quiet_since = 0.0
        self._patience, self._probe = PATIENCE, PROBE
        self._next = -math.inf
        self._peak, self._catch_up = PEAK, CATCH_UP
        self._even_since = math.inf
        self._evened_at = self._hurried_at = -math.inf
        self._hold = 0.0
        self._sent: deque[Note] = deque()
        self._total = 0.0

    @property
    def known(self) -> bool:
        """Whether there is a limit."""
        return self.limit < math.inf

    def delay(self, units: float, now: float) -> float:
        """Seconds until that many more units fit; 0 if they fit now, or if there is no limit."""
        self._forget(now)
        self._try_more(now)
        if not self.known or not self._sent:
            return 0.0
        last = self._sent[-1].sent + MINUTE + self.margin - now  # then there is all the room
        return max(0.0, self._wait_for_room(units, now), min(last, self._next - now))

    def spend(self, units: float, now: float) -> Note:
        """Notes units as sent."""
        note = Note(now, units)
        self._sent.append(note)
        self._total += units
        self._next = max(self._next, now - self._catch_up) + units * self._interval
        return note

    def correct(self, note: Note, units: float) -> None:
        """Replaces the expected units by those really used."""
        if note.counted:
            self._total += units - note.units
            self._next += (units - note.units) * self._interval
            note.units = units

    def told(self, limit: float) -> None:
        """The endpoint says its limit; what params set stays if it is lower."""
        if limit != self._told:
            self._told = limit
            self._agree()

    def refuse(self, note: Note, pause: float | None, now: float, *, crowded: bool) -> bool:
        """The endpoint refused a unit; returns whether this limit is the reason.

        An unknown limit is learned from what the last minute had, if the requested pause ends just
        when the oldest unit is a minute old.

        Args:
            note: what was refused.
            pause: seconds that the endpoint asks for, if it does.
            now: the time.
            crowded: whether too many calls at once may be the reason.
        """
        self._forget(now)
        self.correct(note, 0)
        if note.sent <= self._learned_at:  # on its way when we learned: one less was taken
            self._learned = self._proven = max(LEAST_LEARNED, self._learned - 1)
            self._agree()
            return True
        if self.known and self._total >= FULL * self.limit:
            self._keep_away(note, now)
            return True
        if self.is_hurried(now):
            self._spread(note, now)
            return True
        if pause is None or (crowded and pause < LONG_PAUSE) or not self._ends_then(pause, now):
            return False
        self._learn(now)
        return True

    @property
    def _interval(self) -> float:
        return (MINUTE + self.margin) / self.limit / self._peak

    def _wait_for_room(self, units: float, now: float) -> float:
        excess, end = self._total + units - self.limit, now
        for note in self._sent:
            if excess <= 0:
                break
            excess -= note.units
            end = note.sent + MINUTE + self.margin
        return end - now

    def _agree(self) -> None:
        self.limit = min(self._set, self._told, self._learned)

    def _keep_away(self, note: Note, now: float) -> None:
        """Keeps a larger distance to the limit, and learns a lower one if that is not enough."""
        self._quiet_since = now
        if note.sent <= self._widened_at:  # once for all that were in flight together
            return
        self._widened_at = now
        if self._learned > self._proven:
            self._learned, self._patience, self._probe = self._proven, 2 * self._patience, PROBE
        elif self.margin < self._longest_margin:
            wider = self.margin + max(STEP, 1.2 * MINUTE / self.limit)  # by a call, at the least
            self.margin = min(wider, self._longest_margin)
        elif self._total < 0.97 * self.limit - 2:
            self._learned = self._proven = self._total
        self._agree()

    def is_hurried(self, now: float) -> bool:
        """Whether the last second, or the last ten, had their share of a known limit."""
        return self.known and any(
            (units := self._in_last(seconds, now)[0]) >= FULL * self.limit * seconds / MINUTE
            and units >= LEAST_IN_WINDOW
            for seconds in SHORT_WINDOWS
        )

    def _in_last(self, seconds: float, now: float) -> tuple[float, int]:
        """Units that were sent then and not refused, and the number of refused calls."""
        units, refused = 0.0, 0
        for note in reversed(self._sent):
            if note.sent <= now - seconds:
                break
            units += note.units
            refused += not note.units
        return units, refused

    def _spread(self, note: Note, now: float) -> None:
        """Sends evenly from now on, since the endpoint counts in a window shorter than a minute."""
        since, self._hurried_at = now - self._hurried_at, now
        self._quiet_since = now
        again = since < 2 * self._hold + self._interval
        self._hold = min(LONGEST_HOLD, max(self._interval, 2 * self._hold * again))
        self._next = max(self._next, now + self._hold)
        if note.sent <= self._evened_at:
            return
        units, refused = self._in_last(SHORT_WINDOWS[-1], now)
        is_even = now - self._even_since > SHORT_WINDOWS[-1]
        too_many = refused > max(LEAST_IN_WINDOW, EVEN_REFUSED * (units + refused))
        if is_even and too_many:
            self._learned = self._proven = max(LEAST_LEARNED, units * MINUTE / SHORT_WINDOWS[-1])
            self._agree()
        self._evened_at = now
        self._even_since = min(self._even_since, now)
        self._peak, self._catch_up = 1.0, max(LEAST_CATCH_UP, self._catch_up / 4)

    def _ends_then(self, pause: float, now: float) -> bool:
        """Whether the oldest unit of the last minute is a minute old after that pause."""
        oldest = next((note for note in self._sent if note.units), None)
        if oldest is None or self._total < LEAST_LEARNED:
            return False
        ended = min(oldest.ended, now)
        return oldest.sent - NEAR <= now + pause - MINUTE <= ended + NEAR

    def _learn(self, now: float) -> None:
        stale = 0.0
        for note in self._sent:
            if note.sent > now - MINUTE:
                break
            stale += note.units
        self._learned = self._proven = max(LEAST_LEARNED, self._total - stale)
        self._learned_at = self._quiet_since = self._next = now
        self._agree()

    def _try_more(self, now: float) -> None:
        """Raises a learned limit after a while, by more each time that this worked."""
        if self._learned < math.inf and now - self._quiet_since > self._patience:
            self._proven = self._learned
            self._learned *= self._probe
            self._patience, self._probe = 2 * MINUTE, min(2.0, self._probe**2)
            self._quiet_since = now
            self._agree()

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0].sent <= now - MINUTE - self.margin:
            note = self._sent.popleft()
            note.counted = False
            self._total -= note.units


def parse_duration(text: str) -> float | None:
    """Seconds in `1s`, `6m0s`, `120ms`, `1h2m3.5s`, or in a bare number; None in anything else."""
    try:
        seconds = float(text)
    except ValueError:
        found = DURATION.fullmatch(text.strip())
        if not text.strip() or found is None:
            return None
        hours, minutes, seconds, thousandths = (float(part or 0) for part in found.groups())
        return 3600 * hours + 60 * minutes + seconds + thousandths / 1000
    return seconds if math.isfinite(seconds) else None
