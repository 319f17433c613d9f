"""Lengths and novelty drawn, and the table of what ROUGE does not see."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from stages.report.charts import Plot, Series, draw_axis, draw_lines, draw_spread, draw_steps
from stages.report.drawing import Scale, round_scale
from stages.report.inputs import ReportFacts
from understudy.contract.evaluation import REFERENCE
from understudy.contract.survey import LengthBin
from understudy.rendering.figures import count, percent, points
from understudy.texts.words import count_words

QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95]
TRAITS = {
    "words": ("words", "words a summary"),
    "compression": ("compression", "article words a summary word"),
    "coverage": ("copied words", "share of its words in runs that stand in the article too"),
    "density": ("copied run", "words of the run that a word of it stands in, on average"),
    "novel1": ("new words", "share that the article lacks"),
    "novel2": ("new pairs", "share of its 2-grams that the article lacks"),
    "repeated": ("repeated", "share of its 3-grams that it has said before"),
    "unsupported_numbers": ("stray number", "summaries with a number that the article lacks"),
    "unsupported_names": ("stray name", "summaries with a name that the article lacks"),
    "empty": ("empty", "summaries without a word"),
}
"""Columns of the table of texts: the head, and what it counts."""
SHARES = {"coverage", "novel1", "novel2", "repeated", "unsupported_numbers", "unsupported_names"}


def build_novelty(facts: ReportFacts) -> Markup:
    """Share of new n-grams by their size."""
    lines = [
        Series(
            name,
            facts.lineup.references if name == REFERENCE else name,
            [(size, getattr(traits, f"novel{size}")) for size in range(1, 5)],
        )
        for name, traits in facts.traits.items()
    ]
    highest = max(y for series in lines for _, y in series.points)
    alt = "Share of new n-grams of each system; the table below has those of sizes 1 and 2."
    plot = Plot(Scale(1, 4), round_scale([0, highest], 5), "words", "% not in the article", alt)
    return draw_lines(plot, lines)


@dataclass(frozen=True)
class SpreadRow:
    """How long a system's summaries are."""

    system: str
    chart: Markup
    description: str


def build_spreads(facts: ReportFacts) -> tuple[Markup, list[SpreadRow]]:
    """The axis and a row a system, references first."""
    columns = {REFERENCE: "highlights", **{name: name for name in facts.lineup.systems}}
    quantiles = {
        name: [float(q) for q in facts.texts[column].map(count_words).quantile(QUANTILES)]
        for name, column in columns.items()
    }
    scale = Scale(0, round_scale([0, max(map(max, quantiles.values()))]).high)
    rows = [
        SpreadRow(
            name,
            draw_spread(scale, found, name),
            f"{count(found[2])} ({count(found[1])}–{count(found[3])})",
        )
        for name, found in quantiles.items()
    ]
    return draw_axis(scale), rows


def build_histograms(facts: ReportFacts) -> dict[str, Markup]:
    """Lengths of inputs, and of outputs that are texts, in training splits, all sources in one."""
    kind = facts.kind
    texts = (kind.input,) if facts.classes else (kind.input, kind.output)
    return {text: _draw_histogram(facts.lengths, text, facts.lineup.sources) for text in texts}


def _draw_histogram(lengths: Sequence[LengthBin], text: str, sources: Sequence[str]) -> Markup:
    bins = [one for one in lengths if one.text == text]
    edges = sorted({float(one.words_from) for one in bins})
    width = min((b - a for a, b in pairwise(edges)), default=1.0)
    edges = [*edges, edges[-1] + width] if edges else [0.0, 1.0]
    shares = []
    for source in sources:
        pairs = {one.words_from: one.pairs for one in bins if one.source == source}
        total = sum(pairs.values()) or 1
        heights = [100 * pairs.get(int(edge), 0) / total for edge in edges[:-1]]
        shares.append((source, heights))
    highest = max(height for _, heights in shares for height in heights)
    alt = f"Share of {text} by their number of words, for each source."
    plot = Plot(
        Scale(edges[0], edges[-1]), round_scale([0, highest or 1], 5), "words", "% of pairs", alt
    )
    return draw_steps(plot, edges, shares)


def build_traits(facts: ReportFacts) -> list[tuple[str, list[str]]]:
    """A row a system, references first: its name and its figures, as TRAITS lists them."""
    return [
        (name, [_show_trait(trait, getattr(facts.traits[name], trait)) for trait in TRAITS])
        for name in (REFERENCE, *facts.lineup.systems)
    ]


def _show_trait(trait: str, figure: float) -> str:
    if trait == "empty":
        return count(figure)
    return percent(figure) if trait in SHARES else points(figure)
