"""report: one page with verdicts, scores, data and every system's summaries.

In:  metrics/*.json, metrics/{answers,calibration,data,latency}, metrics/curves,
     metrics/plots/lengths, data/scores.parquet, data/gold/test.parquet, data/predictions/*.parquet,
     data/raw/source.json.
Out: metrics/report.html, which opens offline and asks for nothing else.
Run: python -m stages.report
"""

from pathlib import Path

from stages.report.inputs import gather
from stages.report.page import render
from understudy.contract.params.report import ReportParams
from understudy.core.errors import run
from understudy.core.files import replacing
from understudy.core.params import load_section

REPORT = Path("metrics/report.html")


def main() -> None:
    """Reads what the other stages have found and writes the page."""
    params = load_section("report", ReportParams)
    page = render(gather(params.articles))
    with replacing(REPORT) as partial:
        partial.write_text(page, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main)
