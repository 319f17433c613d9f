"""Puts the page together: one file that asks for nothing else and runs no script but its own."""

import base64
import hashlib
import re
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from stages.report.browser import build_payload, choose_browsed, embed_json, name_browsed
from stages.report.cascades import build_cascades, build_promises, describe_cascades
from stages.report.claims import build_headlines, build_questions
from stages.report.confusion import build_classes
from stages.report.curves import build_curves
from stages.report.datacard import (
    build_cards,
    build_cost,
    build_counts,
    describe_cost,
    name_sources,
)
from stages.report.drawing import SHAPES, element
from stages.report.inputs import ReportFacts
from stages.report.length import build_length, describe_length
from stages.report.notice import build_label
from stages.report.scores import build_scores
from stages.report.switching import build_worth
from stages.report.traits import (
    TRAITS,
    build_histograms,
    build_novelty,
    build_spreads,
    build_traits,
)
from understudy.rendering.figures import dollars, enumerate_words, p_value, points, signed
from understudy.rendering.references import AGREEMENT, name_references, plain
from understudy.rendering.switching import describe_ways
from understudy.rendering.verdicts import (
    FIND_OUT,
    MODEL,
    RECIPE,
    UNKNOWN,
    describe_spread,
    describe_verdict,
    name_covered,
    signed_interval,
)

FOLDER = Path(__file__).parent
STYLES = (
    "page.css", "sections.css", "charts.css", "tables.css", "classes.css", "browser.css",
    "detail.css",
)  # fmt: skip
FILTERS = (describe_spread, describe_verdict, p_value, points, signed, signed_interval)
SCRIPTS = ("matching.js", "list.js", "detail.js", "browser.js")


def render(facts: ReportFacts) -> str:
    """The HTML of the report; equal facts give equal text."""
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {filter_.__name__: filter_ for filter_ in FILTERS}
    templates.filters["unbroken"] = keep_together
    style, script = _inline("style", STYLES), _inline("script", SCRIPTS)
    policy = {"style": hash_source(style), "script": hash_source(script)}
    return templates.get_template("report.html.j2").render(
        build_context(facts), style=style, script=script, policy=policy
    )


def keep_together(text: str) -> Markup:
    """Text whose names with hyphens, such as ROUGE-L, stay on one line."""
    parts = re.split(r"(\w+(?:-\w+)+)", text)
    named = [element("span", part, class_="unbroken") for part in parts[1::2]]
    return Markup("").join(
        part for pair in zip_longest(map(escape, parts[::2]), named, fillvalue="") for part in pair
    )


def _inline(kind: str, names: Sequence[str]) -> Markup:
    """Files of this folder, one after the other, to stand in one element."""
    texts = [(FOLDER / kind / name).read_text(encoding="utf-8") for name in names]
    return Markup("\n".join(texts))  # noqa: S704


def hash_source(text: str) -> str:
    """How a Content-Security-Policy names an inline script or style."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def build_context(facts: ReportFacts) -> dict[str, Any]:
    """All that the template shows."""
    label = build_label(facts)
    length_axis, length_rows = build_length(facts) if facts.length else ("", [])
    spread_axis, spread_rows = build_spreads(facts) if facts.traits else ("", [])
    return {
        "facts": facts,
        "label": label,
        "kind": facts.kind,
        "kinds": facts.kind.types,
        "measures": facts.kind.measures,
        "columns": name_browsed(facts.kind),
        "lineup": facts.lineup,
        "systems": facts.lineup.systems,
        "browsed": choose_browsed(facts.lineup),
        "references": name_references(facts.lineup.references, facts.kind),
        "agreement": plain(AGREEMENT) if facts.lineup.references == "teacher" else "",
        "shapes": SHAPES,
        "model": MODEL,
        "recipe": RECIPE,
        "covers": name_covered(facts.kind),
        "unknown": UNKNOWN,
        "find_out": FIND_OUT,
        "headlines": build_headlines(facts),
        "questions": {kind: build_questions(facts, kind) for kind in facts.kind.types},
        "worth": {
            "finding": describe_ways(facts.worth),
            "table": build_worth(facts),
            "machine": dollars(facts.worth.machine_usd_per_hour),
            "processor": enumerate_words(
                list(dict.fromkeys(timed.machine for timed in facts.latencies.values()))
            ),
        },
        "alone": {
            "said": describe_cascades(facts),
            "panels": build_cascades(facts),
            "table": build_promises(facts),
        },
        "scores": {kind: build_scores(facts, kind) for kind in facts.kind.types},
        "classes": build_classes(facts),
        "length": {
            "finding": describe_length(facts) if facts.length else "",
            "axis": length_axis,
            "rows": length_rows,
        },
        "curves": build_curves(facts),
        "novelty": build_novelty(facts) if facts.traits else "",
        "spreads": {"axis": spread_axis, "rows": spread_rows},
        "histograms": build_histograms(facts),
        "traits": {"heads": TRAITS, "rows": build_traits(facts) if facts.traits else []},
        "counts": build_counts(facts),
        "cards": build_cards(facts),
        "shown": name_sources(facts.kind),
        "cost": {"finding": describe_cost(facts, label.embedded), "table": build_cost(facts)},
        "payload": embed_json(build_payload(facts)),
    }
