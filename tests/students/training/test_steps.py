"""Which examples a step learns from, in which passes, and the tensors that are made of them."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from understudy.students.model.tokens import TOKEN, EncodedPairs, TokenRows
from understudy.students.training.steps import POOL, POOLS, Collator, Steps, split_into_passes

PAD, START = 0, 9
T = TypeVar("T")


def token_rows(folder: Path, name: str, rows: Sequence[Sequence[int]]) -> TokenRows:
    joined = [token for row in rows for token in row]
    (folder / f"{name}.ids").write_bytes(np.asarray(joined, dtype=TOKEN).tobytes())
    np.save(folder / f"{name}.lengths.npy", np.asarray([len(row) for row in rows], dtype=TOKEN))
    return TokenRows(folder, name)


def encoded(
    folder: Path, articles: Sequence[Sequence[int]], highlights: Sequence[Sequence[int]]
) -> EncodedPairs:
    return EncodedPairs(
        token_rows(folder, "article", articles),
        token_rows(folder, "highlights", highlights),
        {},
        {},
    )


def of_lengths(folder: Path, lengths: Sequence[tuple[int, int]]) -> EncodedPairs:
    """Pairs in which each token of an example is its number, counted from 1."""
    rows = [
        [[number] * length for number, length in enumerate(column, start=1)]
        for column in zip(*lengths, strict=True)
    ]
    return encoded(folder, *rows)


def draw_lengths(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(20, 500, count)


def batched(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def take(steps: Steps) -> list[list[int]]:
    return [examples.tolist() for examples in steps]


def collator(pairs: EncodedPairs, budget: int = 10_000, rank: int = 0, of: int = 1) -> Collator:
    return Collator(pairs, pad=PAD, start=START, budget=budget, rank=rank, processes=of)


@pytest.mark.parametrize(
    ("count", "batch_size"),
    [(1, 1), (1, 8), (3, 8), (8, 8), (9, 8), (100, 8), (5, 1), (7 * POOL + 3, 7), (1000, 16)],
)
@pytest.mark.parametrize("epochs", [1, 3])
def test_every_example_comes_once_an_epoch_and_a_short_step_last(
    count: int, batch_size: int, epochs: int
) -> None:
    an_epoch = -(-count // batch_size)
    steps = Steps(draw_lengths(count), batch_size, seed=1, steps=epochs * an_epoch)
    found = take(steps)
    assert len(found) == len(steps) == epochs * an_epoch
    for epoch in batched(found, an_epoch):
        assert sorted(itertools.chain(*epoch)) == list(range(count))
        assert [len(step) for step in epoch[:-1]] == [batch_size] * (an_epoch - 1)


def test_the_run_may_end_within_an_epoch() -> None:
    whole = take(Steps(draw_lengths(100), 8, seed=1, steps=26))
    assert take(Steps(draw_lengths(100), 8, seed=1, steps=17)) == whole[:17]


def test_the_order_depends_on_the_seed_and_the_epoch_alone() -> None:
    lengths = draw_lengths(100)
    first = take(Steps(lengths, 8, seed=1, steps=26))
    assert take(Steps(lengths, 8, seed=1, steps=26)) == first
    assert take(Steps(lengths, 8, seed=2, steps=26)) != first
    assert first[:13] != first[13:]


def test_iterating_again_gives_the_same_steps() -> None:
    steps = Steps(draw_lengths(50), 8, seed=1, steps=20)
    assert take(steps) == take(steps)


@pytest.mark.parametrize("done", [1, 6, 7, 13])
def test_a_resumed_order_is_the_tail_of_the_whole_one(done: int) -> None:
    from accelerate import skip_first_batches
    from torch.utils.data import DataLoader

    steps = Steps(draw_lengths(50), 8, seed=1, steps=14)
    loader: Any = DataLoader(range(50), batch_sampler=steps, collate_fn=list)
    assert list(skip_first_batches(loader, done)) == take(steps)[done:]


def padding(steps: Sequence[Sequence[int]], lengths: np.ndarray) -> float:
    computed = sum(len(step) * int(lengths[step].max()) for step in steps)
    return 1 - int(lengths.sum()) / computed


def test_a_steps_examples_are_of_like_length() -> None:
    lengths = draw_lengths(16 * POOL * POOLS)
    order = np.random.default_rng(3).permutation(len(lengths)).tolist()
    at_random = padding(batched(order, 16), lengths)
    assert at_random > 0.4
    assert padding(take(Steps(lengths, 16, seed=1, steps=POOL * POOLS)), lengths) < 0.05


@pytest.mark.parametrize("steps", [10, 2 * POOLS - 1])
def test_few_pairs_come_in_random_steps(steps: int) -> None:
    """Each step spreads over the lengths as a random one does."""
    lengths = draw_lengths(16 * steps)
    spread = [int(np.ptp(lengths[step])) for step in take(Steps(lengths, 16, 1, steps))]
    order = np.random.default_rng(3).permutation(len(lengths)).tolist()
    at_random = [int(np.ptp(lengths[step])) for step in batched(order, 16)]
    assert np.mean(spread) == pytest.approx(np.mean(at_random), rel=0.1)


def test_more_pairs_come_in_steps_of_liker_length() -> None:
    padded = []
    for steps in (POOLS, 4 * POOLS, POOL * POOLS):
        lengths = draw_lengths(16 * steps)
        padded.append(padding(take(Steps(lengths, 16, 1, steps)), lengths))
    assert padded[0] > 2 * padded[1] > 4 * padded[2]


def test_long_and_short_steps_come_in_no_order() -> None:
    lengths = draw_lengths(16 * POOL * POOLS)
    longest = [int(lengths[step].max()) for step in take(Steps(lengths, 16, 1, POOL))]
    falls = sum(later < earlier for earlier, later in itertools.pairwise(longest))
    assert POOL / 4 < falls < 3 * POOL / 4


@pytest.mark.parametrize("budget", [600, 1000, 5000, 10**9])
def test_passes_hold_every_example_once_within_the_budget(budget: int, tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    lengths = [(int(draw.integers(1, 500)), int(draw.integers(1, 90))) for _ in range(64)]
    passes = split_into_passes(range(64), of_lengths(tmp_path, lengths), budget)
    assert sorted(itertools.chain(*passes)) == list(range(64))
    for group in passes:
        article = max(lengths[row][0] for row in group)
        highlights = max(lengths[row][1] for row in group)
        assert len(group) * (article + highlights) <= budget
    assert (len(passes) == 1) == (budget == 10**9)


def test_passes_are_filled_as_far_as_the_budget_goes(tmp_path: Path) -> None:
    pairs = of_lengths(tmp_path, [(8, 2)] * 7)
    assert split_into_passes(range(7), pairs, 30) == [[0, 1, 2], [3, 4, 5], [6]]
    assert split_into_passes(range(7), pairs, 29) == [[0, 1], [2, 3], [4, 5], [6]]


def test_a_highlight_that_is_longer_than_the_others_counts_for_all(tmp_path: Path) -> None:
    pairs = of_lengths(tmp_path, [(10, 2), (9, 2), (8, 20), (7, 2)])
    assert split_into_passes(range(4), pairs, 36) == [[0, 1], [2], [3]]


def test_an_example_over_the_budget_is_a_pass_of_its_own(tmp_path: Path) -> None:
    pairs = of_lengths(tmp_path, [(4, 1), (100, 5), (4, 1), (90, 5)])
    assert split_into_passes(range(4), pairs, 10) == [[1], [3], [0, 2]]
    assert split_into_passes([1], pairs, 1) == [[1]]


def test_the_longest_come_first(tmp_path: Path) -> None:
    pairs = of_lengths(tmp_path, [(3, 1), (9, 1), (6, 1)])
    assert split_into_passes([0, 1, 2], pairs, 1) == [[1], [2], [0]]


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
def test_the_processes_share_each_step_out(processes: int, count: int, tmp_path: Path) -> None:
    lengths = [(5 + row, 2 + row % 3) for row in range(10)]
    pairs, examples = of_lengths(tmp_path, lengths), list(range(1, 1 + count))
    learned: list[int] = []
    for rank in range(processes):
        step = collator(pairs, budget=20, rank=rank, of=processes)(examples)
        assert step["tokens"] == sum(lengths[row][1] for row in examples)
        assert step["passes"]
        learned += [token for batch in step["passes"] for token in batch["labels"].tolist()]
    assert sorted(learned) == [row + 1 for row in examples for _ in range(lengths[row][1])]


def test_a_process_without_an_example_computes_a_pass_that_counts_for_nothing(
    tmp_path: Path,
) -> None:
    pairs = of_lengths(tmp_path, [(5, 3), (4, 2)])
    step = collator(pairs, rank=2, of=3)([0, 1])
    [batch] = step["passes"]
    assert step["tokens"] == 5
    assert batch["input_ids"].tolist() == [[1] * 5]
    assert (batch["labels"].tolist(), batch["positions"].tolist()) == ([], [])


def test_a_pass_has_the_tensors_computed_by_hand(tmp_path: Path) -> None:
    pairs = encoded(tmp_path, [[11, 12, 1], [13, 14, 15, 16, 1]], [[21, 22, 23, 1], [24, 1]])
    batch = collator(pairs).collate([1, 0])
    assert batch["input_ids"].tolist() == [[13, 14, 15, 16, 1], [11, 12, 1, PAD, PAD]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
    assert batch["decoder_input_ids"].tolist() == [[START, 24, 1, PAD], [START, 21, 22, 23]]
    assert batch["positions"].tolist() == [0, 1, 4, 5, 6, 7]
    assert batch["labels"].tolist() == [24, 1, 21, 22, 23, 1]
    assert batch["useful"] == 5 + 3 + 2 + 4
    assert {str(batch[name].dtype) for name in batch if name != "useful"} == {"torch.int64"}


def test_a_label_that_equals_the_padding_counts(tmp_path: Path) -> None:
    pairs = encoded(tmp_path, [[PAD, 1]], [[PAD, 1]])
    batch = collator(pairs).collate([0])
    assert batch["labels"].tolist() == [PAD, 1]
    assert batch["attention_mask"].tolist() == [[1, 1]]
