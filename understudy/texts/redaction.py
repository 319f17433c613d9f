"""Takes personal data out of texts: e-mail addresses, phone and card numbers, and listed names.

What is found is replaced by [EMAIL], [PHONE], [CARD] or [NAME]. Redacting twice changes nothing.
Numbers that are likelier a date, a year, a price or an address on a network stay.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import regex

from understudy.texts.listed_names import NameFinder
from understudy.texts.phones import find_phones
from understudy.texts.words import SPACELESS

KINDS = {"emails": "[EMAIL]", "cards": "[CARD]", "phones": "[PHONE]", "names": "[NAME]"}
"""In the order in which they are looked for."""
PLACEHOLDER = re.compile(r"(\[(?:EMAIL|CARD|PHONE|NAME)\])")
AT = r"(?:@|＠|%40)"
EMAILS = tuple(
    regex.compile(
        rf"(?V1)[\w{but}][[\w.+%'~!#$^*\-]{but}]{{0,63}}{AT}"
        rf"(?:[\w{but}][[\w\-]{but}]{{0,62}}\.){{1,8}}[\p{{L}}{but}][[\w\-]{but}]{{1,62}}"
    )
    for but in (f"--{SPACELESS}", "")
)
"""The first leaves alone what stands beside an address in a script without spaces."""
CARD = re.compile(
    r"(?<!\d)(?<!\d[.,])(?:\d{13,19}|\d{4}([ .\u00a0-])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?"
    r"|\d{4}([ .\u00a0-])\d{6}\2\d{4,5}|\d{4}([ .\u00a0-])\d{3}\3\d{3}\3\d{3})(?!\d|[.,]\d)"
)
"""Digits alone, or in the groups that are printed on cards."""
ISSUED = re.compile(r"[3-6]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)")
"""How numbers of payment cards begin: nothing else does away with years and times."""

Span = tuple[int, int]


class Redactor:
    """Replaces the chosen kinds of personal data."""

    def __init__(
        self, *, emails: bool = False, phones: bool = False, cards: bool = False,
        names: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """Chooses what to replace.

        Args:
            emails: e-mail addresses.
            phones: phone numbers in international or national form, or behind a word such as tel.
            cards: numbers of payment cards, by their checksum.
            names: whole words in any case; of several that fit, the longest. What follows, such as
                a possessive 's, stays.
        """
        is_on = {"emails": emails, "cards": cards, "phones": phones, "names": bool(names)}
        finders: dict[str, Callable[[str], list[Span]]] = {
            "cards": _find_cards, "phones": find_phones,
        }  # fmt: skip
        finder = NameFinder(names)
        finders |= {"emails": _find_emails, "names": lambda text: list(finder.find(text))}
        self._finders = {kind: finders[kind] for kind in KINDS if is_on[kind]}

    def redact(self, text: str) -> tuple[str, Counter[str]]:
        """The text without personal data, and how much of each kind was replaced."""
        counts: Counter[str] = Counter()
        while True:  # what is left may have become whole by what was taken out beside it
            before = counts.total()
            for kind, find in self._finders.items():
                text, found = _replace(text, find, KINDS[kind])
                counts[kind] += found
            if counts.total() == before:
                return text, +counts


def count_marks(text: str) -> Counter[str]:
    """How much of each kind was replaced in a text, now or before it came here."""
    marks = Counter(PLACEHOLDER.findall(text))
    return +Counter({kind: marks[mark] for kind, mark in KINDS.items()})


def _replace(text: str, find: Callable[[str], list[Span]], mark: str) -> tuple[str, int]:
    """Replaces what is found between placeholders; they are no names, and hold none."""
    pieces, count = PLACEHOLDER.split(text), 0
    for at in range(0, len(pieces), 2):
        piece, end, parts = pieces[at], 0, []
        for start, stop in find(piece):
            parts += [piece[end:start], mark]
            end, count = stop, count + 1
        pieces[at] = "".join([*parts, piece[end:]])
    return "".join(pieces), count


def _find_emails(text: str) -> list[Span]:
    if not re.search(AT, text):
        return []
    spans: list[Span] = []
    for pattern in EMAILS:
        for start, end in [found.span() for found in pattern.finditer(text)]:
            if all(end <= first or last <= start for first, last in spans):
                spans.append((start, end))
    return sorted(spans)


def _find_cards(text: str) -> list[Span]:
    return [found.span() for found in CARD.finditer(text) if _is_card(found[0])]


def _is_card(text: str) -> bool:
    """Whether a number begins as those of cards do, and has their checksum (Luhn)."""
    digits = [int(letter) for letter in text if letter.isdecimal()]
    if not ISSUED.match("".join(map(str, digits))) or len(set(digits)) == 1:
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
