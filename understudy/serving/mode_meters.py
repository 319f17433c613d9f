"""Figures for Prometheus where the teacher may answer, too."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from understudy.serving.monitoring import SECONDS

TENTHS = tuple(step / 10 for step in range(1, 11))


class ModeMeters:
    """Who answered and why, what the teacher took and cost, and how the drift test stands."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Adds the figures to those of a server; see `Meters.part`."""
        counter, timer = partial(Counter, registry=registry), partial(Histogram, registry=registry)
        # all workers share what a gauge shows
        gauge = partial(Gauge, registry=registry, multiprocess_mode="mostrecent")
        self.answers = counter(
            "understudy_answers", "Answers, by who gave them and why.", ["by", "why"]
        )
        self.failures = counter(
            "understudy_teacher_failures",
            "Requests that the teacher did not answer, by reason.",
            ["reason"],
        )
        self.confidence = timer(
            "understudy_confidence", "Confidence in the student's answers.", buckets=TENTHS
        )
        self.teacher_seconds = timer(
            "understudy_teacher_seconds",
            "Seconds that a request waited for the teacher.",
            buckets=SECONDS,
        )
        self.compared = counter(
            "understudy_compared", "Requests that the drift test has taken into account."
        )
        self.disagreements = counter(
            "understudy_disagreements", "Those in which student and teacher disagree."
        )
        self.spent = gauge(
            "understudy_teacher_spent_usd",
            "US dollars of today by UTC, worst cases of calls on their way included.",
        )
        self.left = gauge("understudy_teacher_left_usd", "What the cap of the day leaves.")
        self.e_value = gauge(
            "understudy_drift_e_value", "Evidence that the student disagrees more than calibrated."
        )
        self.alarm = gauge("understudy_drift_alarm", "1 once the evidence was enough.")
