"""Fragments, coverage and density, by the definitions of Grusky et al. 2018 and by hand."""

import pytest

from understudy.texts.fragments import Fragments, find_fragments

ARTICLE = "a b c d e f g".split()


def find(article: str, summary: str) -> Fragments:
    return find_fragments(article.split(), summary.split())


def test_fragments_are_the_longest_at_their_word_found_greedily_to_the_end() -> None:
    # "a b" stands twice, longer the second time; x is nowhere
    found = find("a b x1 a b c d", "a b c y d a")
    assert found.spans == ((0, 3), (4, 1), (5, 1))
    # from "a" on it takes "a b", so that "b c d e" is not seen as a whole
    found = find("a b x b c d e", "a b c d e")
    assert found.spans == ((0, 2), (2, 3))
    assert found.longest == 3
    assert find("x a b", "a b c").spans == ((0, 2),)
    assert find("a b c", "x b").spans == ((1, 1),)


def test_coverage_and_density_weigh_fragments_by_their_words() -> None:
    found = find_fragments(ARTICLE, "a b z c z z e f".split())
    assert found.spans == ((0, 2), (3, 1), (6, 2))
    assert found.coverage == 5 / 8
    assert found.density == (2 * 2 + 1 * 1 + 2 * 2) / 8
    assert find_fragments(ARTICLE, ARTICLE[1:5]).density == 4
    found = find("a b c", "a b a b")
    assert (found.spans, found.coverage, found.density) == (((0, 2), (2, 2)), 1, 2)


@pytest.mark.parametrize(
    ("article", "summary"), [("", ""), ("a b", ""), ("", "a b"), ("a b", "c d")]
)
def test_nothing_in_common_is_nothing(article: str, summary: str) -> None:
    found = find(article, summary)
    assert (found.spans, found.coverage, found.density, found.longest) == ((), 0, 0, 0)
