"""Engines by model folder; those that write are CTranslate2, or transformers without its model."""

import json
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from understudy.contract.conversion import ConversionCheck
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.export import CONVERTED
from understudy.contract.trained import TrainedSettings
from understudy.core.errors import DataError, StudentError, one_line
from understudy.core.hub import first_line
from understudy.core.reading import read_text
from understudy.students.classifying.labeller import Labeller
from understudy.students.decoding.devices import open_on, open_translator, warn_of_cpu
from understudy.students.decoding.hypotheses import (
    Hypothesis,
    mean_log_probabilities,
    rate_beams,
    undo_penalty,
)
from understudy.students.decoding.protocol import Engine
from understudy.students.model.families import Family, as_classifier
from understudy.students.model.loading import can_cache, load_student, load_tokenizer
from understudy.students.model.machine import (
    has_gpu,
    lacks_memory,
    limit_threads,
    names_gpu,
    uses_bfloat16,
)
from understudy.students.model.spelling import Spelling
from understudy.students.model.tokens import encode_texts, split_by_length
from understudy.students.model.weights import hash_weights

MOST = 512
"""Tokens of an answer that is scored, at most."""
ANSWERS_AT_ONCE = 32


def open_engine(folder: Path, wanted: str, threads: int | None = None) -> Engine:
    """Loads a trained model.

    Args:
        folder: as the stages train-* and export leave it, or any checkpoint of a known family.
        wanted: `ctranslate2` or `transformers`, for a model that writes.
        threads: how many cores decode one text; None takes the GPU, or all cores for many texts.

    Raises:
        StudentError: the folder holds no usable model.
    """
    if not folder.is_dir():
        expected = "expected config.json, weights and tokenizer; `dvc repro` makes those in models/"
        raise StudentError(f"{folder}: no such folder; {expected}")
    family, labels = read_kind(folder)
    if family == "gbdt":
        from understudy.students.classifying.boosted import Boosted

        return Boosted(folder)
    if family in ("lstm", "bert"):
        from understudy.students.classifying.graphs import Graph

        return Graph(folder, threads)
    engine = _open_writer(folder, wanted, threads)
    if not labels:
        return engine
    engine.family = as_classifier(engine.family)
    return Labeller(engine, labels)


def read_kind(folder: Path) -> tuple[str | None, list[str]]:
    """A model folder's family and labels, as its settings.json says; of another's folder nothing.

    Raises:
        StudentError: the file has no usable labels.
    """
    file = TrainedSettings.path_in(folder)
    if not file.exists():
        return None, []
    try:
        found = json.loads(read_text(file))
        labels = [*map(str, found.get("labels") or [])]
    except (ValueError, TypeError, AttributeError, DataError) as error:
        raise StudentError(
            f"{file}: not as train-* writes it ({one_line(error)}); copy the model folder again"
        ) from None
    return found.get("family"), labels


def _open_writer(folder: Path, wanted: str, threads: int | None) -> "CTranslate2 | Transformers":
    if wanted == "ctranslate2":
        problem = _find_problem(folder)
        if not problem:
            return CTranslate2(folder, threads)
        print(f"{folder}: decoding with transformers, since {problem}", file=sys.stderr)
    return Transformers(folder, threads)


def _find_problem(folder: Path) -> str | None:
    """Why the folder's converted model cannot be used, or None."""
    file = ConversionCheck.path_in(folder)
    if not file.exists():
        return "there is no converted model: the stage `export` makes it"
    try:
        check = ConversionCheck.load(file)
    except (DataError, OSError):
        return f"{file} is not as the stage `export` writes it"
    if check.passed and check.weights not in (None, found := hash_weights(folder)) and found:
        return (
            "the converted model was made of other weights than those in the folder: the stage "
            "`export` makes it again"
        )
    return None if check.passed else str(check.why)


