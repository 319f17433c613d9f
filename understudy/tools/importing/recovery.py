"""Finds the task in logged calls: the input within the prompt, and the answer to it.

A call counts where its messages are the template of `zeroshot.prompt`, filled in, the model is the
teacher's, and the answer is one that a stage would use. Its key is that of the request which the
stages would send today for the same input, whatever else the logged request had.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from understudy.contract.answers import Answer
from understudy.contract.label_reader import LabelReader
from understudy.contract.params.task import TaskParams
from understudy.contract.params.teacher import TeacherParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.errors import one_line
from understudy.core.params import load_section
from understudy.logs.logged import LogCounts, LoggedCall, Reject
from understudy.logs.reader import read_logs
from understudy.teacher.completion import read_completion
from understudy.teacher.matching import OTHER_PROMPT
from understudy.teacher.prompts import Prompt
from understudy.teacher.requests import Question, build_requests
from understudy.texts.encoding import to_utf8
from understudy.tools.importing.cleaning import Cleaner

PARAM = "zeroshot.prompt"
OTHER_MODEL, EMPTY_INPUT = "other_model", "empty_input"
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Recovered:
    """A logged call of the task."""

    call: LoggedCall
    values: dict[str, str]
    """The template's variables: the input."""
    answer: Answer
    """Under the key of today's request."""
    in_input: Counter[str] = field(default_factory=Counter)
    """Personal data that was replaced in the input, by kind."""
    in_answer: Counter[str] = field(default_factory=Counter)
    """The same of the answer."""

    @property
    def source(self) -> str:
        """Where the ledger says that the answer comes from."""
        return f"import:{self.answer.origin}"


class Recovery:
    """What a call must have to be one of the task."""

    def __init__(
        self,
        prompt: Prompt,
        teacher: TeacherParams,
        any_model: bool = False,
        cleaner: Cleaner | None = None,
        labels: LabelReader | None = None,
    ) -> None:
        """Takes what the stages ask by.

        Args:
            prompt: the task's template.
            teacher: the section `teacher`.
            any_model: answers of other models count too, and those of unknown ones.
            cleaner: is applied to inputs and answers before anything is made of them.
            labels: reads answers; None where they are texts.
        """
        self.prompt, self._teacher, self._any_model = prompt, teacher, any_model
        self.cleaner, self._labels = cleaner or Cleaner(), labels

    @classmethod
    def load(
        cls, teacher: TeacherParams, any_model: bool = False, cleaner: Cleaner | None = None
    ) -> "Recovery":
        """Reads the template that params.yaml names; it may use any variables.

        Without a cleaner, personal data is replaced as params.yaml says.

        Raises:
            ParamsError: params.yaml cannot be used.
            PromptError: the template cannot be used.
            DataError: the file of names in fetch.redact cannot be used.
        """
        prompt = Prompt(PARAM, load_section("zeroshot", ZeroshotParams).prompt)
        task = load_section("task", TaskParams)
        labels = LabelReader.of(task.labels, task.synonyms)
        return cls(prompt, teacher, any_model, cleaner or Cleaner.load(), labels)

    @property
    def variables(self) -> tuple[str, ...]:
        """What an input is made of."""
        return self.prompt.variables

    def find(self, call: LoggedCall) -> Recovered | Reject:
        """The input and the answer of a call, or why it is of no use."""
        values = self.prompt.match(call.messages)
        if values is None:
            return _reject(call, self.prompt.explain(call.messages) or OTHER_PROMPT)
        if not any(value.strip() for value in values.values()):
            return _reject(call, EMPTY_INPUT)
        if not self._any_model and (detail := self._find_other_model(call)):
            return _reject(call, OTHER_MODEL, detail)
        known = {name: to_utf8(value) for name, value in values.items()}
        cleaned, in_input = self.cleaner.clean_input(known)
        answer, in_answer = self.cleaner.clean_answer(self._read_answer(call, cleaned))
        _, problem = self.prompt.read(answer, self._labels)
        if problem:
            return _reject(call, problem)
        return Recovered(call, cleaned, answer, in_input, in_answer)

    def _read_answer(self, call: LoggedCall, values: dict[str, str]) -> Answer:
        question = Question(self.prompt.fill(values), settings=self.prompt.settings)
        [request] = build_requests([question], self._teacher)
        answer = read_completion(request.key, call.completion, call.origin == "batch")
        origin = to_utf8(f"{call.origin}:{Path(call.file).name}")
        return replace(answer, origin=origin)

    def _find_other_model(self, call: LoggedCall) -> str | None:
        """What answered, where that is not the teacher; `gpt-4o-2024-08-06` is `gpt-4o`."""
        named = (call.completion.get("model"), call.settings.get("model"))
        names = [one for one in named if isinstance(one, str) and one]
        ours = self._teacher.model
        if any(name == ours or name.startswith(f"{ours}-") for name in names):
            return None
        shown = self.cleaner.clean(one_line(names[0]))[0] if names else "the log names no model"
        return shown[:LONGEST_NAME]


@dataclass
class Findings:
    """What became of the records of logs."""

    logs: LogCounts = field(default_factory=LogCounts)
    rejects: Counter[str] = field(default_factory=Counter)
    """Records that are of no use, by reason; the logs' own rejects among them."""
    found: int = 0
    """Calls of the task."""

    def to_record(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        rejected = dict(self.rejects.most_common())
        return {
            "read": self.logs.read,
            "batch_inputs": self.logs.batch_inputs,
            "rejected": rejected,
        }

    def describe(self, *done: str) -> str:
        """One line.

        Args:
            done: what the records that are of use became.
        """
        reasons = ", ".join(f"{name} {count}" for name, count in self.rejects.most_common())
        rejected = f"rejected {self.rejects.total()}" + (f" ({reasons})" if reasons else "")
        inputs = (
            [f"{self.logs.batch_inputs} of them inputs of batches"]
            if self.logs.batch_inputs
            else []
        )
        return ", ".join((f"read {self.logs.read}", *inputs, *done, rejected))


def recover(
    paths: Sequence[Path], recovery: Recovery, findings: Findings, session: str | None = None
) -> Iterator[Recovered | Reject]:
    """Yields the calls of the task in logs, and what is none; counts them.

    Raises:
        DataError: as in `read_logs`.
    """
    for found in read_logs(paths, session, findings.logs):
        known = found if isinstance(found, Reject) else recovery.find(found)
        if isinstance(known, Reject):
            findings.rejects[known.reason] += 1
        else:
            findings.found += 1
        yield known


def _reject(call: LoggedCall, reason: str, detail: str = "") -> Reject:
    return Reject(call.file, call.line, reason, detail)
