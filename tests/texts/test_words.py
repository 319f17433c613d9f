"""Words, as all figures count them."""

import pytest

from understudy.texts.words import count_words, split_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat sat.", ["the", "cat", "sat"]),
        ("1,250.5 birds; 3 of 4.", ["1,250.5", "birds", "3", "of", "4"]),
        ("O'Neil’s well-known 24/7 shop", ["o'neil’s", "well-known", "24/7", "shop"]),
        ("'quoted' - dashed – so ,, . ", ["quoted", "dashed", "so"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("Émile\u00a0and\nΟΔΟΣ", ["émile", "and", "οδοσ"]),
        ("two .\nlines .", ["two", "lines"]),
        ("re\u0301sume\u0301 naïve", ["résumé", "naïve"]),
        ("हिन्दी में एक वाक्य।", ["हिन्दी", "में", "एक", "वाक्य"]),
        ("مُحَمَّد می‌خواهد", ["مُحَمَّد", "می‌خواهد"]),
        ("今日はiPhone15、1,250円", [*"今日は", "iphone15", "1,250", "円"]),
        ("หมู ๓.๕", ["ห", "มู", "๓.๕"]),
        ("안녕하세요 세계", ["안녕하세요", "세계"]),
        ("", []),
        (" … !\n", []),
    ],
)
def test_words_are_runs_of_letters_and_digits_in_lower_case(text: str, words: list[str]) -> None:
    assert split_words(text) == words
    assert count_words(text) == len(words)
