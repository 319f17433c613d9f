"""Finds texts of a chat model that are no article or summary, though nothing marks them so."""

from understudy.contract.params.usable import ECHO, LOOP, TEMPLATE_MARK, UsableParams
from understudy.texts.degenerate import echoed_share, has_template_mark, repeated_share
from understudy.texts.words import split_words


class TextRule:
    """What a stage's answers must not be."""

    def __init__(self, params: UsableParams, own: str = "") -> None:
        """Takes the limits, and the prompt's own text without that of a row."""
        self._params = params
        self._own = split_words(own)

    def find_reason(self, text: str) -> str | None:
        """Returns why a text is none to use, or None."""
        if self._params.drop_template_marks and has_template_mark(text):
            return TEMPLATE_MARK
        if echoed_share(self._own, split_words(text)) > self._params.max_echoed:
            return ECHO
        return LOOP if repeated_share(text) > self._params.max_repeated else None
