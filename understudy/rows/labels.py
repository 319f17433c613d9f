"""Finds labels that are of no use, and chooses one of several."""

from collections.abc import Sequence

from understudy.contract.kind import this_kind
from understudy.contract.params.label import (
    COPY,
    DISAGREE,
    LONGER,
    OTHER_LANGUAGE,
    REFUSAL,
    LabelParams,
)
from understudy.contract.params.usable import TOO_SHORT
from understudy.rows.splitting import fingerprint
from understudy.rows.usable import TextRule
from understudy.texts.agreement import choose_majority, choose_medoid
from understudy.texts.language import guess_language
from understudy.texts.refusals import has_refusal
from understudy.texts.words import count_words


class LabelRule:
    """What an answer to an input must not be."""

    def __init__(self, params: LabelParams, own: str = "") -> None:
        """Takes the limits, and the prompt's own text without that of a row."""
        self._params = params
        self._text_rule = TextRule(params, own)
        self._is_class = this_kind().has_labels

    def find_reason(self, article: str, text: str) -> str | None:
        """The first reason not to use an answer, one of `params.reasons`, or None.

        What a text must not be says nothing about a class: one of task.labels is used.
        """
        params = self._params
        if self._is_class:
            return None
        if reason := self._text_rule.find_reason(text):
            return reason
        words = count_words(text)
        if words < params.min_words:
            return TOO_SHORT
        if params.drop_copies and fingerprint(text) == fingerprint(article):
            return COPY
        if params.drop_refusals and has_refusal(text):
            return REFUSAL
        if params.same_language and is_other_language(article, text):
            return OTHER_LANGUAGE
        return LONGER if params.drop_longer and words > count_words(article) else None

    def choose(self, texts: Sequence[str]) -> tuple[int, float]:
        """Chooses one of an input's usable answers; see `choose_medoid` and `choose_majority`.

        Returns:
            Its index among `texts`, which holds at least one, and how much they agree, 0 to 1.
        """
        return (choose_majority if self._is_class else choose_medoid)(texts)

    def find_disagreement(self, agreement: float) -> str | None:
        """DISAGREE for the samples of an input that agree too little, or None."""
        least = self._params.min_agreement
        return DISAGREE if least is not None and agreement < least else None


def is_other_language(article: str, text: str) -> bool:
    """Whether two texts are surely in different languages."""
    first, second = guess_language(article), guess_language(text)
    return None not in (first, second) and first != second
