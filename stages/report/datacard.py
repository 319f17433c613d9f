"""Data cards and cost: counts of Table 1, the figures of metrics/data.json, calls and money."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stages.report.records import Calls, Facts
from stages.report.wording import count, dollars, percent, points
from understudy.contract.names import SOURCES
from understudy.rendering.markdown import one_line

BETWEEN = "between"
GROUPS = {
    "train": "Training pairs",
    "validation": "Validation pairs",
    "test": "Test pairs",
    "vocabulary": "Vocabulary of training articles",
    "near_duplicates": "Near duplicates among training articles",
    "contamination": "Contamination of the test articles",
    "leakage": "Leakage of highlights into their articles",
    "answers": "Answers that cannot be used",
    BETWEEN: "Near duplicates between both sources",
}
LABELS = {
    "article.words": "words an article",
    "article.characters": "characters an article",
    "highlights.words": "words a highlight",
    "highlights.characters": "characters a highlight",
    "vocabulary.words": "running words",
    "vocabulary.distinct": "distinct words",
    "vocabulary.type_token": "distinct in 1,000 running words",
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
"""Rows under their groups; what is new to the report is shown under its own key."""
SHARES = {
    "vocabulary.type_token",
    "vocabulary.once",
    *(f"leakage.{name}" for name in ("coverage", "copied", "copied_words")),
    *(f"leakage.{name}" for name in ("pasted", "pasted_whole")),
}
SPREAD = ("median", "p5", "p95", "max")


@dataclass(frozen=True)
class Table:
    """Rows of figures with a head."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    adds_up: bool = False
    """Whether the last row is the sum of the others."""


def build_counts(facts: Facts) -> list[Table]:
    """Table 1, and what became of the teacher's answers; each column adds up."""
    gold, written = facts.dataset, facts.generated
    splits = [gold.train, gold.validation, gold.test]
    reasons = dict.fromkeys(reason for split in splits for reason in split.dropped)
    rows = [
        ("rows read", [split.read for split in splits]),
        ("unusable", [-split.rejected for split in splits]),
        *(
            (_human(reason), [-split.dropped.get(reason, 0) for split in splits])
            for reason in reasons
        ),
        ("pairs kept", [split.kept for split in splits]),
    ]
    answers = [written.train, written.validation]
    problems = dict.fromkeys(reason for split in answers for reason in split.dropped)
    asked = [
        ("articles asked for", [split.asked for split in answers]),
        *(
            (_human(reason), [-split.dropped.get(reason, 0) for split in answers])
            for reason in problems
        ),
        ("pairs kept", [split.kept for split in answers]),
    ]
    return [
        Table("gold: gold pairs", ["training", "validation", "test"], _show_counts(rows), True),
        Table("written: written articles", ["training", "validation"], _show_counts(asked), True),
    ]


def _show_counts(rows: Sequence[tuple[str, Sequence[int]]]) -> list[tuple[str, list[str]]]:
    return [
        (name, [count(number).replace("-", "−") if number else "0" for number in numbers])
        for name, numbers in rows
    ]


def build_cards(facts: Facts) -> list[Table]:
    """The figures of metrics/data.json, gold and written side by side."""
    sources = [_mapping(facts.data.get(source)) for source in SOURCES]
    groups = dict.fromkeys(key for source in sources for key in source)
    known = [key for key in GROUPS if key in groups]
    tables = [
        _compare(key, [source.get(key) for source in sources])
        for key in (*known, *(key for key in groups if key not in GROUPS))
    ]
    others = [key for key in facts.data if key not in SOURCES]
    tables += [
        Table(_title(key), [""], _list_rows(key, [dict(_flatten(facts.data[key]))]))
        for key in others
    ]
    return [table for table in tables if table.rows]


def _compare(key: str, values: Sequence[Any]) -> Table:
    """A column a source, or, where only one has such figures, what is in it side by side."""
    columns = {name: value for name, value in zip(SOURCES, values, strict=True) if value}
    if len(columns) == 1:
        columns = _split(*columns.values()) or columns
    rows = _list_rows(key, [dict(_flatten(value)) for value in columns.values()])
    heads = ["training" if name == "train" else _human(name) for name in columns]
    return Table(_title(key), heads, rows)


def _split(value: Any) -> dict[str, Any]:
    """The parts of a group that have figures of the same kind; none if it has other parts."""
    parts = _mapping(value)
    alike = all(_mapping(part) and not _is_spread(part) for part in parts.values())
    return dict(parts) if alike and len(parts) > 1 else {}


def _list_rows(
    group: str, columns: Sequence[Mapping[str, str | float]]
) -> list[tuple[str, list[str]]]:
    paths = dict.fromkeys(path for column in columns for path in column)
    return [
        (
            _label(group, path),
            [_show(group, path, column[path]) if path in column else "–" for column in columns],
        )
        for path in paths
    ]


def _flatten(value: Any, path: str = "") -> Iterator[tuple[str, str | float]]:
    """Leaves by dotted path; a distribution is one leaf."""
    if isinstance(value, Mapping):
        if _is_spread(value):
            median, low, high, most = (count(value[name]) for name in SPREAD)
            yield path, f"{median} ({low}–{high}; {most})"
            return
        for name, part in value.items():
            yield from _flatten(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, int | float):
        yield path, value


def _is_spread(value: Mapping[str, Any]) -> bool:
    return all(isinstance(value.get(name), int | float) for name in SPREAD)


def _show(group: str, path: str, value: str | float) -> str:
    if isinstance(value, str):
        return value
    if f"{group}.{path}" in SHARES or group == "answers":
        return percent(value)
    return count(value) if float(value).is_integer() else points(value)


def _label(group: str, path: str) -> str:
    fallback = _human(path.replace(".", ", ")) or _human(group)
    return LABELS.get(f"{group}.{path}", LABELS.get(path, fallback))


def _title(key: str) -> str:
    return GROUPS.get(key, _human(key).capitalize())


def _human(key: str) -> str:
    return one_line(key.replace("_", " "))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def build_cost(facts: Facts) -> Table:
    """Calls, tokens and money of both uses of the teacher."""
    uses = [facts.teacher.generate, facts.teacher.zeroshot]
    figures: dict[str, list[str]] = {
        "calls": [count(use.calls) for use in uses],
        "answers that cannot be used": [count(use.unusable) for use in uses],
        "calls that failed": [count(use.failed) for use in uses],
        "sent in batches": [count(use.batch) for use in uses],
        "tokens in": [count(use.prompt_tokens) for use in uses],
        "of these cached": [count(use.cached_tokens) for use in uses],
        "tokens out": [count(use.completion_tokens) for use in uses],
        "cost": [dollars(use.cost_usd) for use in uses],
        "cost per 1,000 calls": [_price_thousand(use) for use in uses],
    }
    return Table("", ["articles", "zero-shot summaries"], list(figures.items()))


def _price_thousand(use: Calls) -> str:
    return dollars(1000 * use.cost_usd / use.calls) if use.calls else "–"


def tell_cost(facts: Facts, embedded: bool) -> str:
    """The bill in one sentence."""
    total = facts.teacher.generate.cost_usd + facts.teacher.zeroshot.cost_usd
    if embedded and not total:
        return "The sample’s teacher runs on this machine and costs nothing."
    told, kept = f"The teacher cost {dollars(total)} in all", facts.generated.train.kept
    if not kept:
        return f"{told}."
    each = dollars(facts.teacher.generate.cost_usd / kept)
    return f"{told}; a written training pair cost {each}."
