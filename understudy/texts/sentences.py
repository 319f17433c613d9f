"""Sentences of English text, by NLTK's Punkt with common abbreviations; needs no download.

The full stops of other scripts end a sentence too.
"""

import functools
import re
from typing import Any

ABBREVIATIONS = (
    "mr mrs ms dr prof rev gen col lt sgt capt cmdr gov sen rep st jr sr inc ltd corp co vs no"
    " jan feb mar apr jun jul aug sep sept oct nov dec mt ft u.s u.k u.n d.c a.m p.m e.g i.e ph.d"
)


ENDS = "。｡！？؟۔।॥။។։።፧"
"""End marks that Punkt does not know: Chinese, Arabic, Hindi, Burmese, Khmer, Armenian, Amharic."""
ENDED = re.compile(rf"[^{ENDS}]*[{ENDS}]+[\"'”’»」』）】》〉)]*|[^{ENDS}]+")


@functools.cache
def _tokenizer() -> Any:
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    parameters = PunktParameters()
    parameters.abbrev_types = set(ABBREVIATIONS.split())
    return PunktSentenceTokenizer(parameters)


def split_sentences(text: str) -> list[str]:
    """The sentences of a text; a line break always ends one."""
    lines = (line.strip() for line in text.splitlines())
    found = [sentence for line in lines if line for sentence in _tokenizer().tokenize(line)]
    parts = (part.strip() for sentence in found for part in ENDED.findall(sentence))
    return [part for part in parts if part]


def lead(article: str, count: int = 3) -> str:
    """The first sentences of an article: the baseline `lead-3`."""
    return "\n".join(split_sentences(article)[:count])
