"""Summaries from a trained student by beam search."""

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from understudy.contract.params.decoding import DecodingParams
from understudy.core.errors import StudentError, one_line
from understudy.core.hub import first_line
from understudy.core.progress import open_progress
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.students.model.machine import lacks_memory, names_gpu
from understudy.students.model.spelling import Spelling, describe_losses, warn_of_losses
from understudy.students.model.tokens import encode_texts

if TYPE_CHECKING:
    from understudy.students.decoding.engines import Engine

WINDOW = 4096
"""Articles in memory, and sorted by length, at a time."""


def decode(
    engine: "Engine", articles: Iterable[str], params: DecodingParams, label: str, total: int | None
) -> Iterator[str]:
    """Summarizes articles, those of similar length together, with a few thousand in memory.

    Yields:
        One summary an article, in the articles' order; else as in `decode_scored`.
    """
    return (text for _, text in _decode(engine, articles, params, label, total, scored=False))


def decode_scored(
    engine: "Engine", articles: Iterable[str], params: DecodingParams, label: str, total: int | None
) -> Iterator[tuple[Hypothesis, str]]:
    """The same summaries, each with how sure the student is of it.

    Args:
        engine: see `understudy.students.decoding.engines`.
        articles: texts.
        params: the section `predict`.
        label: names the work in the progress bar.
        total: how many articles there are, if known.

    Yields:
        What beam search found of each article, in the articles' order, and its text.

    Raises:
        StudentError: the device ran out of memory.
    """
    return _decode(engine, articles, params, label, total, scored=True)


def _decode(
    engine: "Engine",
    articles: Iterable[str],
    params: DecodingParams,
    label: str,
    total: int | None,
    *,
    scored: bool,
) -> Iterator[tuple[Hypothesis, str]]:
    left, cut, spelling = iter(articles), 0, Spelling(engine.tokenizer)
    with open_progress(label, total, "articles") as bar:
        while window := list(islice(left, WINDOW)):
            encoded, over = encode_texts(
                engine.tokenizer, window, params.max_input_tokens, engine.family.prefix, spelling
            )
            cut += over
            summaries = [(Hypothesis([]), "")] * len(window)
            try:
                for index, found in engine.decode(encoded, params, scored=scored):
                    summaries[index] = found, spell(engine, found.ids)
                    bar.update()
            except (MemoryError, RuntimeError) as error:
                if not lacks_memory(error):
                    if not names_gpu(error):
                        raise
                    raise StudentError(
                        f"{label}: the GPU failed ({one_line(first_line(error))}): run it again, "
                        "with CUDA_VISIBLE_DEVICES= before the command to decode on the CPU"
                    ) from None
                raise StudentError(
                    f"{label}: the device has too little memory: lower tokens_per_batch "
                    f"(= {params.tokens_per_batch}, in section predict or --tokens-per-batch)"
                ) from None
            yield from summaries
        if cut:
            told = f"{label}: {cut:,} articles were cut at {params.max_input_tokens} tokens"
            bar.write(told, file=sys.stderr)  # stdout has the summaries
    warn_of_losses(label, describe_losses("articles", spelling.texts, spelling.to_json()))


def answer(engine: "Engine", article: str, params: DecodingParams) -> str:
    """Summarizes one article, as `decode` does."""
    encoded, _ = encode_texts(
        engine.tokenizer, [article], params.max_input_tokens, engine.family.prefix
    )
    [(_, found)] = engine.decode(encoded, params)
    return spell(engine, found.ids)


def spell(engine: "Engine", ids: list[int]) -> str:
    """A summary's token ids as text."""
    text: str = engine.tokenizer.decode(ids, skip_special_tokens=True)
    return text.strip()
