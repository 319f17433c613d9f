"""Rewording: a text in, the same text with some everyday words replaced by synonyms out.

Capitalised words, numbers and quoted passages are left as they are, so names and figures survive.
"""

import hashlib
import re
from random import Random

from understudy.teacher.embedded.data import entries, word_list

Table = dict[str, tuple[str, ...]]

VOWEL_SOUND = re.compile(r"(?!uni|use|usual|one|eu)[aeiou]|hour|honest|honor|heir", re.IGNORECASE)


def seeded(text: str) -> Random:
    """A random source that depends on the text alone."""
    return Random(hashlib.sha256(text.encode("utf-8", "replace")).digest())


def _table(heading: str) -> Table:
    """Entries of the form `word: alternative, alternative`."""
    pairs = (entry.split(": ") for entry in entries(heading))
    return {head: tuple(word.strip() for word in tail.split(",")) for head, tail in pairs}


IRREGULAR = {
    base: (past, participle) for base, past, participle in map(str.split, entries("irregular"))
}
DOUBLING, PLURALS = word_list("doubling"), {one: more for one, (more,) in _table("plurals").items()}
BEFORE_NOUN, BEFORE_VERB = word_list("before noun"), word_list("before verb")


def _third_person(base: str) -> str:
    if re.search(r"(s|x|z|ch|sh|o)$", base):
        return base + "es"
    return re.sub(r"(?<=[^aeiou])y$", "ie", base) + "s"


def _gerund(base: str) -> str:
    if base in DOUBLING:
        return base + base[-1] + "ing"
    if base.endswith("ie"):
        return base[:-2] + "ying"
    return re.sub(r"(?<=[^eoy])e$", "", base) + "ing"


def _past(base: str) -> tuple[str, str]:
    if base in IRREGULAR:
        return IRREGULAR[base]
    if base in DOUBLING:
        return (base + base[-1] + "ed",) * 2
    return (re.sub(r"(?<=[^aeiou])y$", "ie", base).removesuffix("e") + "ed",) * 2


def verb_forms(verb: str) -> tuple[str, str, str, str, str]:
    """Base, third person, past, participle and -ing form; a phrase inflects its first word."""
    base, space, rest = verb.partition(" ")
    past, participle = _past(base)
    forms = base, _third_person(base), past, participle, _gerund(base)
    first, third, second, perfect, gerund = (form + space + rest for form in forms)
    return first, third, second, perfect, gerund


def plural(noun: str) -> str:
    """The plural of a noun or of a noun phrase's last word."""
    return PLURALS.get(noun) or _third_person(noun)


def _verb_table() -> Table:
    table: Table = {}
    for head, alternatives in _table("verbs").items():
        verb, _, allowed = head.partition("/")
        forms = verb_forms(verb)
        others = [verb_forms(other) for other in alternatives]
        for index, letter in enumerate("bsddg"):
            # "opened" may be a past tense or a participle: only words with one form for both fit.
            fits = [o for o in others if letter != "d" or forms[2] != forms[3] or o[2] == o[3]]
            if letter in (allowed or letter) and fits:
                table[forms[index]] = tuple(o[index] for o in fits)
    return table


def _noun_table() -> Table:
    table: Table = {}
    for noun, alternatives in _table("nouns").items():
        table[noun] = alternatives
        table[plural(noun)] = tuple(plural(other) for other in alternatives)
    return table


VERBS, NOUNS, FIXED = _verb_table(), _noun_table(), _table("fixed")
KNOWN = frozenset(VERBS) | frozenset(NOUNS) | frozenset(FIXED)

_PHRASES = sorted((key for key in FIXED if " " in key), key=len, reverse=True)
_WORD = re.compile(
    r"(?<![\w'’./@#&<-])(?:(?P<article>[Aa]n?) )?"
    rf"(?P<word>(?:{'|'.join(_PHRASES)})(?![\w'’-])|[a-z]+(?:['’-][a-z]+)*)(?![\w/@>'’-]|\.\w)"
)
_QUOTED = re.compile(r"(“[^”]*”|\"[^\"]*\"|\"[^\"]*$|<[^<>]*>)")
_LAST_WORD = re.compile(r"([\w’']+)[^\w’']*$")


def article_for(word: str) -> str:
    """The indefinite article that goes before a word."""
    return "an" if VOWEL_SOUND.match(word) else "a"


def _alternatives(word: str, before: str) -> tuple[str, ...]:
    if word in FIXED:
        return FIXED[word]
    found = _LAST_WORD.search(before[-30:])
    previous = found[1] if found else ""
    after_name = previous[:1].isupper() and previous.lower() not in BEFORE_NOUN
    if previous in BEFORE_VERB or (after_name and word in VERBS):
        return VERBS.get(word, ())
    if previous.lower() in BEFORE_NOUN and not word.endswith(("ed", "ing")):
        return NOUNS.get(word, ())
    return () if word in VERBS and word in NOUNS else VERBS.get(word) or NOUNS.get(word) or ()


def _reword_plain(text: str, rng: Random, share: float) -> str:
    def swap(match: re.Match[str]) -> str:
        article, word = match["article"], match["word"]
        possessive = "'s" if word.endswith("'s") and word not in FIXED else ""
        before = article or text[: match.start("word")]
        options = _alternatives(word.removesuffix(possessive), before)
        if not options or rng.random() >= share:
            return match[0]
        chosen = rng.choice(options) + possessive
        if not article or chosen.startswith("a "):
            return chosen
        fitted = article_for(chosen)
        return f"{fitted.capitalize() if article[0] == 'A' else fitted} {chosen}"

    return _WORD.sub(swap, text)


def reword(text: str, rng: Random, share: float = 0.97) -> str:
    """Replace about `share` of the words that the tables know; quotations stay untouched."""
    parts = _QUOTED.split(text)
    return "".join(
        part if index % 2 else _reword_plain(part, rng, share) for index, part in enumerate(parts)
    )
