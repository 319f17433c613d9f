"""Labels."""

from collections.abc import Sequence

from understudy.contract.params.label import LabelParams
from understudy.rows.usable import TextRule


class LabelRule:
    """Rule."""

    def __init__(self, params: LabelParams, own: str = "") -> None:
        self._rule = TextRule(params, own)

    def find_reason(self, article: str, text: str) -> str | None:
        """Reason."""
        return self._rule.find_reason(text)


def choose(texts: Sequence[str]) -> tuple[int, float]:
    """Choose."""
    return 0, 1.0
