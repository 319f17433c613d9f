"""How many answers a minute the last runs got, by the times in the ledger.

Not latency divided by concurrency: the latency was measured with as many calls in flight as the
endpoint took, which may be fewer, and grows with more where calls wait for each other.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from statistics import median

IDLE = 60.0
"""Seconds without a call in flight between two runs."""
TYPICAL_GAPS = 10
"""The same in gaps between answers, which are wide in a small sample."""
ENOUGH = 50
"""Answers that make earlier runs unnecessary."""


def measure_throughput(
    calls: Iterable[tuple[str, float]], answers_a_call: float, concurrency: int
) -> float | None:
    """Measures the last runs.

    Args:
        calls: when an answer came, as the ledger writes it, and the seconds that it took.
        answers_a_call: how many answers each of them stands for, where they are a sample.
        concurrency: the most calls in flight from now on.

    Returns:
        Answers a minute, None without calls.
    """
    latest_first = sorted(
        ((datetime.fromisoformat(at).timestamp(), seconds) for at, seconds in calls), reverse=True
    )
    gaps = [later[0] - earlier[0] for later, earlier in pairwise(latest_first)]
    idle = max(IDLE, TYPICAL_GAPS * median(gaps)) if gaps else IDLE
    count, busy, waited, began = 0, 0.0, 0.0, float("inf")
    for end, seconds in latest_first:
        if end < began - idle:  # an earlier run, or the last one
            if count >= ENOUGH:
                break
            began = end
        start = min(began, end - seconds)
        busy += began - start
        began = start
        count += 1
        waited += seconds
    if not busy:
        return None
    in_flight = answers_a_call * waited / busy
    return 60 * answers_a_call * count / busy * min(1.0, concurrency / max(1.0, in_flight))
