"""The verdicts: how close is very close, and what else the study compares."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from stages.report.charts import Retrained, difference_scale, draw_axis, draw_interval
from stages.report.inputs import ReportFacts
from understudy.contract.evaluation import Difference, LabelDifference
from understudy.contract.kind import Kind
from understudy.contract.lineup import split_system
from understudy.contract.names import Verdict
from understudy.contract.recipes import RecipeFinding
from understudy.rendering.figures import enumerate_words, points
from understudy.rendering.verdicts import Finding, name_verdict

TEXTS = {
    "source": "Does one way to training pairs teach as well as another?",
    "teacher": "Does a student beat the teacher’s own {answers}?",
    "size": "Is {larger} better than {smaller}?",
    "lead": "Does it beat {baseline}?",
}
AGREEMENT_TEXTS = {
    "size": "Does {larger} agree with the teacher more than {smaller}?",
    "lead": "Does it agree with the teacher more than {baseline}?",
}
"""The same where the references are the teacher’s own answers."""
PAIRS_OF = {"gold": "gold pairs", "written": "written {inputs}", "labelled": "the teacher’s labels"}
"""What a student of each source learns from."""


@dataclass(frozen=True)
class Comparison:
    """One pair in one type of scores."""

    first: str
    second: str
    figures: Difference | LabelDifference
    """Of the models that ship."""
    recipe: RecipeFinding | None
    """Of the recipes; None where no student has several seeds, and of systems not trained."""
    chart: Markup

    @property
    def judged(self) -> Finding:
        """What is said in one line: the recipe's verdict, or this model's if it is not known."""
        return self.recipe if self.recipe and self.recipe.known else self.figures


@dataclass(frozen=True)
class Question:
    """Pairs that answer one question."""

    text: str
    answer: str
    axis: Markup
    verdicts: Sequence[Comparison]


@dataclass(frozen=True)
class Headline:
    """The main claim on one student: the study's, where it can be judged."""

    student: str
    sentence: str
    verdict: Comparison
    others: str
    """The verdicts in the other types of scores."""
    axis: Markup


def build_headlines(facts: ReportFacts) -> list[Headline]:
    """Each student's sources against the first of them, in the measure that decides.

    With one source there is nothing to compare it with but the teacher, or else the baseline.
    """
    questions, first = facts.lineup.questions, facts.lineup.sources[0]
    asked = next(key for key in ("source", "teacher", "lead") if key in questions)
    pairs = [pair for pair in questions[asked] if split_system(pair[0])[1]]
    if asked == "source":
        pairs = [pair for pair in pairs if split_system(pair[1])[1] == first]
    axis, verdicts = _compare_all(facts, pairs, facts.kind.main)
    headlines = []
    for verdict in verdicts:
        student, _ = split_system(verdict.first)
        others = {
            name: name_verdict(_find(facts, (verdict.first, verdict.second), kind).judged)
            for kind, name in facts.kind.types.items()
            if kind != facts.kind.main
        }
        if not others:
            same = ""
        elif set(others.values()) == {name_verdict(verdict.judged)}:
            same = f"The same in {enumerate_words(list(others))}."
        else:
            same = f"{'; '.join(f'{name}: {found}' for name, found in others.items())}."
        describe = _describe_claim if asked == "source" else _describe_pair
        headlines.append(Headline(student, describe(student, verdict, facts), verdict, same, axis))
    return headlines


def _describe_claim(student: str, verdict: Comparison, facts: ReportFacts) -> str:
    found = verdict.judged
    name, size, asked = (
        student.upper(),
        points(abs(found.judged)),
        f"{facts.scored:,} test {facts.kind.inputs}",
    )
    this, that = (
        PAIRS_OF[split_system(one)[1]].format_map(facts.kind.words)
        for one in (verdict.first, verdict.second)
    )
    if not isinstance(found, RecipeFinding):
        name, learns = f"This {name}", "learned"
    else:
        learns, asked = "learns", f"{facts.recipes[verdict.first].seeds} seeds on {asked}"
    sentences: dict[Verdict, str] = {
        "better": f"{name} {learns} more from {this}: {size} points above {that}.",
        "worse": f"{name} {learns} less from {this}: {size} points below {that}.",
        "equivalent": f"{name} {learns} as much from {this} as from {that}, "
        f"within {facts.margin:g} point{'' if facts.margin == 1 else 's'}.",
        "undecided": f"{name}: {asked} don’t tell whether {this} teach as well as {that}.",
        "identical": f"{name} writes the same from {this} as from {that}.",
        "void": f"{name}: {this} against {that} is {name_verdict(found)}.",
    }
    return sentences[found.verdict]


