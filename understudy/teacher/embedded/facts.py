"""Facts: highlights in, chains of clauses that must stay together in this order out."""

import re
from random import Random

from understudy.teacher.embedded.data import FRAMES, word_list
from understudy.teacher.embedded.sentences import capitalised, split_sentences, words
from understudy.teacher.embedded.wording import KNOWN, VERBS, article_for

_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_FINITE, _OPENERS = word_list("finite verbs"), word_list("openers")
_SOURCES = word_list("sources")
_DEPENDENT = re.compile(
    r"(He|She|It|They|His|Her|Its|Their|This|That|These|Those|But|However|Meanwhile|And|Yet|So|Both"
    r"|It's|He's|She's|They're|Then|Such|Also|Others?)\b"
)
_SPEECH = re.compile(
    r"\b(says?|said|tells?|told|according|writes|wrote|claims?|claimed|states?|stated|notes|noted"
    r"|reports|reported|warns?|warned|argues?|argued|believes?|thinks?|contends?|contended|alleges?"
    r"|asserts?|maintains|informs|informed|makes the case|has it|in the view|sees it)\b|[\"“”]",
    re.IGNORECASE,
)
_NAME_AND_VERB = re.compile(r"[A-Z]\w+ (?:\w+ly )?[a-z]+[^\Wsui]s\b")
_LABEL = re.compile(r"^([A-Z][\w.'’-]*(?: (?:and |& |de |von |van )?[A-Z][\w.'’-]*){0,4}): (\S.*)$")
_SPLIT = re.compile(r"; (?:and |but )?|, and (?=(?:he|she|it|they|the|a|[A-Z]\w+) )|, but ")
_LEADING = re.compile(
    r"^((?:In|On|At|After|Before|During|Since|By|Under|Within|For|Despite) [^,;]{3,50}), ([^,;]+)$"
)
_TRAILING = re.compile(
    rf"^([^,;]{{20,}}) ((?:in|since) \d{{4}}|on (?:{_DAYS})|last (?:week|month|year)"
    r"|(?:earlier|later) this (?:week|month|year)|this (?:week|month|year))$"
)


def has_verb(clause: str) -> bool:
    """Whether a clause seems to have a finite verb."""
    return bool(_NAME_AND_VERB.search(clause)) or any(
        word in _FINITE or (word in VERBS and word.endswith(("s", "ed"))) or word.endswith("ed")
        for word in words(clause)
    )


def has_speech(clause: str) -> bool:
    """Whether a clause already says who said it, or quotes."""
    return bool(_SPEECH.search(clause))


def mid_sentence(clause: str, context: str) -> str | None:
    """The clause as it reads after other words; None where its first word may be a name or not."""
    first, _, rest = clause.partition(" ")
    if not re.match(r"[A-Z]", first):
        return clause if re.match(r"[\da-z$£€]", first) else None
    lowered = first[0].lower() + first[1:]
    if lowered in _OPENERS or re.search(rf"[^\w'’-]{re.escape(lowered)}\b", context):
        return f"{lowered} {rest}".strip()
    seen_inside = re.search(rf"[a-z,] {re.escape(first)}\b", context)
    namelike = re.search(r"^\w*[A-Z\d]|['’]s$", first[1:]) or re.match(r"[A-Z]", rest)
    if seen_inside or namelike:
        return clause
    return f"{lowered} {rest}".strip() if lowered in KNOWN else None


def _labelled(clause: str, rng: Random) -> str:
    """Turns "Jane Roe: Taxes are too low" into "Jane Roe argues that taxes are too low"."""
    if clause.startswith("NEW: "):
        return "In a new development, " + (mid_sentence(clause[5:], "") or clause[5:])
    found = _LABEL.match(clause)
    if not found:
        return clause
    who, text = found[1], found[2]
    if text[0] in "\"'“‘":
        return f"{who} put it this way: {text}"
    text = mid_sentence(text, "") or text
    source = who.lower()
    if source in _SOURCES:
        who = (
            source
            if source == "police" or source.endswith("s")
            else f"{article_for(source)} {source}"
        )
    views = FRAMES["sources"] if source in _SOURCES else FRAMES["views"]
    return capitalised(rng.choice(views).format(text, who=who))


def _pieces(clause: str) -> list[str]:
    """Splits a clause where both halves can stand alone; other semicolons become commas."""
    for found in _SPLIT.finditer(clause):
        left, right = clause[: found.start()], clause[found.end() :]
        quoted = left.count('"') % 2 or left.count("“") != left.count("”")
        if not quoted and len(right) > 20 and has_verb(left) and has_verb(right):
            contrast = "but " in found[0]
            right = f"However, {right}" if contrast else capitalised(right)
            return [left, *_pieces(right)]
    return [re.sub(r"; ", ", ", clause)]


def _moved(clause: str, rng: Random) -> str:
    """Moves a time or place phrase from one end of a clause to the other, where that is safe."""
    if rng.random() < 0.25 or re.search(r"[\"“”:?]", clause):
        return clause
    if found := _LEADING.match(clause):
        main = found[2][0].upper() + found[2][1:]
        return f"{main} {found[1][0].lower()}{found[1][1:]}"
    found = _TRAILING.match(clause)
    main_clause = mid_sentence(found[1], clause) if found else None
    if not found or main_clause is None:
        return clause
    return f"{found[2][0].upper()}{found[2][1:]}, {main_clause}"


def _clauses(bullet: str, rng: Random) -> list[str]:
    clauses = []
    for sentence in split_sentences(bullet):
        bare = (
            re.sub(r"[\s.,;:]+$", "", sentence)
            if not sentence.endswith(("...", "U.S."))
            else sentence
        )
        if not words(bare):
            continue
        labelled = _labelled(bare, rng)
        clauses += [_moved(piece, rng) for piece in _pieces(labelled)]
    return clauses


def chains(highlights: str, rng: Random) -> list[list[str]]:
    """Groups of clauses without final stops; the first of a group needs none before it."""
    groups: list[list[str]] = []
    for bullet in highlights.splitlines():
        for index, clause in enumerate(_clauses(bullet, rng)):
            if groups and (index or _DEPENDENT.match(clause)):
                groups[-1].append(clause)
            else:
                groups.append([clause])
    return groups
