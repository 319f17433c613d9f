"""Shares inputs out among the splits, by a hash of each."""

import hashlib
from collections.abc import Mapping


def fingerprint(article: str) -> bytes:
    """The same for articles that differ only in case or white space."""
    normal = " ".join(article.casefold().split())
    return hashlib.blake2b(normal.encode("utf-8"), digest_size=16).digest()


def choose_split(text: str, shares: Mapping[str, float]) -> str:
    """The split of a text, whatever other texts there are.

    Args:
        text: case and white space do not matter.
        shares: of splits other than train; together less than 1.
    """
    place = int.from_bytes(fingerprint(text)[:8], "big") / 2**64
    for split, share in shares.items():
        if place < share:
            return split
        place -= share
    return "train"
