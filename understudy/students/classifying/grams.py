"""Texts as counts of words, pairs of words and characters, weighed by tf-idf, without a library.

What it computes is what scikit-learn's TfidfVectorizer does, faster for one text: the characters'
n-grams of a word are looked up once and kept.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

WORD = re.compile(r"\w+")
SIZES = range(3, 6)
"""Characters of an n-gram."""
CHARACTERS_A_TOKEN = 20
"""A text has at most so many for each token that it may have: a word may have no end."""
KEPT = 50_000
"""Words whose n-grams are kept."""
FEW = 500
"""Texts below which an n-gram that only one of them has is known, too."""
FILE = "vocabulary.json"


def cut_text(text: str, max_words: int) -> str:
    """A text up to its last allowed word, and with at most 20 characters for each."""
    text = text[: max_words * CHARACTERS_A_TOKEN]
    if len(text) > max_words:  # or it could not have more words
        for number, word in enumerate(WORD.finditer(text), start=1):
            if number > max_words:
                return text[: word.start()]
    return text


def list_words(text: str) -> list[str]:
    """Words of a text in small letters, and pairs of neighbours."""
    words = WORD.findall(text.lower())
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def list_characters(text: str) -> list[str]:
    """n-grams of 3 to 5 characters of a text in small letters, within its words."""
    return [gram for word in text.lower().split() for gram in _split(word)]


@lru_cache(KEPT)
def _split(word: str) -> tuple[str, ...]:
    """A word's n-grams, a space before and after it; a short word is one, once."""
    whole, grams = f" {word} ", list[str]()
    for size in SIZES:
        grams += [whole[at : at + size] for at in range(max(1, len(whole) - size + 1))]
        if len(whole) <= size:
            break
    return tuple(grams)


class Grams:
    """A vocabulary with its weights: columns first of words, then of characters."""

    def __init__(self, words: Sequence[str], characters: Sequence[str], idf: np.ndarray) -> None:
        """Takes the n-grams in the order of their columns, and the inverse document frequencies."""
        self.words, self.characters, self.idf = list(words), list(characters), idf
        self._words = {gram: column for column, gram in enumerate(words)}
        self._characters = {gram: column for column, gram in enumerate(characters, len(words))}
        self._find_characters = lru_cache(KEPT)(self._look_up)

    def __len__(self) -> int:
        return len(self.idf)

    def _look_up(self, word: str) -> list[int]:
        known = self._characters
        return [known[gram] for gram in _split(word) if gram in known]

    def encode(self, text: str) -> list[int]:
        """The columns of all known n-grams of a text, each as often as it occurs there."""
        known, lowered = self._words, text.lower()
        words = WORD.findall(lowered)
        columns = [known[word] for word in words if word in known]
        for first, second in pairwise(words):
            if (column := known.get(f"{first} {second}")) is not None:
                columns.append(column)
        for word in lowered.split():
            columns += self._find_characters(word)
        return columns

    def weigh(self, encoded: Sequence[Sequence[int]]) -> "csr_matrix":
        """Rows of tf-idf (texts, columns) in float32; words and characters have length 1 each."""
        from scipy.sparse import csr_matrix

        found = [self._weigh(columns) for columns in encoded]
        ends = np.cumsum([0, *(len(columns) for columns, _ in found)])
        columns = np.concatenate([columns for columns, _ in found] or [np.zeros(0, np.int64)])
        weights = np.concatenate([weights for _, weights in found] or [np.zeros(0, np.float32)])
        return csr_matrix((weights, columns, ends), shape=(len(found), len(self)))

    def _weigh(self, encoded: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        columns, counts = np.unique(np.asarray(encoded, dtype=np.int64), return_counts=True)
        weights = (np.log(counts) + 1) * self.idf[columns]
        border = np.searchsorted(columns, len(self.words))
        for part in (weights[:border], weights[border:]):
            part /= np.sqrt(part @ part) or 1.0
        return columns, weights.astype(np.float32)

    def save(self, folder: Path) -> None:
        """Writes the vocabulary; the weights are saved with those of the model."""
        content = {"words": self.words, "characters": self.characters}
        (folder / FILE).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def load_grams(folder: Path, idf: np.ndarray) -> Grams:
    """Reads what `Grams.save` wrote; an OSError, ValueError or KeyError says that it is not so."""
    content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    return Grams(content["words"], content["characters"], idf)


def fit_grams(texts: Sequence[str], words: int, characters: int) -> Grams:
    """Chooses the most frequent n-grams of texts.

    Args:
        texts: to learn from.
        words: and
        characters: how many n-grams of each are known at most; those of a single text are not,
            unless there are few texts.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    least, known, weights = 2 if len(texts) >= FEW else 1, list[list[str]](), list[np.ndarray]()
    for analyzer, most in ((list_words, words), (list_characters, characters)):
        vectorizer = TfidfVectorizer(analyzer=analyzer, min_df=least, max_features=most)
        try:
            vectorizer.fit(texts)
        except ValueError:  # no text has a letter
            known.append([])
            continue
        known.append(list(vectorizer.get_feature_names_out()))
        weights.append(vectorizer.idf_)
    return Grams(known[0], known[1], np.concatenate([np.zeros(0), *weights]))
