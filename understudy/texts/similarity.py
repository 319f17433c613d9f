"""Near copies: texts that share most of their runs of words.

A text becomes the set of its shingles, runs of a few words, each as a 64-bit hash: the chance of a
collision among ten million is 1 in 400,000. The Jaccard similarity of two texts is the share of
their shingles that both have (Broder 1997, On the Resemblance and Containment of Documents).
MinHash and locality-sensitive hashing name candidates in linear time; the sets decide, so that
there are no false positives.
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
"""Settings of the filters. The seed chooses hash functions: another one finds the same texts, but
for the few that MinHash misses at the threshold."""
FOUND = 0.99
"""The least chance to find two texts that are just similar enough; it grows with similarity."""
MOST_COMPARED = 100
"""The most candidates a text is compared with, the likeliest first: form letters are alike."""
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class Shingler:
    """Makes sets of shingles; a text of fewer words has one shingle, one without words has none."""

    def __init__(self, words: int = SHINGLE_WORDS) -> None:
        self._size = words
        self._codes: dict[str, int] = {}

    def __call__(self, words: Sequence[str]) -> Shingles:
        """The distinct shingles of a text, sorted, from its words."""
        size = min(self._size, len(words))
        if not size:
            return np.empty(0, np.uint64)
        codes = np.fromiter(map(self._encode, words), np.uint64, len(words))
        shingles = np.zeros(len(words) - size + 1, np.uint64)
        for offset in range(size):  # a polynomial in odd MULTIPLIER, modulo 2 ** 64
            shingles = shingles * MULTIPLIER + codes[offset : offset + len(shingles)]
        return np.unique(shingles)

    def _encode(self, word: str) -> int:
        """Hashes a word to the same number in every run."""
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
    """A text prepared for comparison."""

    shingles: Shingles
    minhash: "MinHash"


class Sketcher:
    """Makes sketches that can be compared with one another."""

    def __init__(
        self, words: int = SHINGLE_WORDS, permutations: int = PERMUTATIONS, seed: int = SEED
    ) -> None:
        from datasketch import MinHash

        self._shingle = Shingler(words)
        # shingles are hashes already
        self._empty = MinHash(permutations, seed, hashfunc=lambda number: number)

    def __call__(self, words: Sequence[str]) -> Sketch:
        """The sketch of a text, given its words."""
        shingles, minhash = self._shingle(words), self._empty.copy()
        minhash.update_batch((shingles >> np.uint64(32)).tolist())
        return Sketch(shingles, minhash)


def choose_bands(similarity: float, permutations: int) -> tuple[int, int]:
    """Chooses how many bands of how many hash values find texts that are just similar enough.

    Takes the longest bands, which name the fewest false candidates, with a chance of FOUND or more:
    two texts agree in a band of r values with probability similarity ** r (Leskovec, Rajaraman and
    Ullman, Mining of Massive Datasets, section 3.4).
    """
    for rows in range(permutations // 2, 1, -1):
        bands = permutations // rows
        if chance_found(similarity, bands, rows) >= FOUND:
            return bands, rows
    return permutations, 1


def chance_found(similarity: float, bands: int, rows: int) -> float:
    """The chance that two texts of that similarity agree in at least one band."""
    return 1 - (1 - similarity**rows) ** bands


class Neighbours:
    """Finds which of the texts added so far are near another one."""

    def __init__(self, similarity: float, permutations: int = PERMUTATIONS) -> None:
        """Starts empty.

        Args:
            similarity: the least Jaccard similarity of near texts, above 0.
            permutations: as in the sketches to come, at least 2.
        """
        from datasketch import MinHashLSH

        self._similarity = similarity
        self._texts: dict[int, Sketch] = {}
        self._index: Any = MinHashLSH(
            num_perm=permutations, params=choose_bands(similarity, permutations)
        )

    def add(self, sketch: Sketch, number: int) -> None:
        """Adds a text under a number of its own; a text without words is near none."""
        if sketch.shingles.size:
            self._texts[number] = sketch
            self._index.insert(number, sketch.minhash, check_duplication=False)

    def find(self, sketch: Sketch) -> list[int]:
        """Numbers of near texts in rising order, MOST_COMPARED at most."""
        if not sketch.shingles.size:
            return []
        candidates = sorted(self._index.query(sketch.minhash))
        if len(candidates) > MOST_COMPARED:
            values = np.array([self._texts[number].minhash.hashvalues for number in candidates])
            equal = (values == sketch.minhash.hashvalues).sum(axis=1)
            likeliest = np.argsort(-equal, kind="stable")[:MOST_COMPARED]
            candidates = sorted(candidates[index] for index in likeliest)
        return [
            number
            for number in candidates
            if jaccard(self._texts[number].shingles, sketch.shingles) >= self._similarity
        ]


def find_pairs(sketches: Iterable[Sketch], known: Neighbours) -> Iterator[tuple[int, int]]:
    """Yields the indices of any two near texts, the earlier one first, and adds all to `known`.

    A text near MOST_COMPARED earlier ones is not added: what resembles it resembles them.
    """
    for index, sketch in enumerate(sketches):
        near = known.find(sketch)
        yield from ((earlier, index) for earlier in near)
        if len(near) < MOST_COMPARED:
            known.add(sketch, index)


class HeldOut:
    """Finds which of the held-out texts another text contains; exact, without MinHash."""

    def __init__(self, texts: Sequence[Shingles]) -> None:
        self._sizes = np.array([shingles.size for shingles in texts], np.int64)
        shingles = np.concatenate([*texts, np.empty(0, np.uint64)])
        order = np.argsort(shingles, kind="stable")
        self._shingles = shingles[order]
        self._owners = np.repeat(np.arange(len(texts)), self._sizes)[order]

    def find(self, shingles: Shingles, share: float) -> list[int]:
        """Indices of the held-out texts with at least that share of their shingles in another text.

        Two texts of a Jaccard similarity of `share` contain at least that much of each other.
        """
        first = np.searchsorted(self._shingles, shingles, "left")
        last = np.searchsorted(self._shingles, shingles, "right")
        hits = [self._owners[first[at] : last[at]] for at in np.flatnonzero(last > first)]
        if not hits:
            return []
        owners, counts = np.unique(np.concatenate(hits), return_counts=True)
        found: list[int] = owners[counts / self._sizes[owners] >= share].tolist()
        return found
