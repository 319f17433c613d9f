"""Finds phone numbers in a text, and leaves dates, years, prices, ISBNs and IP addresses alone.

International numbers begin with + or 00. National ones are found by their usual groups, with the
leading 0 of many countries, or behind a word such as tel or call. Other digits alone may be
anything, such as the number of an order, and stay.
"""

import re
from collections.abc import Iterator

MARK = r"[ \u00a0.\-‑–/]"
HYPHEN = r"[.\-‑]"
BEFORE, AFTER = r"(?<![\w+.,/\-])", r"(?!(?!x\d)\w|[.,\-/]\d)"
DIGIT = r"[ \u00a0.\-‑–/()]{0,3}\d"
INTERNATIONAL = re.compile(
    rf"\(?(?<![\w+.,])(?:\+|00(?=[1-9]))(?:1(?:{DIGIT}){{10}}|\d(?:{DIGIT}){{6,14}})(?!\d)"
)
NATIONAL = tuple(
    re.compile(f"{BEFORE}{form}{AFTER}")
    for form in (
        rf"(?:1{MARK})?\(\d{{3}}\)[ \u00a0]?\d{{3}}[ .\-‑]\d{{4}}",
        rf"(?:1{MARK})?\d{{3}}{HYPHEN}\d{{3}}{HYPHEN}\d{{4}}",
        rf"(?:1{MARK})?[2-9]\d\d[ \u00a0][2-9]\d\d[ .\-‑]\d{{4}}",
        r"\d{3}-\d{3}-\d{3}",
        r"[6-9]\d\d \d\d \d\d \d\d",
        rf"\(?0[1-9](?:{DIGIT}){{7,10}}",
    )
)
"""North America, three ways; Poland; Spain; with a leading 0."""
CUED = re.compile(
    r"\b(?:tel|telephone|telefon|telefono|telefoon|téléphone|teléfono|phone|ph|mobile|mob|cell"
    r"|cellulare|móvil|handy|fax|whatsapp|sms|dial|ring|hotline|rufnummer"
    r"|call(?: (?:me|us|back))?)\b"
    r"(?:[ .:#]{0,3}\b(?:number|nummer|no|nr|is|at|on|under)\b)*[ .:#\u00a0]{0,3}"
    rf"(\(?\d(?:{DIGIT}){{6,11}})(?!\d)",
    re.IGNORECASE,
)
NO_PHONE = re.compile(
    r"\(?(?:\d{4}([./\- ])\d\d?\1\d\d?(?!\d)"  # 2024-11-27
    r"|\d\d?([./\- ])\d\d?\2(?:\d{4}|\d\d)(?!\2?\d)"  # 27.11.2024, 27/11/24
    r"|(?:1[89]|20)\d\d ?[\-–/ ] ?(?:(?:1[89]|20)\d\d|\d\d)(?!\d)"  # 1999-2004
    r"|\+?\d{1,3}(?:\.\d{3})+$"  # 10.000.000
    r"|\d{1,3}(?:\.\d{1,3}){3}$"  # 10.0.0.1
    r"|\d{5}-\d{4}$)"  # a ZIP code with four more
)
LEAST_DIGITS = 7
UNGROUPED = range(10, 12)
"""Digits of a number with a leading 0 that stand without a mark between them."""
ISBN = re.compile(r"ISBN(?:-1[03])?:?\s*$", re.IGNORECASE)
LOOK_BACK = 12

Span = tuple[int, int]


def find_phones(text: str) -> list[Span]:
    """Start and end of each phone number, from left to right."""
    if len(re.findall(r"\d", text)) < LEAST_DIGITS:
        return []
    spans, last = [], 0
    for start, end in sorted(_find_all(text), key=lambda span: (span[0], -span[1])):
        if start >= last:
            found = text[start:end]
            is_open = found[0] == "(" and found.count("(") > found.count(")")
            spans.append((start + is_open, end))
            last = end
    return spans


def _find_all(text: str) -> Iterator[Span]:
    yield from (f.span() for f in INTERNATIONAL.finditer(text) if not NO_PHONE.match(f[0]))
    yield from (f.span(1) for f in CUED.finditer(text) if not NO_PHONE.match(f[1]))
    for form in NATIONAL:
        for found in form.finditer(text):
            start, end = found.span()
            if _is_phone(found[0]) and not ISBN.search(text, max(0, start - LOOK_BACK), start):
                yield start, end


def _is_phone(text: str) -> bool:
    """Whether a number that may have a leading 0 is no date, and no list of digits."""
    groups = re.findall(r"\d+", text)
    if not groups[0].startswith("0"):
        return True
    if len(groups) == 1:
        return len(groups[0]) in UNGROUPED
    return min(map(len, groups)) > 1 and not NO_PHONE.match(text)
