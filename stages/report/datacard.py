"""Data cards and cost: counts of Table 1, the figures of metrics/data, calls and money."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stages.report.inputs import ReportFacts
from understudy.contract.answered import AnswerCounts
from understudy.contract.dataset import SplitCounts
from understudy.contract.kind import Kind
from understudy.contract.pairs import SPLITS
from understudy.contract.params.sources import MADE_BY
from understudy.contract.survey import SEGMENT, AnswerShares, Lengths, SourceSurvey
from understudy.core.errors import one_line
from understudy.rendering.figures import count, dollars, percent, points

ANSWERS, BETWEEN = "answers", "between"
GROUPS = {
    "train": "Training pairs",
    "validation": "Validation pairs",
    "test": "Test pairs",
    "vocabulary": "Vocabulary of training {inputs}",
    "near_duplicates": "Near duplicates among training {inputs}",
    "contamination": "Contamination of the test {inputs}",
    "leakage": "Leakage of highlights into their articles",
    ANSWERS: "Answers that cannot be used",
    BETWEEN: "Near duplicates between gold and written",
}
LABELS = {
    "pairs": "pairs",
    "article.words": "words an article",
    "article.characters": "characters an article",
    "text.words": "words a text",
    "text.characters": "characters a text",
    "highlights.words": "words a highlight",
    "highlights.characters": "characters a highlight",
    "vocabulary.words": "running words",
    "vocabulary.distinct": "distinct words",
    "vocabulary.type_token": f"distinct in {count(SEGMENT)} running words",
    "vocabulary.once": "distinct words that occur once",
    "near_duplicates.pairs": "pairs of {inputs} that are near duplicates",
    "near_duplicates.other_labels": "pairs of near duplicates with two labels",
    "near_duplicates.articles": "{inputs} with a near duplicate",
    "contamination.test_articles": "test {inputs} with a copy or near copy in training",
    "contamination.exact": "of these, word for word",
    "contamination.train_articles": "training {inputs} concerned",
    "contamination.highlights": "test highlights that are also a training pair’s",
    "leakage.coverage": "highlight words in runs copied from the article",
    "leakage.density": "words of the run that a word stands in, on average",
    "leakage.longest": "words of the longest run, on average",
    "leakage.copied": "highlights with a long copied run",
    "leakage.copied_words": "highlight words in long copied runs",
    "leakage.pasted": "highlights with a whole sentence in the article",
    "leakage.pasted_whole": "highlights with every sentence in the article",
    "between.pairs": "pairs of a gold and a written {input}",
    "between.gold_articles": "gold {inputs} concerned",
    "between.written_articles": "written {inputs} concerned",
    "between.same_id": "written {inputs} near the one that their {outputs} belong to",
}
"""Each figure of metrics/data/SOURCE.json by its path, of splits without the split's name."""
ASKED = {"generate": "{inputs} asked for", "label": "{inputs} asked about"}
USES = {"generate": "{inputs}", "label": "labels", "zeroshot": "zero-shot {answers}"}
SHOWN = {
    "gold": "gold pairs",
    "written": "{inputs} that the teacher wrote",
    "labelled": "{outputs} that the teacher wrote",
}
"""What the pairs of a source are."""
SHARES = {
    *("vocabulary.type_token", "vocabulary.once", "leakage.coverage", "leakage.copied"),
    *("leakage.copied_words", "leakage.pasted", "leakage.pasted_whole"),
}


MOST = 30
"""Classes with a row of their own."""


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
    read = {
        "rows read": [split.read for split in rows],
        "unusable": [-split.rejected for split in rows],
    }
    tables = [_list_counts("rows", read, rows, "rows kept")]
    for stage, source in MADE_BY.items():
        if stage in facts.answered:
            splits = list(facts.answered[stage].splits.values())
            said = ASKED[stage].format_map(facts.kind.words)
            asked = {said: [split.asked for split in splits]}
            title = f"{source}: {name_sources(facts.kind)[source]}"
            tables.append(_list_counts(title, asked, splits))
    return tables


def name_sources(kind: Kind) -> dict[str, str]:
    """What the pairs of each source are."""
    return {source: text.format_map(kind.words) for source, text in SHOWN.items()}


def _list_counts(
    title: str,
    first: dict[str, list[int]],
    splits: Sequence[SplitCounts | AnswerCounts],
    kept: str = "pairs kept",
) -> Table:
    """The first rows, a row for each reason to drop, and what is kept."""
    reasons = dict.fromkeys(reason for split in splits for reason in split.dropped)
    rows = [
        *first.items(),
        *((_human(r), [-split.dropped.get(r, 0) for split in splits]) for r in reasons),
        (kept, [split.kept for split in splits]),
    ]
    heads = ("training", "validation", "test")[: len(splits)]
    return Table(title, heads, [(name, [*map(count, numbers)]) for name, numbers in rows], True)


