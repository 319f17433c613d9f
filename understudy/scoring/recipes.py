"""Whether two recipes differ by the scores of their models on the same articles."""

from collections.abc import Collection, Mapping, Sequence

from understudy.contract.recipes import RecipeDifference, SeedScores
from understudy.scoring.bootstrap import Figures


def summarize_seeds(scores: Figures, seeds: Sequence[int]) -> SeedScores:
    """A recipe's F1 over its seeds, from an array (seeds, articles) in points."""
    means = scores.mean(axis=1)
    by_seed = {str(seed): float(mean) for seed, mean in zip(seeds, means, strict=True)}
    return SeedScores(f1=float(means.mean()), by_seed=by_seed)


def compare_recipes(
    scores: Mapping[str, Figures],
    pairs: Sequence[tuple[str, str]],
    trained: Collection[str],
    margin: float,
) -> list[RecipeDifference]:
    """Compares recipes pair by pair."""
    return [
        RecipeDifference(f1=float(scores[a].mean() - scores[b].mean()), known=0) for a, b in pairs
    ]