class Writer:
    """What both engines that write have: a tokenizer, and a family that knows the prefix."""

    tokenizer: Any
    family: Family

    def encode(
        self, texts: Sequence[str], params: DecodingParams, spelling: Spelling | None = None
    ) -> tuple[list[list[int]], int]:
        """See `Engine`."""
        longest, prefix = params.max_input_tokens, self.family.prefix
        return encode_texts(self.tokenizer, texts, longest, prefix, spelling)

    def limit(self, params: DecodingParams) -> int:
        """See `Engine`."""
        return params.max_input_tokens

    def open_spelling(self) -> Spelling:
        """See `Engine`."""
        return Spelling(self.tokenizer)

    def spell(self, ids: Sequence[int]) -> str:
        """See `Engine`."""
        text: str = self.tokenizer.decode(ids, skip_special_tokens=True)
        return text.strip()

    @cached_property
    def _special(self) -> frozenset[int]:
        return frozenset(self.tokenizer.convert_tokens_to_ids(self.tokenizer.all_special_tokens))

    def strip(self, ids: Sequence[int]) -> list[int]:
        """See `Engine`."""
        return [one for one in ids if one not in self._special]

    def count(self, text: str, most: int) -> int:
        """See `Engine`."""
        [ids], _ = encode_texts(self.tokenizer, [text], most)
        return len(self.strip(ids))


class CTranslate2(Writer):
    """The converted model, on the GPU or on all cores."""

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        self._folder, self._on_cores = folder, False
        check = ConversionCheck.load(ConversionCheck.path_in(folder))
        self._quantization = check.quantization
        self.tokenizer, self.family = load_tokenizer(folder, fast=check.fast_tokenizer)
        try:
            self._translator = open_translator(
                folder / CONVERTED,
                str(folder),
                check.quantization,
                self.tokenizer.eos_token,
                threads,
            )
        except (RuntimeError, ValueError) as error:
            raise StudentError(
                f"{folder / CONVERTED}: not a usable model ({one_line(error)}); "
                "`dvc repro --force --single-item export@…` makes it again"
            ) from None

    @property
    def device(self) -> str:
        """`cuda` or `cpu`."""
        return str(self._translator.device)

    def decode(
        self, encoded: Sequence[list[int]], params: DecodingParams, *, scored: bool = False
    ) -> Iterator[tuple[int, Hypothesis]]:
        """See `Engine`. Where the GPU fails in the middle, the cores do the rest."""
        left = sorted(range(len(encoded)), key=lambda row: -len(encoded[row]))
        while left:
            summaries = self._decode([encoded[row] for row in left], params, scored)
            done = 0
            try:
                for hypothesis in summaries:
                    yield left[done], hypothesis
                    done += 1
            except RuntimeError as error:
                if self._on_cores or lacks_memory(error) or not names_gpu(error):
                    raise
                self._move_to_cores(error)
            left = left[done:]

    def _decode(
        self, encoded: Sequence[list[int]], params: DecodingParams, scored: bool
    ) -> Iterator[Hypothesis]:
        """Yields the summaries, in the texts' order."""
        results = self._translator.translate_batch(
            [self.tokenizer.convert_ids_to_tokens(ids) for ids in encoded],
            max_batch_size=params.tokens_per_batch,
            batch_type="tokens",
            asynchronous=True,
            beam_size=params.beams,
            num_hypotheses=min(2, params.beams) if scored else 1,
            return_scores=scored,
            length_penalty=params.length_penalty,
            no_repeat_ngram_size=params.no_repeat_ngram,
            max_input_length=0,
            max_decoding_length=params.max_tokens,
        )
        for result in results:
            found = result.result()
            ids = self.tokenizer.convert_tokens_to_ids(found.hypotheses[0])
            means = [
                undo_penalty(score, len(tokens), params.length_penalty, params.max_tokens)
                for tokens, score in zip(found.hypotheses, found.scores, strict=scored)
            ]
            seconds = self.tokenizer.convert_tokens_to_ids(found.hypotheses[-1])
            yield rate_beams(ids, means, seconds) if scored else Hypothesis(ids)

    def score(self, encoded: list[int], answers: Sequence[str]) -> list[float]:
        """See `Scorer`."""
        written, _ = encode_texts(self.tokenizer, answers, MOST)
        source = self.tokenizer.convert_ids_to_tokens(encoded)
        results = self._translator.score_batch(
            [source] * len(answers),
            [self.tokenizer.convert_ids_to_tokens(ids[:-1]) for ids in written],
            max_batch_size=ANSWERS_AT_ONCE,
            max_input_length=0,
        )
        return [float(sum(result.log_probs)) for result in results]

    def _move_to_cores(self, error: RuntimeError) -> None:
        warn_of_cpu(str(self._folder), one_line(error))
        self._translator = open_on(
            self._folder / CONVERTED, "cpu", self._quantization, self.tokenizer.eos_token
        )
        self._on_cores = True


