"""Answers from a trained student: summaries by beam search, or labels."""

import sys
from collections.abc import Iterable, Iterator
from itertools import islice

from understudy.contract.kind import this_kind
from understudy.contract.params.decoding import DecodingParams
from understudy.core.errors import StudentError, one_line
from understudy.core.hub import first_line
from understudy.core.progress import open_progress
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.students.decoding.protocol import Engine
from understudy.students.model.machine import lacks_memory, names_gpu
from understudy.students.model.spelling import describe_losses, warn_of_losses

WINDOW = 4096
"""Articles in memory, and sorted by length, at a time."""


def decode(
    engine: Engine, articles: Iterable[str], params: DecodingParams, label: str, total: int | None
) -> Iterator[str]:
    """Summarizes articles, those of similar length together, with a few thousand in memory.

    Yields:
        One summary an article, in the articles' order; else as in `decode_scored`.
    """
    return (text for _, text in _decode(engine, articles, params, label, total, scored=False))


def decode_scored(
    engine: Engine, articles: Iterable[str], params: DecodingParams, label: str, total: int | None
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
    engine: Engine,
    articles: Iterable[str],
    params: DecodingParams,
    label: str,
    total: int | None,
    *,
    scored: bool,
) -> Iterator[tuple[Hypothesis, str]]:
    nouns = this_kind().inputs
    left, cut, spelling = iter(articles), 0, engine.open_spelling()
    with open_progress(label, total, nouns) as bar:
        while window := list(islice(left, WINDOW)):
            encoded, over = engine.encode(window, params, spelling)
            cut += over
            summaries = [(Hypothesis([]), "")] * len(window)
            try:
                for index, found in engine.decode(encoded, params, scored=scored):
                    summaries[index] = found, engine.spell(found.ids)
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
            told = f"{label}: {cut:,} {nouns} were cut at {engine.limit(params)} tokens"
            bar.write(told, file=sys.stderr)  # stdout has the summaries
    if spelling is not None:
        warn_of_losses(label, describe_losses(nouns, spelling.texts, spelling.to_json()))


def answer(engine: Engine, article: str, params: DecodingParams) -> str:
    """Summarizes one article, as `decode` does."""
    encoded, _ = engine.encode([article], params)
    [(_, found)] = engine.decode(encoded, params)
    return engine.spell(found.ids)
