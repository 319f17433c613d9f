"""What the browser of test articles is given: texts, scores, and the stems that ROUGE compares."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from stages.report.inputs import ReportFacts
from understudy.contract.kind import Kind
from understudy.contract.lineup import Lineup

ESCAPES = {
    letter: f"\\u{ord(letter):04x}" for letter in ("<", ">", "&", "\u2028", "\u2029")
}  # fmt: skip
UNSTEMMED = 3
"""Words up to this length are compared as they are (rouge_score.tokenize)."""


def build_payload(facts: ReportFacts) -> dict[str, Any]:
    """Everything that the scripts of the page read.

    Returns:
        `texts`: a list a column; `reference`: whose texts its highlights are; `points`: per system
        and measure, a list in hundredths of a point; `words`: what ROUGE takes for a word, or
        `labels`; `stems`: words that it takes for others.
    """
    texts, is_rouge = facts.texts, facts.classes is None
    compared = texts[["highlights", *facts.lineup.systems]]
    return {
        "systems": list(facts.lineup.systems),
        "reference": "gold" if facts.lineup.references == "gold" else "teacher",
        "input": facts.kind.input,
        "measures": name_browsed(facts.kind),
        "texts": {name: list(texts[name]) for name in texts},
        "points": {
            system: {
                name: [int(value) for value in (100 * points).round()]
                for name, points in facts.points[system].items()
            }
            for system in facts.lineup.systems
        },
        "words": facts.words if is_rouge else "labels",
        "stems": list_stems(compared) if is_rouge and facts.stemmer else {},
    }


def name_browsed(kind: Kind) -> dict[str, str]:
    """Titles of the score columns that rows can be sorted by; of labels, whether they are right."""
    measures = kind.measures if len(kind.types) > 1 else (kind.judged,)
    return {f"{one}_{each}": kind.title(one, each) for one in kind.types for each in measures}


def choose_browsed(lineup: Lineup) -> tuple[str, str]:
    """The two systems that the browser compares at first: the study's pair where it is there."""
    wanted = [("bart-written", "bart-gold"), ("bart-labelled", "bart-gold"), *lineup.pairs]
    return next(pair for pair in wanted if set(pair) <= set(lineup.systems))


def list_stems(texts: pd.DataFrame) -> dict[str, str]:
    """Stems of the words in all columns that differ from their stem, as rouge_score makes them."""
    from nltk.stem.porter import PorterStemmer

    stem = PorterStemmer().stem
    all_texts = " ".join(text.lower() for column in texts for text in texts[column])
    words = set(re.findall(r"[a-z0-9]+", all_texts))  # what rouge_score compares
    stems = {word: stem(word) for word in sorted(words) if len(word) > UNSTEMMED}
    return {word: found for word, found in stems.items() if found != word}


def embed_json(content: Mapping[str, Any]) -> Markup:
    """JSON that may stand in a script element: nothing in it ends the element or opens another."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Markup(re.sub("[<>&\u2028\u2029]", lambda found: ESCAPES[found[0]], text))  # noqa: S704
