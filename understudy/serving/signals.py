"""From a student's answer to its Signals: the same for calibration rows and for requests.

In: what beam search says, the text that the student read, and its answer. A confidence means
something only if both sides measure alike, so that stage and server call this function.
"""

import math
from typing import Protocol

from understudy.serving.confidence import NAN, Signals
from understudy.texts.words import split_words


class Hypothesis(Protocol):
    """What beam search found of one text; see understudy/students/decoding/hypotheses.py."""

    @property
    def ids(self) -> list[int]:
        """Of the answer's tokens."""
        ...

    @property
    def log_probability(self) -> float:
        """Mean over the tokens."""
        ...

    @property
    def margin(self) -> float:
        """The mean log-probability minus that of the second best beam."""
        ...


def measure(hypothesis: Hypothesis, text: str, answer: str) -> Signals:
    """What is known about one answer.

    Args:
        hypothesis: of the answer as it was decoded, before a client's wishes cut it.
        text: what the student read.
        answer: its text; without words its length and its copied share are unknown.
    """
    given, written = split_words(text), split_words(answer)
    known = set(given)
    return Signals(
        log_probability=hypothesis.log_probability,
        margin=hypothesis.margin,
        length=math.log(len(written) / len(given)) if given and written else NAN,
        copied=sum(word in known for word in written) / len(written) if written else NAN,
    )
