"""Data cards and cost: counts of Table 1, the figures of metrics/data.json, calls and money."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.report.inputs import ReportFacts
from understudy.contract.dataset import SplitCounts
from understudy.contract.generated import AnswerCounts
from understudy.contract.pairs import SPLITS
from understudy.contract.survey import SEGMENT, Lengths, SourceSurvey
from understudy.core.errors import one_line
from understudy.rendering.figures import count, dollars, percent, points

ANSWERS, BETWEEN = "answers", "between"
GROUPS = {
    "train": "Training pairs",
    "validation": "Validation pairs",
    "test": "Test pairs",
    "vocabulary": "Vocabulary of training articles",
    "near_duplicates": "Near duplicates among training articles",
    "contamination": "Contamination of the test articles",
    "leakage": "Leakage of highlights into their articles",
    ANSWERS: "Answers that cannot be used",
    BETWEEN: "Near duplicates between both sources",
}
LABELS = {
    "pairs": "pairs",
    "article.words": "words an article",
    "article.characters": "characters an article",
    "highlights.words": "words a highlight",
    "highlights.characters": "characters a highlight",
    "vocabulary.words": "running words",
    "vocabulary.distinct": "distinct words",
    "vocabulary.type_token": f"distinct in {count(SEGMENT)} running words",
    "vocabulary.once": "distinct words that occur once",
    "near_duplicates.pairs": "pairs of articles that are near duplicates",
    "near_duplicates.articles": "articles with a near duplicate",
    "contamination.test_articles": "test articles with a copy or near copy in training",
    "contamination.exact": "of these, word for word",
    "contamination.train_articles": "training articles concerned",
    "contamination.highlights": "test highlights that are also a training pair’s",
    "leakage.coverage": "highlight words in runs copied from the article",
    "leakage.density": "words of the run that a word stands in, on average",
    "leakage.longest": "words of the longest run, on average",
    "leakage.copied": "highlights with a long copied run",
    "leakage.copied_words": "highlight words in long copied runs",
    "leakage.pasted": "highlights with a whole sentence in the article",
    "leakage.pasted_whole": "highlights with every sentence in the article",
    "between.pairs": "pairs of a gold and a written article",
    "between.gold_articles": "gold articles concerned",
    "between.written_articles": "written articles concerned",
    "between.same_id": "written articles near the one that their highlights belong to",
}
"""Each figure of metrics/data.json by its path, of splits without the split's name."""
SHARES = {
    *("vocabulary.type_token", "vocabulary.once", "leakage.coverage", "leakage.copied"),
    *("leakage.copied_words", "leakage.pasted", "leakage.pasted_whole"),
}


@dataclass(frozen=True)
class Table:
    """Rows of figures with a head."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    adds_up: bool = False
    """Whether the last row is the sum of the others."""


def build_counts(facts: ReportFacts) -> list[Table]:
    """Table 1, and what became of the teacher's answers; each column adds up."""
    rows = [facts.dataset.train, facts.dataset.validation, facts.dataset.test]
    answers = [facts.generated.train, facts.generated.validation]
    read = {
        "rows read": [split.read for split in rows],
        "unusable": [-split.rejected for split in rows],
    }
    asked = {"articles asked for": [split.asked for split in answers]}
    return [
        _list_counts("gold: gold pairs", read, rows),
        _list_counts("written: written articles", asked, answers),
    ]


def _list_counts(
    title: str, first: dict[str, list[int]], splits: Sequence[SplitCounts | AnswerCounts]
) -> Table:
    """The first rows, a row for each reason to drop, and what is kept."""
    reasons = dict.fromkeys(reason for split in splits for reason in split.dropped)
    rows = [
        *first.items(),
        *((_human(r), [-split.dropped.get(r, 0) for split in splits]) for r in reasons),
        ("pairs kept", [split.kept for split in splits]),
    ]
    heads = ("training", "validation", "test")[: len(splits)]
    return Table(title, heads, [(name, [*map(count, numbers)]) for name, numbers in rows], True)


def build_cards(facts: ReportFacts) -> list[Table]:
    """The figures of metrics/data.json, gold and written side by side."""
    sources = {"gold": facts.data.gold, "written": facts.data.written}
    tables = []
    for group in SourceSurvey.model_fields:
        found = {name: getattr(source, group) for name, source in sources.items()}
        columns = {name: figures for name, figures in found.items() if figures is not None}
        if group == ANSWERS:  # only written pairs have some, so their splits stand side by side
            shares = facts.data.written.answers
            columns = {"training": shares.train, "validation": shares.validation} if shares else {}
        tables.append(_compare(group, columns))
    tables.append(_compare(BETWEEN, {"": facts.data.between}))
    return [table for table in tables if table.rows]


def _compare(group: str, columns: Mapping[str, Any]) -> Table:
    """A group's figures, by column."""
    figures = [dict(flatten(column)) for column in columns.values()]
    rows = []
    for path in dict.fromkeys(path for column in figures for path in column):
        key = path if group in SPLITS else f"{group}.{path}"
        label = _human(path) if group == ANSWERS else LABELS[key]
        shown = [_show(key, group, column[path]) if path in column else "–" for column in figures]
        rows.append((label, shown))
    return Table(GROUPS[group], list(columns), rows)


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Lengths | float]]:
    """Figures by dotted path; lengths are one figure."""
    if isinstance(value, Lengths | int | float):
        yield path, value
        return
    for name, part in dict(value).items():
        yield from flatten(part, f"{path}.{name}" if path else name)


def _show(key: str, group: str, value: Lengths | float) -> str:
    if isinstance(value, Lengths):
        median, low, high, most = map(count, (value.median, value.p5, value.p95, value.max))
        return f"{median} ({low}–{high}; {most})"
    if key in SHARES or group == ANSWERS:
        return percent(value)
    return count(value) if float(value).is_integer() else points(value)


def _human(key: str) -> str:
    return one_line(key.replace("_", " "))


def build_cost(facts: ReportFacts) -> Table:
    """Calls, tokens and money of both uses of the teacher."""
    uses = [facts.teacher.generate, facts.teacher.zeroshot]
    each = [dollars(1000 * use.cost_usd / use.calls) if use.calls else "–" for use in uses]
    rows = [
        ("calls", [count(use.calls) for use in uses]),
        ("answers that cannot be used", [count(use.unusable) for use in uses]),
        ("calls that failed", [count(use.failed) for use in uses]),
        ("sent in batches", [count(use.batch) for use in uses]),
        ("tokens in", [count(use.prompt_tokens) for use in uses]),
        ("of these cached", [count(use.cached_tokens) for use in uses]),
        ("tokens out", [count(use.completion_tokens) for use in uses]),
        ("cost", [dollars(use.cost_usd) for use in uses]),
        ("cost per 1,000 calls", each),
    ]
    return Table("", ["articles", "zero-shot summaries"], rows)


def describe_cost(facts: ReportFacts, embedded: bool) -> str:
    """The bill in one sentence."""
    total = facts.teacher.generate.cost_usd + facts.teacher.zeroshot.cost_usd
    if embedded and not total:
        return "The sample’s teacher runs on this machine and costs nothing."
    bill, kept = f"The teacher cost {dollars(total)} in all", facts.generated.train.kept
    if not kept:
        return f"{bill}."
    each = dollars(facts.teacher.generate.cost_usd / kept)
    return f"{bill}; a written training pair cost {each}."
