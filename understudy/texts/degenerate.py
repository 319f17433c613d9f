"""Signs that a chat model's text is no article or summary: loops, template marks, echoes."""

import re
from collections.abc import Sequence
from statistics import fmean

from understudy.texts.copying import copied_share
from understudy.texts.words import list_grams, split_words

LOOP_WORDS = 6
"""Length of a repeated run. Of 1,000 news articles, one says 14% of its words so again, and no
other 10%."""
LOOP_CHARACTERS = 12
"""The same where words are not set apart by spaces."""
LONGEST_WORD = 15
"""Characters a word, on average, beyond which a text counts as written without spaces."""
LEAST_OWN = 5
"""Words a prompt must have of its own: shorter ones stand in many a text."""
ECHOED_WORDS = 8
HEADING = r"(?:Instructions?|Response|Input|Output|Assistant|User|Human|System)"
TEMPLATE_MARK = re.compile(
    r"<[|\uff5c][^<>|\uff5c\s][^<>|\uff5c\n]{0,40}[|\uff5c]>|\[\|\w{1,30}\|\]"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|gMASK|BOS|EOS)\]|<</?SYS>>|</s>|^\s*<s>"
    r"|<(?:start|end)_of_turn>|</?(?:bos|eos|pad|eot|eop|sop|eoh|eoa|assistant|user|system)>"
    rf"|^#{{2,4}} ?{HEADING}:|^(?:im_start|im_end)\b",
    re.MULTILINE,
)
"""What a chat template writes around messages, never a part of one: <|im_start|> and its like (with
DeepSeek's wide bars, too), [INST], </s>, <start_of_turn>, `### Response:`."""


def repeated_share(text: str) -> float:
    """The share of a text's words, numbers left out, that stand in runs it has said before.

    Returns:
        From 0 to 1; a text that says one sentence ten times has 0.9.
    """
    units: Sequence[str] = [word for word in split_words(text) if not word.isdecimal()]
    size = LOOP_WORDS
    if units and fmean(map(len, units)) > LONGEST_WORD:
        units, size = "".join(units), LOOP_CHARACTERS
    size = min(size, max(1, len(units) // 2))
    seen: set[tuple[str, ...]] = set()
    again: set[int] = set()
    for start, run in enumerate(list_grams(units, size)):
        if run in seen:
            again.update(range(start, start + size))
        seen.add(run)
    return len(again) / max(1, len(units))


def has_template_mark(text: str) -> bool:
    """Whether a part of a chat template stands in a text."""
    return TEMPLATE_MARK.search(text) is not None


def echoed_share(own: Sequence[str], text: Sequence[str]) -> float:
    """How much a text repeats its prompt: the larger share, of the prompt or of the text.

    Args:
        own: the prompt's own words, without those of the row that it asks about.
        text: the words of the answer.
    """
    if len(own) < LEAST_OWN:
        return 0.0
    run = min(ECHOED_WORDS, len(own))
    return max(copied_share(text, own, run), copied_share(own, text, run))
