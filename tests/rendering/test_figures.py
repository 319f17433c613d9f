"""Figures as people read them."""

import pytest

from understudy.rendering.figures import count, dollars, percent, points, signed


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (count(0), "0"),
        (count(1234567), "1,234,567"),
        (count(99.6), "100"),
        (count(-1200), "−1,200"),
        (points(41.25), "41.2"),
        (points(-0.36), "−0.4"),
        (signed(1.24), "+1.2"),
        (signed(-1.26), "−1.3"),
        (signed(0), "+0.0"),
        (percent(12.34), "12.3%"),
    ],
)
def test_numbers_have_commas_one_decimal_and_a_real_minus(shown: str, expected: str) -> None:
    assert shown == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (0, "$0.00"), (1234.5, "$1,234.50"), (1, "$1.00"), (0.01234, "$0.0123"),
        (0.000042, "$0.000042"),
    ],
)  # fmt: skip
def test_dollars_show_cents_or_as_many_digits_as_it_needs(amount: float, expected: str) -> None:
    assert dollars(amount) == expected
