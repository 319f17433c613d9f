"""Phone numbers in the forms that people write, among other numbers."""

import pytest

from understudy.texts.phones import find_phones


def _found(text: str) -> list[str]:
    return [text[start:end] for start, end in find_phones(text)]


@pytest.mark.parametrize(
    "number",
    [
        "+49 30 1234567", "+49 (0)30 123 45 67", "+4930123456", "0049 30 1234567",
        "+1 (202) 555-0123", "+1-202-555-0123", "+44 20 7946 0958", "+33 6 12 34 56 78",
        "+86 138 0013 8000", "(202) 555-0123", "202-555-0123", "202.555.0123", "202 555 0123",
        "1-800-273-8255", "030 1234567", "(030) 1234567", "030/1234567", "0171 - 12 34 56",
        "01711234567", "020 7946 0958", "07700 900123", "01 23 45 67 89", "01.23.45.67.89",
        "612 34 56 78", "601-234-567",
    ],
)  # fmt: skip
def test_a_number_is_found_between_words(number: str) -> None:
    assert _found(f"Ring us ({number}), or write.") == [number]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Tel.: 5551234 today", "5551234"),
        ("call me at 555-0123.", "555-0123"),
        ("phone number is 2025550123", "2025550123"),
        ("Mobile 12 34 56 78", "12 34 56 78"),
        ("WhatsApp 491711234567", "491711234567"),
    ],
)
def test_a_word_before_it_tells_a_number_that_might_be_another(text: str, number: str) -> None:
    assert _found(text) == [number]


def test_numbers_in_a_row_are_found_one_by_one() -> None:
    assert _found("+1 (202) 555-0123 202-555-0199, 030/1234567 020 7946 0958") == [
        "+1 (202) 555-0123", "202-555-0199", "030/1234567", "020 7946 0958",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "1,234,567 people", "2024-11-27", "on 27.11.2024 12:30", "01.02.2024 12:30", "01/02/2024",
        "from 1999-2004", "call 2024-11-27", "call 1999-2004", "call 10.000.000",
        "fax 192.168.100.200", "10.0.0.1", "192.168.100.200", "$1,234.56", "EUR 10.000.000",
        "+10.000.000 Euro", "ISBN 0306406152", "ISBN-10: 0306406152", "978-3-16-148410-0",
        "0-306-40615-2", "Boston 02134-1234", "0.123 456 7890", "order 2025550123",
        "between 100-2000", "id 123e4567-e89b-12d3-a456-426614174000", "version 1.20.300",
        "A12-345-678-901", "3.14159265358979", "12:34:56",
    ],
)  # fmt: skip
def test_other_numbers_stay(text: str) -> None:
    assert _found(text) == []
