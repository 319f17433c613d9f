"""ROUGE of each pair of texts, by `rouge_score`, on all cores.

The scores are those of `rouge_score` (Lin 2004, as reimplemented by Google Research), bit for bit:
its own functions do the counting. For speed, many rows are shared out to processes.
"""

import functools
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

import numpy as np
from rouge_score.rouge_scorer import RougeScorer

from understudy.contract.names import KINDS
from understudy.contract.params.evaluate import Words
from understudy.core.progress import open_progress
from understudy.scoring.tokenizers import TOKENIZERS
from understudy.texts.sentences import split_sentences

TYPES = {"rouge1": "rouge1", "rouge2": "rouge2", "rougeL": "rougel", "rougeLsum": "rougelsum"}
MEASURES = {"recall": "recall", "precision": "precision", "fmeasure": "f1"}
FEW = 1500
"""Up to this many pairs, starting processes takes longer than it saves."""
CHUNK = 250

RowScores = dict[str, dict[str, list[float]]]
Pair = tuple[str, str]


def score_rows(
    predictions: Sequence[str],
    references: Sequence[str],
    stemmer: bool,
    kinds: Sequence[str] = KINDS,
    words: Words = "english",
    processes: int | None = None,
) -> RowScores:
    """Scores each prediction against its reference.

    Args:
        predictions: one text per row.
        references: as many.
        stemmer: compare Porter stems instead of words.
        kinds: some of KINDS.
        words: what counts as a word.
        processes: how many to use; None takes one per core if there are many rows.

    Returns:
        Points of 0 to 100 under [kind][measure], one value per row.

    Raises:
        ValueError: there are not as many references as predictions.
    """
    pairs = list(zip(predictions, references, strict=True))
    chunks = [pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK)]
    names = tuple(name for name, kind in TYPES.items() if kind in kinds)
    work = functools.partial(_score_chunk, names=names, stemmer=stemmer, words=words)
    if processes is None:
        processes = (os.cpu_count() or 1) if len(pairs) > FEW else 1
    progress = open_progress("rouge", len(pairs), "pairs", leave=False, disable=len(chunks) < 2)
    scored: list[list[float]] = []
    with progress, _open_pool(processes) as run_all:
        for points in run_all(work, chunks):
            scored += points
            progress.update(len(points))
    columns = np.array(scored, dtype=np.float64).reshape(len(pairs), len(names), len(MEASURES))
    return {
        TYPES[name]: {
            measure: columns[:, at, offset].tolist()
            for offset, measure in enumerate(MEASURES.values())
        }
        for at, name in enumerate(names)
    }


@contextmanager
def _open_pool(processes: int) -> Iterator[Callable[..., Iterator[list[list[float]]]]]:
    """Yields `map`, or one that shares the work out to so many processes."""
    if processes == 1:
        yield map
        return
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        yield pool.map


def _score_chunk(
    pairs: Sequence[Pair], names: tuple[str, ...], stemmer: bool, words: Words
) -> list[list[float]]:
    """A row of points for each pair, measure by measure of each type."""
    scorer = _open_scorer(names, stemmer, words)
    rows = []
    for prediction, reference in pairs:
        scores = scorer.score(_by_sentence(reference), _by_sentence(prediction))
        rows.append([100 * getattr(scores[name], field) for name in names for field in MEASURES])
    return rows


@functools.cache
def _open_scorer(names: tuple[str, ...], stemmer: bool, words: Words) -> RougeScorer:
    return RougeScorer(list(names), tokenizer=TOKENIZERS[words](stemmer))


@functools.lru_cache(maxsize=2**16)
def _by_sentence(text: str) -> str:
    """One sentence a line, as ROUGE-Lsum expects it."""
    return "\n".join(split_sentences(text))
