"""The params section `report`."""

from pydantic import Field

from understudy.core.params import Section


class ReportParams(Section):
    """The params section `report`."""

    articles: int = Field(gt=0)
    """Test articles to browse, at most; the first ones are taken."""
