"""Near copies: texts that share most of their runs of words.

A text becomes the set of its shingles, runs of so many words, each as a 64-bit hash: that any two
different ones of ten million are taken for the same has a chance of 1 in 400,000. The Jaccard
similarity of two texts is the share of their shingles that both have (Broder 1997, On the
Resemblance and Containment of Documents). MinHash and locality-sensitive hashing name candidates,
in a time that grows as the number of texts; the sets decide, so that nothing is found but what is
near.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from datasketch import MinHash

Shingles = NDArray[np.uint64]

SHINGLE_WORDS, PERMUTATIONS, SEED = 5, 128, 1
"""What the filters use. The seed chooses hash functions: another one finds the same texts, but for
the few that MinHash overlooks at the very threshold."""
FOUND = 0.99
"""The chance at least to find two texts that are just similar enough; it grows with similarity."""
MOST_COMPARED = 100
"""Candidates that one text is compared with, the likeliest first: form letters are all alike."""
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class Shingler:
    """Makes sets of shingles; a text of fewer words is one shingle, one of no word has none."""

    def __init__(self, words: int = SHINGLE_WORDS) -> None:
        self._size = words
        self._codes: dict[str, int] = {}

    def __call__(self, words: Sequence[str]) -> Shingles:
        """The distinct shingles of a text, sorted.

        Args:
            words: the text's.
        """
        size = min(self._size, len(words))
        if not size:
            return np.empty(0, np.uint64)
        codes = np.fromiter(map(self._encode, words), np.uint64, len(words))
        shingles = np.zeros(len(words) - size + 1, np.uint64)
        for offset in range(size):  # a polynomial in odd MULTIPLIER, modulo 2 ** 64
            shingles = shingles * MULTIPLIER + codes[offset : offset + len(shingles)]
        return np.unique(shingles)

    def _encode(self, word: str) -> int:
        """The word's own random-like number, the same in every run."""
        code = self._codes.get(word)
        if code is None:
            digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            code = self._codes[word] = int.from_bytes(digest, "little")
        return code


def jaccard(first: Shingles, second: Shingles) -> float:
    """The share of both texts' shingles that both have; 0 where neither has any."""
    shared = np.intersect1d(first, second, assume_unique=True).size
    return shared / max(1, first.size + second.size - shared)


@dataclass(frozen=True)
class Sketch:
    """A text as it is compared."""

    shingles: Shingles
    minhash: "MinHash"


class Sketcher:
    """Makes sketches that can be compared with one another."""

    def __init__(
        self, words: int = SHINGLE_WORDS, permutations: int = PERMUTATIONS, seed: int = SEED
    ) -> None:
        from datasketch import MinHash

        self._shingle = Shingler(words)
        self._empty = MinHash(permutations, seed, hashfunc=_keep)

    def __call__(self, words: Sequence[str]) -> Sketch:
        """The sketch of a text, given its words."""
        shingles, minhash = self._shingle(words), self._empty.copy()
        minhash.update_batch((shingles >> np.uint64(32)).tolist())
        return Sketch(shingles, minhash)


def _keep(number: int) -> int:
    """Shingles are hashes already."""
    return number


def choose_bands(similarity: float, permutations: int) -> tuple[int, int]:
    """How many bands of how many hash values find texts that are just similar enough.

    The longest bands, which name the fewest candidates in vain, that find them with a chance of
    FOUND: two texts agree in a band of r values with probability similarity ** r (Leskovec,
    Rajaraman and Ullman, Mining of Massive Datasets, section 3.4).
    """
    for rows in range(permutations // 2, 1, -1):
        bands = permutations // rows
        if chance_found(similarity, bands, rows) >= FOUND:
            return bands, rows
    return permutations, 1


def chance_found(similarity: float, bands: int, rows: int) -> float:
    """The chance that two texts so similar agree in a band at least."""
    return 1 - (1 - similarity**rows) ** bands


class Neighbours:
    """Texts added so far, to be asked which of them are near another one."""

    def __init__(self, similarity: float, permutations: int = PERMUTATIONS) -> None:
        """Starts without a text.

        Args:
            similarity: the least Jaccard similarity of texts that are near, above 0.
            permutations: of the sketches to come, at least 2.
        """
        from datasketch import MinHashLSH

        self._similarity = similarity
        self._texts: dict[int, Sketch] = {}
        self._index: Any = MinHashLSH(
            num_perm=permutations, params=choose_bands(similarity, permutations)
        )

    def add(self, sketch: Sketch, number: int) -> None:
        """Takes a text under a number of its own; a text without words is near to none."""
        if sketch.shingles.size:
            self._texts[number] = sketch
            self._index.insert(number, sketch.minhash, check_duplication=False)

    def find(self, sketch: Sketch) -> list[int]:
        """Numbers of near texts in rising order, MOST_COMPARED at most."""
        if not sketch.shingles.size:
            return []
        return sorted(
            number
            for number in self._list_candidates(sketch)
            if jaccard(self._texts[number].shingles, sketch.shingles) >= self._similarity
        )

    def _list_candidates(self, sketch: Sketch) -> list[int]:
        """Those that share a band, or the likeliest of them."""
        candidates = sorted(self._index.query(sketch.minhash))
        if len(candidates) <= MOST_COMPARED:
            return candidates
        values = np.array([self._texts[number].minhash.hashvalues for number in candidates])
        equal = (values == sketch.minhash.hashvalues).sum(axis=1)
        likeliest = np.argsort(-equal, kind="stable")[:MOST_COMPARED]
        return [candidates[place] for place in likeliest]


def find_pairs(sketches: Iterable[Sketch], known: Neighbours) -> Iterator[tuple[int, int]]:
    """Yields the places of any two near texts, the earlier one first, and adds all to `known`.

    A text that resembles MOST_COMPARED earlier ones is not added: what is like it is like them.
    """
    for place, sketch in enumerate(sketches):
        near = known.find(sketch)
        yield from ((earlier, place) for earlier in near)
        if len(near) < MOST_COMPARED:
            known.add(sketch, place)


class HeldOut:
    """Texts to keep apart, to be asked which of them another text holds; exact, without MinHash."""

    def __init__(self, texts: Sequence[Shingles]) -> None:
        self._sizes = np.array([shingles.size for shingles in texts], np.int64)
        shingles = np.concatenate([*texts, np.empty(0, np.uint64)])
        order = np.argsort(shingles, kind="stable")
        self._shingles = shingles[order]
        self._owners = np.repeat(np.arange(len(texts)), self._sizes)[order]

    def find(self, shingles: Shingles, share: float) -> list[int]:
        """Places of the texts of whose shingles at least that share stands in the other text.

        Two texts of a Jaccard similarity of `share` hold that much of each other, or more.
        """
        first = np.searchsorted(self._shingles, shingles, "left")
        last = np.searchsorted(self._shingles, shingles, "right")
        hits = [self._owners[first[at] : last[at]] for at in np.flatnonzero(last > first)]
        if not hits:
            return []
        owners, counts = np.unique(np.concatenate(hits), return_counts=True)
        places: list[int] = owners[counts / self._sizes[owners] >= share].tolist()
        return places
