"""The result table of README.md, written from metrics/ between two markers.

Run: understudy table, or make table
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.contract.names import LEAD, SYSTEMS
from understudy.contract.verdicts import find_word, split_pair, tell
from understudy.core.errors import DataError
from understudy.core.files import replacing
from understudy.tools.parser import command_parser

README = Path("README.md")
METRICS = Path("metrics")
BEGIN = "<!-- result table: written by `make table` from metrics/ -->"
END = "<!-- end of result table -->"


def render(metrics: Mapping[str, Any]) -> str:
    """The table and the words below it, from the metrics files by their stems."""
    systems = metrics["systems"]
    lines = [
        "| system | ROUGE-1 recall | precision | F1 (95% interval) | ROUGE-2 F1 | ROUGE-L F1 "
        "| ROUGE-Lsum F1 | words |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        *(_render_row(name, systems[name]) for name in SYSTEMS),
    ]
    return "\n".join([*lines, "", _describe(metrics)])


def _render_row(name: str, scores: Mapping[str, Any]) -> str:
    first = scores["rouge1"]
    interval = f"{first['f1']:.1f} ({first['f1_low']:.1f}–{first['f1_high']:.1f})"
    others = [f"{scores[kind]['f1']:.1f}" for kind in ("rouge2", "rougel", "rougelsum")]
    cells = [f"{first['recall']:.1f}", f"{first['precision']:.1f}", interval, *others]
    return " | ".join([f"| `{name}`", *cells, f"{scores['words']:.0f} |"])


def _describe(metrics: Mapping[str, Any]) -> str:
    data, teacher, gap = metrics["dataset"], metrics["teacher"], metrics["gap"]
    pairs = metrics["generated"]["train"]["kept"]
    verdicts = [
        f"- {tell(name, kinds['rouge1'])}"
        for name, kinds in gap.items()
        if split_pair(name)[1] != LEAD
    ]
    return "\n".join(
        [
            f"Scored on {_count_articles(data, teacher)}; their gold highlights have "
            f"{metrics['systems']['reference']['words']:.0f} words on average.",
            f"`*-gold` learned from {data['train']['kept']:,} gold pairs, `*-written` from "
            f"{pairs:,} pairs whose articles `{_name(teacher['generate'])}` wrote.",
            f"`zeroshot` is `{_name(teacher['zeroshot'])}` itself.",
            "",
            f"Verdicts on ROUGE-1 F1, with 95% intervals, corrected for {len(gap)} comparisons:",
            "",
            *verdicts,
            f"- {_tell_baseline(gap)}",
        ]
    )


def _tell_baseline(gap: Mapping[str, Any]) -> str:
    """All systems against lead-3, in one sentence."""
    words: dict[str, list[str]] = {}
    for name, kinds in gap.items():
        system, other = split_pair(name)
        if other == LEAD:
            words.setdefault(find_word(kinds["rouge1"]), []).append(f"`{system}`")
    told = "; ".join(f"{word}: {', '.join(systems)}" for word, systems in words.items())
    return f"beside `{LEAD}` – {told}"


def _count_articles(data: Mapping[str, Any], teacher: Mapping[str, Any]) -> str:
    kept, failed = data["test"]["kept"], teacher["zeroshot"]["failed"]
    if not failed:
        return f"{kept:,} test articles"
    return f"{kept - failed:,} of {kept:,} test articles (the teacher's call failed for the others)"


def _name(teacher: Mapping[str, Any]) -> str:
    return str(teacher["model"])


def read_metrics(folder: Path = METRICS) -> dict[str, Any]:
    """Every JSON file of the folder by its stem."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }


def insert(readme: str, table: str) -> str:
    """The README with the table between the markers.

    Raises:
        DataError: a marker is missing.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"{README}: the marker lines are missing: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Rewrites the table if the metrics have changed."""
    parser = command_parser("table", __doc__)
    parser.parse_args(arguments)
    metrics = read_metrics()
    missing = {"systems", "dataset", "generated", "teacher", "gap"} - set(metrics)
    if missing:
        raise DataError(f"{METRICS / min(missing)}.json: no such file; `dvc repro` makes it")
    old = README.read_text(encoding="utf-8")
    new = insert(old, render(metrics))
    if new != old:
        with replacing(README) as partial:
            partial.write_text(new, encoding="utf-8")
