"""The review as Markdown: the verdict first, then sections, then folds."""

from understudy.tools.reviewing.details import build_folds
from understudy.tools.reviewing.gather import Review
from understudy.tools.reviewing.glance import tell_revisions, tell_verdict, tell_warnings
from understudy.tools.reviewing.sections import (
    tell_calls,
    tell_data,
    tell_gates,
    tell_params,
    tell_scores,
    tell_storage,
    tell_verdicts,
)

LONGEST = 60_000
"""Characters; a comment on GitHub takes 65,536."""
LEFT_OUT = "The review is too long for GitHub: `understudy review --json` has all of it."


def build_page(review: Review, longest: int = LONGEST) -> str:
    """The whole review; of one that GitHub would not take, the last parts are left out."""
    parts = [
        tell_verdict(review),
        tell_revisions(review.revisions),
        "\n".join(f"- {warning}" for warning in tell_warnings(review)),
        tell_gates(review.gates),
        tell_scores(review),
        tell_verdicts(review),
        tell_params(review),
        tell_data(review),
        tell_calls(review),
        tell_storage(review.storage),
        *build_folds(review),
    ]
    page = [part for part in parts if part]
    if sum(len(part) + 2 for part in page) <= longest:
        return "\n\n".join(page) + "\n"
    while len(page) > 1 and sum(len(part) + 2 for part in [*page, LEFT_OUT]) > longest:
        page.pop()
    return "\n\n".join([*page, LEFT_OUT]) + "\n"
