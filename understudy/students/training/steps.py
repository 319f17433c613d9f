"""Which examples an optimizer step learns from, and in which passes through the model.

Passes, and with many pairs steps too, have examples of similar length, so that little of them is
padding: a third of random batches of CNN/DailyMail articles under 2,048 characters is. The order
of the examples depends on the seed alone, not on the number of processes or passes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from understudy.students.model.tokens import EncodedPairs

POOL = 50
"""The most steps whose examples, drawn at random, are sorted by length before they are split."""
POOLS = 50
"""The fewest pools of an epoch: few pairs in few pools would give each step examples of one length,
and learn slower than random steps do. Passes are of similar length all the same."""


class Steps:
    """The examples of each optimizer step of a whole run; every example once an epoch.

    The step with fewer examples than the others, and so a noisier gradient, ends its epoch.
    """

    def __init__(self, lengths: np.ndarray, batch_size: int, seed: int, steps: int) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._steps = steps

    def __len__(self) -> int:
        return self._steps

    def __iter__(self) -> Iterator[np.ndarray]:
        step, epoch = 0, 0
        while True:
            for examples in self._shuffle(epoch):
                if step == self._steps:
                    return
                yield examples
                step += 1
            epoch += 1

    def _shuffle(self, epoch: int) -> list[np.ndarray]:
        draw = np.random.default_rng((self._seed, epoch))
        order = draw.permutation(len(self._lengths))
        steps_a_pool = min(POOL, len(order) // (POOLS * self._batch_size))
        pool = max(1, steps_a_pool) * self._batch_size
        for start in range(0, len(order), pool):
            piece = order[start : start + pool]
            order[start : start + pool] = piece[np.argsort(-self._lengths[piece], kind="stable")]
        steps = [
            order[start : start + self._batch_size]
            for start in range(0, len(order), self._batch_size)
        ]
        last = [steps.pop()] if len(steps[-1]) < self._batch_size else []
        draw.shuffle(steps)
        return steps + last


def split_into_passes(
    examples: Sequence[int] | np.ndarray, pairs: EncodedPairs, budget: int
) -> list[list[int]]:
    """Splits examples into passes of at most `budget` tokens, padding included.

    The longest articles come first. An example that alone is over the budget is a pass of its own.
    """
    passes: list[list[int]] = []
    article = highlights = 0
    for example in sorted(map(int, examples), key=lambda row: -int(pairs.articles.lengths[row])):
        article = max(article, int(pairs.articles.lengths[example]))
        highlights = max(highlights, int(pairs.highlights.lengths[example]))
        if not passes or (len(passes[-1]) + 1) * (article + highlights) > budget:
            passes.append([])
            article = int(pairs.articles.lengths[example])
            highlights = int(pairs.highlights.lengths[example])
        passes[-1].append(example)
    return passes


@dataclass(frozen=True)
class Collator:
    """Makes tensors of this process's share of a step's examples."""

    pairs: EncodedPairs
    _: KW_ONLY
    pad: int
    start: int
    budget: int
    rank: int
    processes: int

    def __call__(self, examples: Sequence[int]) -> dict[str, Any]:
        """Makes the passes, and counts the examples and tokens the whole step learns from.

        Where a step has fewer examples than there are processes, those without one compute a pass
        without labels, since all must take part in every step.
        """
        ordered = np.asarray(examples)
        share = ordered[self.rank :: self.processes]
        if len(share):
            groups = split_into_passes(share, self.pairs, self.budget)
            passes = [self.collate(group) for group in groups]
        else:
            passes = [self.collate(ordered[:1].tolist(), learn=False)]
        tokens = int(self.pairs.highlights.lengths[ordered].sum())
        return {"passes": passes, "examples": len(ordered), "tokens": tokens}

    def collate(self, examples: list[int], *, learn: bool = True) -> dict[str, Any]:
        """Makes one pass.

        Returns:
            input_ids, attention_mask (examples, article tokens) and decoder_input_ids (examples,
            highlight tokens) for the model; the positions (known tokens) in the flattened
            decoder_input_ids whose next token is known, and these labels (known tokens); and how
            many tokens of articles and highlights are not padding.
        """
        import torch

        articles = _stack([self.pairs.articles[row] for row in examples], self.pad)
        highlights = _stack([self.pairs.highlights[row] for row in examples], self.pad)
        given = np.concatenate([np.full((len(highlights), 1), self.start), highlights], axis=1)
        attended = _mask(self.pairs.articles.lengths[examples])
        known = _mask(self.pairs.highlights.lengths[examples]) & learn
        return {
            "input_ids": torch.from_numpy(articles),
            "attention_mask": torch.from_numpy(attended.astype(np.int64)),
            "decoder_input_ids": torch.from_numpy(given[:, :-1].copy()),
            "positions": torch.from_numpy(np.flatnonzero(known)),
            "labels": torch.from_numpy(highlights[known]),
            "useful": int(attended.sum() + known.sum()),
        }


def _stack(rows: list[np.ndarray], pad: int) -> np.ndarray:
    stacked = np.full((len(rows), max(map(len, rows))), pad, dtype=np.int64)
    for number, row in enumerate(rows):
        stacked[number, : len(row)] = row
    return stacked


def _mask(lengths: np.ndarray) -> np.ndarray:
    mask: np.ndarray = np.arange(lengths.max()) < lengths[:, None]
    return mask
