"""report: one page with verdicts, scores, data and every system's summaries.

In:  metrics/*.json, metrics/curves/*.csv, metrics/plots/lengths.csv, data/scores.parquet,
     data/cnn/test.parquet, data/predictions/*.parquet, data/raw/source.json.
Out: metrics/report.html, which opens offline and asks for nothing else.
Run: python -m stages.report
"""

from pathlib import Path

from pydantic import Field

from stages.errors import run
from stages.params import Section, load_section
from stages.reporting.inputs import gather
from stages.reporting.page import render
from stages.tables import replacing

REPORT = Path("metrics/report.html")


class ReportParams(Section):
    """The params section `report`."""

    articles: int = Field(gt=0)
    """Test articles to browse, at most; the first ones are taken."""


def main() -> None:
    """Reads what the other stages have found and writes the page."""
    params = load_section("report", ReportParams)
    page = render(gather(params.articles))
    with replacing(REPORT) as partial:
        partial.write_text(page, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main)
