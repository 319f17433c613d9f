"""What scores mean: quality against gold texts, or agreement with the teacher's own answers."""

from understudy.contract.kind import Kind
from understudy.contract.lineup import References

AGREEMENT = (
    "There are no gold texts: the references are the teacher's own answers. Every figure and every "
    "verdict says how far a system **agrees with the teacher**; none says how good it is."
)
"""Markdown that stands above every table of such scores."""


def name_references(references: References, kind: Kind) -> str:
    """Whose texts the references are, as a plural."""
    return f"gold {kind.outputs}" if references == "gold" else "the teacher's own answers"


def plain(markdown: str) -> str:
    """The same without Markdown's marks."""
    return markdown.replace("**", "")
