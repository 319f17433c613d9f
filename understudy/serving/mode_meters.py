"""Figures for Prometheus where the teacher may answer, too."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from understudy.serving.monitoring import SECONDS

TENTHS = tuple(step / 10 for step in range(1, 11))


class ModeMeters:
    """Who answered and why, what the teacher took and cost, and how the drift test stands."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Adds the figures to those of a server; see `Meters.part`."""
        self.answers = Counter(
            "understudy_answers",
            "Answers, by who gave them and why.",
            ["by", "why"],
            registry=registry,
        )
        self.failures = Counter(
            "understudy_teacher_failures",
            "Requests that the teacher did not answer, by reason.",
            ["reason"],
            registry=registry,
        )
        self.confidence = Histogram(
            "understudy_confidence",
            "Confidence in the student's answers.",
            buckets=TENTHS,
            registry=registry,
        )
        self.teacher_seconds = Histogram(
            "understudy_teacher_seconds",
            "Seconds that a request waited for the teacher.",
            buckets=SECONDS,
            registry=registry,
        )
        self.compared = Counter(
            "understudy_compared",
            "Requests that the drift test has taken into account.",
            registry=registry,
        )
        self.disagreements = Counter(
            "understudy_disagreements",
            "Those in which student and teacher disagree.",
            registry=registry,
        )

        def gauge(name: str, about: str) -> Gauge:
            # all workers share what it shows
            return Gauge(name, about, registry=registry, multiprocess_mode="mostrecent")

        self.spent = gauge(
            "understudy_teacher_spent_usd",
            "US dollars of today by UTC, worst cases of calls on their way included.",
        )
        self.left = gauge("understudy_teacher_left_usd", "What the cap of the day leaves.")
        self.e_value = gauge(
            "understudy_drift_e_value", "Evidence that the student disagrees more than calibrated."
        )
        self.alarm = gauge("understudy_drift_alarm", "1 once the evidence was enough.")