class Transformers(Writer):
    """The model as it was trained, with the library's own generate."""

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        import torch
        from transformers.utils import logging

        logging.set_verbosity_error()
        logging.disable_progress_bar()
        student = load_student(str(folder), None)
        self.tokenizer, self.family = student.tokenizer, student.family
        self._model = student.model.eval()
        if threads is not None:
            limit_threads(threads)
        elif has_gpu():
            try:
                self._model.to("cuda", torch.bfloat16 if uses_bfloat16("auto") else torch.float32)
                self._try()
            except RuntimeError as error:
                warn_of_cpu(str(folder), one_line(first_line(error)))
                self._model = load_student(str(folder), None).model.eval()  # not rounded

    @property
    def device(self) -> str:
        """`cuda` or `cpu`."""
        return str(self._model.device.type)

    def _try(self) -> None:
        """Decodes a token: a GPU that torch sees may still have no memory, or no code for it."""
        one = DecodingParams(beams=1, max_tokens=1, tokens_per_batch=1)
        list(self.decode([[self.tokenizer.eos_token_id]], one))

    def decode(
        self, encoded: Sequence[list[int]], params: DecodingParams, *, scored: bool = False
    ) -> Iterator[tuple[int, Hypothesis]]:
        """See `Engine`."""
        import torch

        beams = min(2, params.beams) if scored else 1
        for batch in split_by_length(encoded, params.tokens_per_batch):
            inputs = self.tokenizer.pad(
                {"input_ids": [encoded[index] for index in batch]}, return_tensors="pt"
            ).to(self._model.device)
            with torch.inference_mode():
                generated = self._model.generate(
                    input_ids=inputs["input_ids"],
                    attention_mask=inputs["attention_mask"],
                    num_beams=params.beams,
                    num_return_sequences=beams,
                    min_new_tokens=1,  # as in CTranslate2, so that no summary is empty
                    max_new_tokens=params.max_tokens,
                    length_penalty=params.length_penalty,
                    no_repeat_ngram_size=params.no_repeat_ngram,
                    early_stopping=params.beams > 1,
                    do_sample=False,
                    use_cache=can_cache(self._model.config),
                )
            best = generated[::beams].tolist()
            if not scored:
                yield from zip(batch, map(Hypothesis, best), strict=True)
                continue
            means = mean_log_probabilities(self._model, inputs, generated, params.max_tokens)
            for place, index in enumerate(batch):
                own = means[place * beams : (place + 1) * beams]
                second = generated[(place + 1) * beams - 1].tolist()
                yield index, rate_beams(best[place], own, second)

    def score(self, encoded: list[int], answers: Sequence[str]) -> list[float]:
        """See `Scorer`."""
        import torch

        written, _ = encode_texts(self.tokenizer, answers, MOST)
        source, sums = torch.tensor([encoded], device=self._model.device), list[float]()
        with torch.inference_mode():
            read = self._model.get_encoder()(input_ids=source)
            for ids in written:
                labels = torch.tensor([ids], device=self._model.device)
                logits = self._model(encoder_outputs=read, labels=labels).logits
                each = logits[0].float().log_softmax(-1).gather(-1, labels[0, :, None])
                sums.append(float(each.sum()))
        return sums
