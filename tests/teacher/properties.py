"""Settings that the property tests share: the same examples in each run, and no deadline."""

from hypothesis import HealthCheck, settings

quick = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
slow = settings(quick, max_examples=20)