def _describe_pair(student: str, verdict: Comparison, facts: ReportFacts) -> str:
    """The verdict on a student beside what is not trained."""
    found = verdict.judged
    name = f"This {student.upper()}" if not isinstance(found, RecipeFinding) else student.upper()
    size, second = points(abs(found.judged)), verdict.second
    within = f"within {facts.margin:g} point{'' if facts.margin == 1 else 's'}"
    untold = f"{name}: {facts.scored:,} test {facts.kind.inputs} don’t tell whether it"
    sentences: dict[Verdict, str] = {
        "better": f"{name} is {size} points above {second}.",
        "worse": f"{name} is {size} points below {second}.",
        "equivalent": f"{name} and {second} are equivalent, {within}.",
        "undecided": f"{untold} is better or worse than {second}.",
        "identical": f"{name} writes the same as {second}.",
        "void": f"{name} against {second} is {name_verdict(found)}.",
    }
    if facts.lineup.references == "teacher":
        agrees = f"{name} agrees with the teacher"
        sentences |= {
            "better": f"{agrees} more than {second}, by {size} points.",
            "worse": f"{agrees} less than {second}, by {size} points.",
            "equivalent": f"{agrees} as much as {second}, {within}.",
            "undecided": f"{untold} agrees with the teacher more or less than {second}.",
        }
    return sentences[found.verdict]


def build_questions(facts: ReportFacts, kind: str) -> list[Question]:
    """All verdicts in one type of scores, by question; a question's pairs share a scale."""
    questions = []
    texts = TEXTS if facts.lineup.references == "gold" else {**TEXTS, **AGREEMENT_TEXTS}
    for key, pairs in facts.lineup.questions.items():
        axis, verdicts = _compare_all(facts, pairs, kind)
        text = _ask(texts[key], facts.kind)
        questions.append(Question(text, _answer(key, verdicts), axis, verdicts))
    return questions


def _ask(text: str, kind: Kind) -> str:
    larger, smaller = map(str.upper, kind.sizes[0])
    if len(kind.sizes) > 1:
        larger, smaller = "one kind of student", "another"
    names = {"larger": larger, "smaller": smaller, "baseline": kind.baseline}
    asked = text.format_map({**kind.words, **names})
    return f"{asked[0].upper()}{asked[1:]}"


def _answer(question: str, verdicts: Sequence[Comparison]) -> str:
    """The systems by verdict, in one line."""
    groups: dict[str, list[str]] = {}
    sizes = {split_system(one.second)[0] for one in verdicts}
    for verdict in verdicts:
        name = (
            verdict.first
            if question in ("teacher", "lead") or (question == "size" and len(sizes) == 1)
            else f"{verdict.first} against {verdict.second}"
        )
        groups.setdefault(name_verdict(verdict.judged), []).append(name)
    if len(groups) == 1 and len(verdicts) > 1:
        both = "both" if len(verdicts) == 2 else f"all {len(verdicts)}"
        return f"{next(iter(groups)).capitalize()}: {both}."
    answer = "; ".join(f"{word}: {enumerate_words(names)}" for word, names in groups.items())
    return f"{answer[:1].upper()}{answer[1:]}."


def _compare_all(
    facts: ReportFacts, pairs: Sequence[tuple[str, str]], kind: str
) -> tuple[Markup, list[Comparison]]:
    """The axis of pairs that share a scale, and each of them."""
    behind = {pair: _retrain(facts, pair, kind) for pair in pairs}
    shown: list[Sequence[float]] = [facts.gap[pair][kind].interval() for pair in pairs]
    for found in filter(None, behind.values()):
        shown += [found.figures, found.models]
    scale = difference_scale(shown, facts.margin)
    verdicts = []
    for pair in pairs:
        figures = facts.gap[pair][kind].interval()
        chart = draw_interval(scale, figures, pair[0], facts.margin, behind[pair])
        verdicts.append(replace(_find(facts, pair, kind), chart=chart))
    return draw_axis(scale), verdicts


def _find(facts: ReportFacts, pair: tuple[str, str], kind: str) -> Comparison:
    """A pair without its chart."""
    shown = facts.several and not set(pair).isdisjoint(facts.lineup.trained)
    recipe = facts.recipe_gap[pair][kind] if shown else None
    return Comparison(*pair, facts.gap[pair][kind], recipe, Markup())


def _retrain(facts: ReportFacts, pair: tuple[str, str], kind: str) -> Retrained | None:
    """Each model of the first recipe minus each of the second, if the recipes are judged."""
    found = _find(facts, pair, kind).recipe
    mean, low, high = found.interval() if found else (0.0, None, None)
    if low is None or high is None:
        return None
    first, second = (
        list(facts.recipes[name][kind].by_seed.values())
        if name in facts.recipes
        else [facts.scores[name][kind].judged]
        for name in pair
    )
    models = [one - other for one in first for other in second]
    return Retrained((mean, low, high), models)
