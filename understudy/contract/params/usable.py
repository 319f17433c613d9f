"""Params of stages that ask: which texts of the teacher are no article or summary."""

from pydantic import Field

from understudy.core.params import Section

TEMPLATE_MARK, ECHO, LOOP = "template_mark", "echo", "loop"
NOT_JSON, NO_FIELD = "not_json", "no_field"
"""Why an answer has no text where the prompt's template names a field of a JSON answer."""
TOO_SHORT = "too_short"
UNLISTED = "unlisted"
"""An answer that is none of task.labels, nor a synonym of one."""


class UsableParams(Section):
    """What a text must not be."""

    drop_template_marks: bool = True
    """Flags a text with a part of a chat template in it, such as <|im_start|>, [INST] or </s>."""
    max_echoed: float = Field(default=0.5, gt=0, le=1)
    """Largest share of the prompt's own words, without those of the row, that a text may repeat in
    runs of 8 words, and of its own words that may come from there; 1 allows any."""
    max_repeated: float = Field(default=0.25, gt=0, le=1)
    """Largest share of a text's words that may stand in runs of 6 words that it has said before; 1
    allows any. Of 1,000 news articles none has more than 0.14."""

    @property
    def text_reasons(self) -> tuple[str, ...]:
        """Why texts may be flagged."""
        own = (
            (self.drop_template_marks, TEMPLATE_MARK),
            (self.max_echoed < 1, ECHO),
            (self.max_repeated < 1, LOOP),
        )
        return tuple(reason for is_on, reason in own if is_on)
