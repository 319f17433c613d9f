"""The verdicts: how close is very close, and what else the study compares."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from stages.report.charts import difference_scale, draw_axis, draw_interval
from stages.report.drawing import Scale
from stages.report.inputs import ReportFacts
from understudy.contract.evaluation import Difference
from understudy.contract.names import QUESTIONS, STUDENTS, TITLES, Verdict
from understudy.contract.params.training import SOURCES
from understudy.rendering.figures import enumerate_words, points
from understudy.rendering.verdicts import name_verdict

TEXTS = {
    "source": "Do written articles teach as well as gold ones?",
    "teacher": "Does a student beat the teacher’s own summaries?",
    "size": "Is BART better than T5?",
    "lead": "Does it beat the article’s first three sentences?",
}


@dataclass(frozen=True)
class Comparison:
    """One pair in one ROUGE type."""

    first: str
    second: str
    figures: Difference
    chart: Markup


@dataclass(frozen=True)
class Question:
    """Pairs that answer one question."""

    text: str
    answer: str
    axis: Markup
    verdicts: Sequence[Comparison]


@dataclass(frozen=True)
class Headline:
    """The study's main claim for one student."""

    student: str
    sentence: str
    verdict: Comparison
    others: str
    """The verdicts in the other ROUGE types."""
    axis: Markup


def build_headlines(facts: ReportFacts) -> list[Headline]:
    """Students trained on written articles against those trained on gold ones, in ROUGE-1 F1."""
    pairs = QUESTIONS["source"]
    scale = difference_scale([facts.gap[pair].rouge1.interval() for pair in pairs], facts.margin)
    headlines = []
    for student, pair in zip(STUDENTS, pairs, strict=True):
        verdict = _compare(facts, pair, "rouge1", scale)
        others = {
            name: name_verdict(facts.gap[pair][kind])
            for kind, name in TITLES.items()
            if kind != "rouge1"
        }
        if set(others.values()) == {name_verdict(verdict.figures)}:
            same = f"The same in {enumerate_words(list(others))}."
        else:
            same = f"{'; '.join(f'{name}: {found}' for name, found in others.items())}."
        sentence = _describe_claim(student, verdict.figures, facts)
        headlines.append(Headline(student, sentence, verdict, same, draw_axis(scale)))
    return headlines


def _describe_claim(student: str, found: Difference, facts: ReportFacts) -> str:
    name, size = student.upper(), points(abs(found.f1))
    sentences: dict[Verdict, str] = {
        "better": f"{name} learns more from written articles: {size} points above gold ones.",
        "worse": f"{name} learns less from written articles: {size} points below gold ones.",
        "equivalent": f"{name} learns as much from written articles as from gold ones, "
        f"within {facts.margin:g} point{'' if facts.margin == 1 else 's'}.",
        "undecided": f"{name}: {facts.scored:,} test articles don’t tell whether written articles "
        "teach as well as gold ones.",
        "identical": f"{name} writes the same from written articles as from gold ones.",
        "void": f"{name}: written articles against gold ones is {name_verdict(found)}.",
    }
    return sentences[found.verdict]


def build_questions(facts: ReportFacts, kind: str) -> list[Question]:
    """All verdicts in one ROUGE type, by question; a question's pairs share a scale."""
    questions = []
    for key, pairs in QUESTIONS.items():
        scale = difference_scale([facts.gap[pair][kind].interval() for pair in pairs], facts.margin)
        verdicts = [_compare(facts, pair, kind, scale) for pair in pairs]
        questions.append(Question(TEXTS[key], _answer(verdicts), draw_axis(scale), verdicts))
    return questions


def _answer(verdicts: Sequence[Comparison]) -> str:
    """The systems by verdict, in one line."""
    groups: dict[str, list[str]] = {}
    for verdict in verdicts:
        name = verdict.first
        if {verdict.first.partition("-")[2], verdict.second.partition("-")[2]} == set(SOURCES):
            name = verdict.first.partition("-")[0].upper()
        groups.setdefault(name_verdict(verdict.figures), []).append(name)
    if len(groups) == 1 and len(verdicts) > 1:
        both = "both" if len(verdicts) == 2 else f"all {len(verdicts)}"
        return f"{next(iter(groups)).capitalize()}: {both}."
    answer = "; ".join(f"{word}: {enumerate_words(names)}" for word, names in groups.items())
    return f"{answer[:1].upper()}{answer[1:]}."


def _compare(facts: ReportFacts, pair: tuple[str, str], kind: str, scale: Scale) -> Comparison:
    figures = facts.gap[pair][kind]
    chart = draw_interval(scale, figures.interval(), pair[0], facts.margin)
    return Comparison(*pair, figures, chart)
