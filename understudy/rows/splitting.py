"""Shares inputs out among the splits, by a hash of each."""

import hashlib


def fingerprint(article: str) -> bytes:
    """The same for articles that differ only in case or white space."""
    normal = " ".join(article.casefold().split())
    return hashlib.blake2b(normal.encode("utf-8"), digest_size=16).digest()


def choose_split(text: str, validation: float, test: float) -> str:
    """The split of a text, whatever other texts there are.

    Another share moves texts between that split and train, never into or out of the third.

    Args:
        text: case and white space do not matter.
        validation: share of all texts.
        test: share of all texts; together less than 1.
    """
    place = int.from_bytes(fingerprint(text)[:8], "big") / 2**64
    if place < test:
        return "test"
    return "validation" if place >= 1 - validation else "train"
