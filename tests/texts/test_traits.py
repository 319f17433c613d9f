"""What ROUGE does not see, by hand."""

import pytest

from understudy.texts.traits import find_unsupported_names, find_unsupported_numbers, measure_traits

ARTICLE = "Anna Berg saw 12 cats in Oslo on Monday. She fed three of them, and 1,250 birds."


def test_a_summary_of_the_articles_own_words_adds_nothing() -> None:
    assert measure_traits([ARTICLE], ["Anna Berg saw 12 cats in Oslo"]) == {
        "words": 7,
        "compression": pytest.approx(17 / 7),
        "novel1": 0,
        "novel2": 0,
        "novel3": 0,
        "novel4": 0,
        "coverage": 100,
        "density": 7,
        "repeated": 0,
        "unsupported_numbers": 0,
        "unsupported_names": 0,
        "empty": 0,
    }


def test_novel_n_grams_coverage_and_density_by_hand() -> None:
    # "anna saw 12 cats": one run of 1 and one of 3; of 3 pairs "anna saw" is new, of 2 triples one
    found = measure_traits([ARTICLE], ["Anna saw 12 cats"])
    assert [found[f"novel{size}"] for size in (1, 2, 3)] == pytest.approx([0, 100 / 3, 50])
    assert [found["coverage"], found["density"]] == [100, (1 + 9) / 4]
    half = measure_traits([ARTICLE], ["Nobody saw dogs anywhere"])
    assert (half["novel1"], half["coverage"], half["density"]) == (75, 25, 0.25)


def test_repetition_empty_and_short_summaries_count_where_they_can() -> None:
    # a b c d a b c d: triples abc bcd cda dab abc bcd
    assert measure_traits(["x"], ["a b c d a b c d"])["repeated"] == pytest.approx(100 * 2 / 6)
    found = measure_traits([ARTICLE] * 3, ["Anna Berg", "", " – "])
    assert found["words"] == pytest.approx(2 / 3)
    assert (found["empty"], found["coverage"]) == (2, 100)
    assert measure_traits([ARTICLE], [""])["coverage"] == 0
    assert measure_traits([ARTICLE] * 2, ["Dogs", "Dogs bark loudly"])["novel3"] == 100
    found = measure_traits([ARTICLE] * 4, ["It was 7", "It was 8 and 9", "It was Otto", "Cats"])
    assert (found["unsupported_numbers"], found["unsupported_names"]) == (50, 25)


@pytest.mark.parametrize(
    ("summary", "unsupported"),
    [
        ("She saw 12 cats, 3 of them hungry.", []),
        ("1250 birds", []),
        ("1,250 birds", []),
        ("12.5 cats", ["12.5"]),
        ("It was 2014, with 4 dogs", ["2014", "4"]),
    ],
)
def test_numbers_are_looked_up_in_digits_and_in_words(summary: str, unsupported: list[str]) -> None:
    assert find_unsupported_numbers(ARTICLE, summary) == unsupported


@pytest.mark.parametrize(
    ("summary", "unsupported"),
    [
        ("In Oslo, Anna Berg fed cats.", []),
        ("Cats were fed by Clara Berg in Bergen.", ["Clara", "Bergen"]),
        ("Tourists came. Visitors left.", []),  # each begins a sentence
        ("It was Anna’s cat, said Berg's friend.", []),
        ("The CATS of OSLO", []),
        ("Visitors met Émile there", ["Émile"]),
    ],
)
def test_names_in_a_sentence_are_looked_up_in_any_case(
    summary: str, unsupported: list[str]
) -> None:
    assert find_unsupported_names(ARTICLE, summary) == unsupported
