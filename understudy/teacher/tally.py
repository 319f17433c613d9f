"""How many answers can be used, and why the others cannot: what ends a useless run early."""

from collections import Counter

from understudy.contract.answers import LIMITS, Answer, normal_word
from understudy.contract.label_reader import LabelReader
from understudy.contract.params.teacher import OUTPUT_LIMITS, TeacherParams
from understudy.contract.params.usable import NO_FIELD, NOT_JSON, UNLISTED
from understudy.teacher.json_answers import read_text

NO_JSON = (
    "the answers are no JSON with a text in the field {field}: change the prompt, its field, or "
    "response_format"
)

WAYS = {
    "refused": "change the prompt or teacher.model",
    "unreadable": "their bodies are kept in the ledger; is teacher.base_url the /v1 address of a "
    "chat completions endpoint?",
    "empty": "the endpoint sends no text; change teacher.request or teacher.model",
    "cut_off": "the endpoint does not say that the texts are whole; change teacher.request or "
    "teacher.model",
    "unclear": "reasoning stands in the texts; turn it off in teacher.request, or have the "
    "endpoint return it apart",
    NOT_JSON: NO_JSON,
    NO_FIELD: NO_JSON,
    UNLISTED: "they are none of task.labels: list these in the prompt by $labels, or add what the "
    "teacher says to task.synonyms",
}
"""What to do, by the reason of most unusable answers."""


class Tally:
    """Counts answers; what they say is not kept."""

    def __init__(self, field: str | None = None, labels: LabelReader | None = None) -> None:
        """Takes where the prompt wants the text in a JSON answer, and what reads it as a label.

        Args:
            field: None where the answer is the text.
            labels: None where any text is an answer.
        """
        self.field, self.labels = field, labels
        self.count = 0
        self._problems: Counter[str] = Counter()
        self._words: Counter[str] = Counter()
        self._tokens = self._reasoning = self._at_limit = 0

    def add(self, answer: Answer) -> None:
        """Takes an answer into account."""
        self.count += 1
        _, problem = read_text(answer, self.field, self.labels)
        if problem is None:
            return
        self._problems[problem] += 1
        self._tokens += answer.completion_tokens
        self._reasoning += answer.reasoning_tokens
        word = normal_word(answer.finish_reason)
        if not answer.is_whole:
            self._words[word] += 1
        self._at_limit += word in LIMITS

    def is_useless(self, least: int | None) -> bool:
        """Whether more than half of at least `least` answers cannot be used; not where it is 0."""
        return bool(least) and self.count >= (least or 0) and 2 * self.bad > self.count

    @property
    def bad(self) -> int:
        """Answers that cannot be used."""
        return self._problems.total()

    def describe(self, params: TeacherParams) -> str:
        """One line: how many answers cannot be used, why, and what to do."""
        reasons = _list(self._problems)
        words = f"; finish_reason {_list(self._words)}" if self._words else ""
        return (
            f"{self.bad} of {self.count} answers cannot be used ({reasons}{words}): "
            f"{self._explain(params)}; or set teacher.look_after: null to go on all the same"
        )

    def _explain(self, params: TeacherParams) -> str:
        (most, _), *_ = self._problems.most_common(1)
        if 2 * self._at_limit <= self.bad:
            return WAYS.get(most, "read them in the ledger").format(field=self.field)
        share = self._reasoning / max(1, self._tokens)
        limit = next((name for name in OUTPUT_LIMITS if params.request.get(name)), None)
        given = f"teacher.request.{limit} = {params.request[limit]}" if limit else ""
        way = f"raise {given}" if limit else f"set teacher.request.{OUTPUT_LIMITS[0]} higher"
        was = given or "the endpoint's own limit of output tokens"
        if 2 * share >= 1:
            return (
                f"{was} is too small, reasoning took {100 * share:.0f}% of their tokens; {way}, "
                "or ask for less reasoning in teacher.request"
            )
        return f"{was} is too small; {way}, or ask for shorter texts in the prompt"


def _list(counts: "Counter[str]") -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())