def build_cards(facts: ReportFacts) -> list[Table]:
    """The figures of metrics/data, source beside source."""
    tables = []
    for group in SourceSurvey.model_fields:
        found = {name: getattr(survey, group) for name, survey in facts.data.items()}
        columns = {name: figures for name, figures in found.items() if figures is not None}
        if group == ANSWERS:
            tables += [_share_answers(name, each, facts.kind) for name, each in columns.items()]
        elif columns:
            tables.append(_compare(group, columns, facts.kind))
    if facts.classes:
        tables.append(_count_labels(facts, facts.classes.labels))
    return [table for table in tables if table.rows]


def _share_answers(source: str, answers: AnswerShares, kind: Kind) -> Table:
    """The splits of one source side by side: those of all would be too wide for a phone."""
    columns = {"training": answers.train, "validation": answers.validation}
    table = _compare(ANSWERS, columns, kind)
    return replace(table, title=f"{source}: {table.title[0].lower()}{table.title[1:]}")


def _compare(group: str, columns: Mapping[str, Any], kind: Kind) -> Table:
    """A group's figures, by column."""
    figures = [dict(flatten(column)) for column in columns.values()]
    rows = []
    for path in dict.fromkeys(path for column in figures for path in column):
        key = path if group in SPLITS else f"{group}.{path}"
        label = _human(path) if group == ANSWERS else LABELS[key].format_map(kind.words)
        shown = [_show(key, group, column[path]) if path in column else "–" for column in figures]
        rows.append((label, shown))
    return Table(GROUPS[group].format_map(kind.words), list(columns), rows)


def _count_labels(facts: ReportFacts, slugs: Mapping[str, str]) -> Table:
    """Training pairs of each class by source, the most frequent first."""
    counts = [survey.train.labels or {} for survey in facts.data.values()]
    total = {label: sum(one.get(slug, 0) for one in counts) for label, slug in slugs.items()}
    most = sorted(slugs, key=lambda label: -total[label])
    rows = [(label, [count(one.get(slugs[label], 0)) for one in counts]) for label in most[:MOST]]
    if left := most[MOST:]:
        others = [count(sum(one.get(slugs[label], 0) for label in left)) for one in counts]
        rows.append((f"{count(len(left))} others", others))
    return Table("Training pairs by label", list(facts.data), rows)


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Lengths | float]]:
    """Figures by dotted path; lengths are one figure."""
    if isinstance(value, Lengths | int | float):
        yield path, value
        return
    for name, part in dict(value).items():
        if part is None or name == "labels":
            continue
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
    """Calls, tokens and money of each use of the teacher."""
    uses = list(facts.teacher.stages.values())
    asked = [use.calls - (use.imported or 0) for use in uses]
    each = [
        dollars(1000 * use.cost_usd / calls) if calls else "–"
        for use, calls in zip(uses, asked, strict=True)
    ]
    rows = [
        ("answers", [count(use.calls) for use in uses]),
        ("of these imported from logs", [count(use.imported or 0) for use in uses]),
        ("rows whose answers cannot be used", [count(use.unusable) for use in uses]),
        ("rows whose calls failed", [count(use.failed) for use in uses]),
        ("sent in batches", [count(use.batch) for use in uses]),
        ("tokens in", [count(use.prompt_tokens) for use in uses]),
        ("of these cached", [count(use.cached_tokens) for use in uses]),
        ("tokens out", [count(use.completion_tokens) for use in uses]),
        ("cost", [dollars(use.cost_usd) for use in uses]),
        ("cost per 1,000 calls", each),
    ]
    used = [USES[stage].format_map(facts.kind.words) for stage in facts.teacher.stages]
    return Table("", used, rows)


def describe_cost(facts: ReportFacts, embedded: bool) -> str:
    """The bill in one sentence."""
    uses = facts.teacher.stages
    total = sum(use.cost_usd for use in uses.values())
    if embedded and not total:
        return "The sample’s teacher runs on this machine and costs nothing."
    bill = f"The teacher cost {dollars(total)} in all"
    pairs = [
        f"a {MADE_BY[stage]} training pair cost {dollars(uses[stage].cost_usd / train.kept)}"
        for stage, answered in facts.answered.items()
        if stage in MADE_BY and (train := answered.train) and train.kept
    ]
    return f"{'; '.join([bill, *pairs])}."
