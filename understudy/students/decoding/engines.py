"""Engines that decode a model folder: CTranslate2, or transformers without a converted model."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from understudy.contract.conversion import ConversionCheck
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.export import CONVERTED
from understudy.core.errors import DataError, StudentError, one_line
from understudy.core.hub import first_line
from understudy.students.decoding.devices import open_on, open_translator, warn_of_cpu
from understudy.students.decoding.hypotheses import (
    Hypothesis,
    mean_log_probabilities,
    rate_beams,
    undo_penalty,
)
from understudy.students.model.families import Family
from understudy.students.model.loading import can_cache, load_student, load_tokenizer
from understudy.students.model.machine import (
    has_gpu,
    lacks_memory,
    limit_threads,
    names_gpu,
    uses_bfloat16,
)
from understudy.students.model.weights import hash_weights


class Engine(Protocol):
    """A model that is ready to summarize."""

    tokenizer: Any
    family: Family

    @property
    def device(self) -> str:
        """`cuda` or `cpu`."""
        ...

    def decode(
        self, encoded: Sequence[list[int]], params: DecodingParams, *, scored: bool = False
    ) -> Iterator[tuple[int, Hypothesis]]:
        """Yields an index into `encoded`, and its summary, in any order.

        Scores, where they are asked for, change no summary.
        """
        ...


def open_engine(folder: Path, wanted: str, threads: int | None = None) -> Engine:
    """Loads a trained model.

    Args:
        folder: as the stages train-* and export leave it, or any checkpoint of a known family.
        wanted: `ctranslate2` or `transformers`.
        threads: how many cores decode one text; None takes the GPU, or all cores for many texts.

    Raises:
        StudentError: the folder holds no usable model.
    """
    if not folder.is_dir():
        expected = "expected config.json, weights and tokenizer; `dvc repro` makes those in models/"
        raise StudentError(f"{folder}: no such folder; {expected}")
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


class CTranslate2:
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
            yield rate_beams(ids, means) if scored else Hypothesis(ids)

    def _move_to_cores(self, error: RuntimeError) -> None:
        warn_of_cpu(str(self._folder), one_line(error))
        self._translator = open_on(
            self._folder / CONVERTED, "cpu", self._quantization, self.tokenizer.eos_token
        )
        self._on_cores = True


class Transformers:
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
        for batch in _split(encoded, params.tokens_per_batch):
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
                yield index, rate_beams(best[place], own)


def _split(encoded: Sequence[list[int]], budget: int) -> Iterator[list[int]]:
    """Indices in batches of at most `budget` tokens, padding included; the longest come first."""
    batch: list[int] = []
    for index in sorted(range(len(encoded)), key=lambda row: -len(encoded[row])):
        if batch and (len(batch) + 1) * len(encoded[batch[0]]) > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
