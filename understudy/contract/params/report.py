"""The params section `report`."""

from pydantic import Field

from understudy.core.params import Section


class ReportParams(Section):
    """What metrics/report.html shows."""

    articles: int = Field(default=2000, gt=0)
    """Test articles to browse, at most; the first ones are taken."""
