"""The verdicts: how close is very close, and what else the study compares."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stages.report.charts import difference_scale, draw_axis, draw_interval
from stages.report.records import Difference, Facts
from stages.report.wording import enumerate_words, p_value, points, signed_interval
from understudy.contract.names import QUESTIONS, SOURCES, STUDENTS, TITLES
from understudy.contract.verdicts import Word, describe, find_word, show_signed

TEXTS = {
    "source": "Do written articles teach as well as gold ones?",
    "teacher": "Does a student beat the teacher’s own summaries?",
    "size": "Is BART better than T5?",
    "lead": "Does it beat the article’s first three sentences?",
}
SIGNS: dict[Word, str] = {"better": "▲", "worse": "▼", "equivalent": "≈", "undecided": "?"}


@dataclass(frozen=True)
class Verdict:
    """One pair in one ROUGE type."""

    first: str
    second: str
    word: Word
    sign: str
    told: str
    """The word, and the number of test articles where it is undecided."""
    difference: str
    interval: str
    p: str
    p_equivalent: str
    recall: str
    precision: str
    chart: Markup


@dataclass(frozen=True)
class Question:
    """Pairs that answer one question."""

    text: str
    answer: str
    axis: Markup
    verdicts: Sequence[Verdict]


@dataclass(frozen=True)
class Headline:
    """The study's main claim for one student."""

    student: str
    sentence: str
    verdict: Verdict
    others: str
    """The verdicts in the other ROUGE types."""
    axis: Markup


def build_headlines(facts: Facts) -> list[Headline]:
    """Students trained on written articles against those trained on gold ones, in ROUGE-1 F1."""
    pairs = QUESTIONS["source"]
    scale = difference_scale(
        [_figures(facts.gap[pair].rouge1) for pair in pairs], facts.margin
    )  # fmt: skip
    headlines = []
    for student, pair in zip(STUDENTS, pairs, strict=True):
        found = facts.gap[pair].rouge1
        chart = draw_interval(scale, _figures(found), pair[0], facts.margin)
        verdict = _judge(pair, found, chart)
        sentence = _tell_claim(student, verdict, facts)
        others = _tell_others(facts, pair, verdict.word)
        headlines.append(Headline(student, sentence, verdict, others, draw_axis(scale)))
    return headlines


def _tell_claim(student: str, verdict: Verdict, facts: Facts) -> str:
    name = student.upper()
    size = points(abs(facts.gap[verdict.first, verdict.second].rouge1.f1))
    sentences: dict[Word, str] = {
        "better": f"{name} learns more from written articles: {size} points above gold ones.",
        "worse": f"{name} learns less from written articles: {size} points below gold ones.",
        "equivalent": f"{name} learns as much from written articles as from gold ones, "
        f"within {facts.margin:g} point{'' if facts.margin == 1 else 's'}.",
        "undecided": f"{name}: {facts.scored:,} test articles don’t tell whether written articles "
        "teach as well as gold ones.",
    }
    return sentences[verdict.word]


def _tell_others(facts: Facts, pair: tuple[str, str], word: Word) -> str:
    words = {
        name: find_word(getattr(facts.gap[pair], kind).figures) for kind, name in TITLES.items()
    }
    others = {name: found for name, found in words.items() if name != TITLES["rouge1"]}
    if all(found == word for found in others.values()):
        return f"The same in {enumerate_words(list(others))}."
    return f"{'; '.join(f'{name}: {found}' for name, found in others.items())}."


def build_questions(facts: Facts, kind: str) -> list[Question]:
    """All verdicts in one ROUGE type, by question; a question's pairs share a scale."""
    questions = []
    for key, pairs in QUESTIONS.items():
        found = [getattr(facts.gap[pair], kind) for pair in pairs]
        scale = difference_scale([_figures(difference) for difference in found], facts.margin)
        verdicts = [
            _judge(pair, each, draw_interval(scale, _figures(each), pair[0], facts.margin))
            for pair, each in zip(pairs, found, strict=True)
        ]
        questions.append(Question(TEXTS[key], _answer(verdicts), draw_axis(scale), verdicts))
    return questions


def _answer(verdicts: Sequence[Verdict]) -> str:
    """Who is what, in one line."""
    groups: dict[str, list[str]] = {}
    for verdict in verdicts:
        name = verdict.first
        if {verdict.first.partition("-")[2], verdict.second.partition("-")[2]} == set(SOURCES):
            name = verdict.first.partition("-")[0].upper()
        groups.setdefault(verdict.word, []).append(name)
    if len(groups) == 1 and len(verdicts) > 1:
        both = "both" if len(verdicts) == 2 else f"all {len(verdicts)}"
        return f"{next(iter(groups)).capitalize()}: {both}."
    told = "; ".join(f"{word}: {enumerate_words(names)}" for word, names in groups.items())
    return f"{told[:1].upper()}{told[1:]}."


def _judge(pair: tuple[str, str], found: Difference, chart: Markup) -> Verdict:
    word = find_word(found.figures)
    return Verdict(
        *pair,
        word,
        SIGNS[word],
        describe(found.figures),
        show_signed(found.f1),
        signed_interval(found.f1_low, found.f1_high),
        p_value(found.p),
        p_value(found.p_equivalent),
        show_signed(found.recall),
        show_signed(found.precision),
        chart,
    )


def _figures(found: Difference) -> tuple[float, float, float]:
    return found.f1, found.f1_low, found.f1_high
