"""A worker's application out of a model folder and the task's prompt."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from starlette.applications import Starlette

from understudy.contract.conversion import ConversionCheck
from understudy.contract.kind import this_kind
from understudy.contract.label_reader import LabelReader
from understudy.contract.params.fetch import FetchParams
from understudy.contract.params.serve import ServeParams
from understudy.contract.params.task import TaskParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.errors import DataError, StudentError
from understudy.core.params import PARAMS, load_section
from understudy.rows.fields import join_fields
from understudy.rows.redacting import open_model_redactor
from understudy.serving.app import Service, build_app, open_service
from understudy.serving.batching import Limits
from understudy.serving.monitoring import Meters
from understudy.students.decoding.engines import CTranslate2, open_engine, read_kind
from understudy.students.decoding.generation import read_generation_config
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.students.model.machine import count_cores
from understudy.students.model.weights import hash_weights
from understudy.teacher.matching import IMAGE, NO_MESSAGES, OTHER_PROMPT, TOOL_CALL
from understudy.teacher.prompts import Prompt
from understudy.texts.redaction import Redactor
from understudy.tools.summarize import check_model

MOST_COUNTED = 2**17
"""Tokens of a text; longer ones count as so many."""
PARAM, OPTION = "zeroshot.prompt", "--prompt"
REASONS = {
    OTHER_PROMPT: "The messages are not the task's prompt: send its template, filled in, and "
    "nothing else; the server was started with it.",
    TOOL_CALL: "The messages have a tool call: send the task's prompt and nothing else.",
    IMAGE: "The messages have something other than text: send the task's prompt as text.",
    NO_MESSAGES: "The messages are no list of roles and contents: send the task's prompt.",
}


Extension = Callable[[Service, "ServedStudent", "TaskPrompt", Path], Service]
"""Makes another service out of that of a student, its task, and its folder as it was loaded."""


def check_conversion(folder: Path) -> None:
    """Refuses a folder that CTranslate2 should decode and cannot, as one that is half written."""
    if (folder / "config.json").is_file() and (
        read_generation_config(folder, 1).engine == "ctranslate2"
    ):
        check, found = ConversionCheck.load(ConversionCheck.path_in(folder)), hash_weights(folder)
        if not check.passed or (found and check.weights not in (None, found)):
            raise StudentError(
                f"{folder}: the converted model is not of these weights; "
                "the stage `export` makes it again"
            )


def open_app(
    model: Path,
    prompt: Path | None,
    names: Path | None,
    params: ServeParams,
    key: str | None,
    log_texts: bool,
    extend: "Extension | None" = None,
    *,
    meters: Meters | None = None,
) -> Starlette:
    """Loads the model and the prompt.

    Args:
        model: a model folder.
        prompt: a template; None for that of params.yaml.
        names: see `open_model_redactor`.
        params: the section `serve`.
        key: what clients must send; None where they need none.
        log_texts: log inputs and answers too.
        extend: changes the service, so that not the student alone answers.
        meters: those of the model that serves until this one can, which is not to be one that
            decodes slowly for want of its converted form; None at a start.

    Raises:
        UnderstudyError: one of them cannot be used.
    """
    if meters is not None:
        check_model(model)
        check_conversion(model)
    if model.is_symlink():
        model = model.resolve()  # which may be another in the next moment
    task = TaskPrompt.load(prompt, open_model_redactor(model, names), read_kind(model)[1])
    student = ServedStudent(model, params.threads, params.tokens_per_batch)
    limits = Limits(
        params.max_queue, params.timeout_seconds, params.tokens_per_batch, student.slots
    )
    service = open_service(student, task, limits, key, log_texts=log_texts, meters=meters)
    return build_app(service if extend is None else extend(service, student, task, model))


class ServedStudent:
    """A model folder that decodes as `understudy predict` does."""

    def __init__(self, folder: Path, threads: int | None, tokens_per_batch: int) -> None:
        """Loads the model; a StudentError says why it cannot."""
        self._params = read_generation_config(folder, tokens_per_batch)
        self._engine = open_engine(folder, self._params.engine, threads)
        self._threads = threads
        self.name, self.max_tokens = folder.resolve().name, self._params.max_tokens
        # Encoding sets the tokenizer's cut, which must not happen while another thread uses it.
        self._lock = threading.Lock()

    @property
    def slots(self) -> int:
        """Batches that it decodes side by side: one a core, where each has one core."""
        is_shared = isinstance(self._engine, CTranslate2) and self._engine.device == "cpu"
        return count_cores() if is_shared and self._threads is None else 1

    def encode(self, text: str) -> list[int]:
        """See `understudy.serving.answering.Student`."""
        with self._lock:
            [ids], _ = self._engine.encode([text], self._params)
        return ids

    def decode(self, encoded: Sequence[list[int]]) -> list[Hypothesis]:
        """See `understudy.serving.answering.Student`."""
        written: list[Hypothesis] = [Hypothesis([])] * len(encoded)
        for index, found in self._engine.decode(encoded, self._params, scored=True):
            written[index] = replace(found, ids=self._engine.strip(found.ids))
        return written

    def count(self, text: str) -> int:
        """See `understudy.serving.answering.Student`."""
        with self._lock:
            return self._engine.count(text, MOST_COUNTED)

    def spell(self, ids: list[int]) -> str:
        """See `understudy.serving.answering.Student`."""
        with self._lock:
            return self._engine.spell(ids)


class TaskPrompt:
    """The task, as its prompt's template and the columns of its inputs say."""

    def __init__(
        self,
        prompt: Prompt,
        columns: tuple[str, ...],
        redactor: Redactor | None,
        labels: LabelReader | None = None,
    ) -> None:
        """Takes a template.

        Args:
            prompt: with all columns among its variables, or that of the whole input.
            columns: what the student's input is made of, in this order; () for the whole input.
            redactor: replaces personal data, one column at a time, as in training.
            labels: reads the teacher's answers; None where they are texts.

        Raises:
            PromptError: its variables cannot be told apart.
            DataError: it leaves out a part of the input.
        """
        prompt.match([])
        self.prompt, self.redactor, self.field = prompt, redactor, prompt.field
        self.labels, whole = labels, this_kind().input
        missing = [name for name in columns if name not in prompt.variables]
        if whole in prompt.variables:
            self.columns: tuple[str, ...] = (whole,)
        elif missing:
            raise DataError(
                f"{PARAM}: its template has no ${missing[0]}, of which the student's input is made "
                f"(fetch.files.columns.{whole}), so that no request has all of it; add it"
            )
        else:
            self.columns = columns or prompt.variables

    @classmethod
    def load(
        cls, path: Path | None, redactor: Redactor | None, labels: Sequence[str] = ()
    ) -> "TaskPrompt":
        """Reads a template; without a path that of params.yaml, and what inputs are made of there.

        Args:
            path: a template.
            redactor: as above.
            labels: those of the model, which count where params.yaml has none.

        Raises:
            ParamsError: params.yaml cannot be used.
            PromptError: the template cannot be used.
            DataError: there is none.
        """
        named = load_section("task", TaskParams) if PARAMS.exists() else TaskParams()
        labels = named.labels or labels
        reader = LabelReader.of(labels, named.synonyms)
        if path is not None:
            return cls(Prompt(OPTION, path, labels=labels), (), redactor, reader)
        if not PARAMS.exists():
            raise DataError(
                f"{PARAMS}: no such file here; give the task's prompt with {OPTION} FILE"
            )
        fields = load_section("fetch", FetchParams).files.columns.fields
        given = load_section("zeroshot", ZeroshotParams).prompt
        return cls(Prompt(PARAM, given), fields, redactor, reader)

    def match(self, messages: object) -> dict[str, str] | None:
        """See `understudy.serving.answering.Task`."""
        found = self.prompt.match(messages)
        return None if found is None else {name: found[name] for name in self.columns}

    def explain(self, messages: object) -> str:
        """See `understudy.serving.answering.Task`."""
        return REASONS[self.prompt.explain(messages) or OTHER_PROMPT]

    def clean(self, values: Mapping[str, str]) -> dict[str, str]:
        """See `understudy.serving.answering.Task`."""
        return {name: self.redact(values.get(name, "")) for name in self.columns}

    def join(self, values: Mapping[str, str]) -> str:
        """See `understudy.serving.answering.Task`."""
        texts = list(self.clean(values).values())
        return texts[0] if len(texts) == 1 else join_fields(texts)

    def redact(self, text: str) -> str:
        """A text without personal data."""
        return self.redactor.redact(text)[0] if self.redactor else text
