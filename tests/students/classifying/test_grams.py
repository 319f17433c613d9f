"""tf-idf of words and characters: the same as scikit-learn's, without it."""

from pathlib import Path

import numpy as np
import pytest

from understudy.students.classifying.grams import cut_text, fit_grams, load_grams

TEXTS = [
    "The Müllers' invoice №7 isn't paid; isn't it?",
    "a I, ß\tÉtude\n  the the THE co-op",
    "",
    "naïve café … 日本語 のテキスト x",
    "supercalifragilisticexpialidocious the",
]


def test_weights_equal_those_of_scikit_learn(tmp_path: Path) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+")
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    expected = [one.fit(TEXTS) for one in (words, characters)]
    grams = fit_grams(TEXTS, 10_000, 10_000)
    grams.save(tmp_path)
    found = load_grams(tmp_path, grams.idf)
    rows = [*TEXTS, "the unknown invoice", "zzz"]
    matrix = found.weigh([found.encode(text) for text in rows]).toarray()
    both = [one.transform(rows).toarray() for one in expected]
    assert [found.words, found.characters] == [[*one.get_feature_names_out()] for one in expected]
    np.testing.assert_allclose(matrix, np.concatenate(both, axis=1), atol=1e-6)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("one two, three", "one two, "),
        ("one two", "one two"),
        ("…  one,two!", "…  one,two!"),
        ("x" * 100, "x" * 40),
        ("", ""),
    ],
)
def test_a_text_is_cut_after_its_last_allowed_word(text: str, cut: str) -> None:
    assert cut_text(text, 2) == cut
