"""A trained student as a CTranslate2 model, checked against the one that was trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from understudy.contract.conversion import ConversionCheck
from understudy.contract.params.export import CHECK, ExportParams
from understudy.core.errors import one_line
from understudy.students.decoding.devices import open_translator
from understudy.students.model.fast import equals
from understudy.students.model.loading import Student, check_positions, load_student
from understudy.students.model.tokens import encode_texts
from understudy.students.model.weights import check_stored, hash_weights

ROWS_AT_ONCE = 8


def convert(
    folder: Path,
    articles: Sequence[str],
    highlights: Sequence[str],
    max_tokens: tuple[int, int],
    params: ExportParams,
    out: Path,
) -> ConversionCheck:
    """Converts a model folder, compares both models, and writes the check and a good conversion.

    Args:
        folder: with config, weights and tokenizer.
        articles: on which the models are compared.
        highlights: their summaries.
        max_tokens: of an article and of a summary, as in the section `predict`.
        params: the section `export`.
        out: a new folder; gets nothing but the check where the converted model is not usable.

    Raises:
        StudentError: the trained model cannot be loaded, or has too few positions.
    """
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    student = load_student(str(folder), None)
    check_stored(folder, student.model)  # or a conversion would be compared with what was misread
    limits = dict(zip(("predict.max_input_tokens", "predict.max_tokens"), max_tokens, strict=True))
    check_positions(student.model.config, limits)
    inputs, _ = encode_texts(student.tokenizer, articles, max_tokens[0], student.family.prefix)
    targets, _ = encode_texts(student.tokenizer, highlights, max_tokens[1])
    expected = _score_trained(student, inputs, targets)  # first: quantization works in place
    try:
        _convert(folder, student, params.quantization, out)
        found = _score_converted(out, student.tokenizer, inputs, targets)
        open_translator(out, str(folder), params.quantization, student.tokenizer.eos_token)
    except (RuntimeError, ValueError, KeyError, AttributeError, TypeError) as error:
        why = f"the converter failed: {one_line(error)}"
        check = ConversionCheck(passed=False, quantization=params.quantization, why=why)
    else:
        check = _compare(expected, found, params)
    prefixed = [student.family.prefix + article for article in articles]
    fast = equals(folder, student.tokenizer, [*prefixed, *highlights])
    check = check.model_copy(update={"weights": hash_weights(folder), "fast_tokenizer": fast})
    out.mkdir(exist_ok=True)
    if not check.passed:
        for file in out.iterdir():
            file.unlink()
    check.write(out / CHECK)
    return check


def _convert(folder: Path, student: Student, quantization: str, out: Path) -> None:
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]
        """Uses the model and the tokenizer that are loaded already."""

        def load_model(self, *args: Any, **kwargs: Any) -> Any:
            return student.model

        def load_tokenizer(self, *args: Any, **kwargs: Any) -> Any:
            return student.tokenizer

    student.family.complete_config(student.model.config)
    Converter(str(folder)).convert(str(out), quantization=quantization)


def _compare(
    expected: Sequence[np.ndarray], found: Sequence[np.ndarray], params: ExportParams
) -> ConversionCheck:
    differences = np.abs(np.concatenate(expected) - np.concatenate(found))
    mean, largest = float(differences.mean()), float(differences.max())
    passed = mean <= params.limit  # NaN is not
    return ConversionCheck(
        passed=passed,
        quantization=params.quantization,
        rows=len(expected),
        tokens=len(differences),
        mean_difference=round(mean, 6) if np.isfinite(mean) else None,
        largest_difference=round(largest, 6) if np.isfinite(largest) else None,
        limit=params.limit,
        why=None
        if passed
        else f"the converted model's log-probabilities are off by {mean:.3g} nats a token, over "
        f"export.limit = {params.limit:g}",
    )


def _score_trained(
    student: Student, inputs: Sequence[list[int]], targets: Sequence[list[int]]
) -> list[np.ndarray]:
    """Log-probability of each target token, computed by transformers in float32."""
    import torch

    model, scores = student.model.eval(), []
    with torch.inference_mode():
        for source, target in zip(inputs, targets, strict=True):
            output = model(input_ids=torch.tensor([source]), labels=torch.tensor([target]))
            logarithms = torch.log_softmax(output.logits[0], dim=-1)
            chosen = logarithms[torch.arange(len(target)), target]
            scores.append(chosen.numpy())
    return scores


def _score_converted(
    folder: Path, tokenizer: Any, inputs: Sequence[list[int]], targets: Sequence[list[int]]
) -> list[np.ndarray]:
    """The same, computed by CTranslate2, which adds the end token itself."""
    import ctranslate2

    translator = ctranslate2.Translator(str(folder), device="cpu")
    results = translator.score_batch(
        [tokenizer.convert_ids_to_tokens(ids) for ids in inputs],
        [tokenizer.convert_ids_to_tokens(ids[:-1]) for ids in targets],
        max_batch_size=ROWS_AT_ONCE,
        max_input_length=0,
    )
    return [np.asarray(result.log_probs) for result in results]
