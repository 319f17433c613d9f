"""The study's explanation tested: are zero-shot answers worse because they are longer?

If length is the reason, an answer cut to as many words as a student wrote scores as the student
does, and the answer loses by more on the articles where it is longer by more.
"""

from collections.abc import Sequence

import numpy as np

from understudy.contract.evaluation import F1Difference
from understudy.contract.names import MEASURES
from understudy.contract.params.evaluate import Judgement
from understudy.contract.texts import LengthEffect
from understudy.scoring.bootstrap import Figures, interval
from understudy.texts.words import count_words, find_words


def cut_like(text: str, model: str) -> str:
    """The beginning of a text, with as many words as the model text has."""
    words = list(find_words(text))
    kept = min(count_words(model), len(words))
    return text[: words[kept - 1].end()] if kept else ""


def explain_by_length(
    student: Sequence[str],
    zeroshot: Sequence[str],
    as_is: Figures,
    cut: Figures,
    judgement: Judgement,
) -> LengthEffect:
    """How much of a student's lead over zero-shot answers their length explains, in ROUGE-1.

    Args:
        student: its summaries.
        zeroshot: the teacher's.
        as_is: (articles, MEASURES), the student's points minus those of the teacher's summaries.
        cut: the same with the teacher's summaries cut by `cut_like`.
        judgement: resamples and seed of the intervals.

    Returns:
        The effect; `explained` is there if the F1 differ beyond their interval, `correlation` if
        lengths and differences vary.
    """
    lengths, others = (np.array([*map(count_words, texts)], float) for texts in (student, zeroshot))
    before, after = _summarize(as_is, judgement), _summarize(cut, judgement)
    differ = before.f1_low > 0 or before.f1_high < 0
    return LengthEffect(
        words=lengths.mean(),
        zeroshot_words=others.mean(),
        as_is=before,
        cut=after,
        explained=100 * (1 - after.f1 / before.f1) if differ else None,
        correlation=correlate_ranks(others - lengths, as_is[:, MEASURES.index("f1")]),
    )


def _summarize(differences: Figures, judgement: Judgement) -> F1Difference:
    f1 = differences[:, MEASURES.index("f1")].tolist()
    low, high = interval(f1, judgement.resamples, judgement.seed)
    means = dict(zip(MEASURES, differences.mean(axis=0), strict=True))
    return F1Difference(**means, f1_low=low, f1_high=high)


def correlate_ranks(first: Figures, second: Figures) -> float | None:
    """Spearman's rank correlation; None if one of the two does not vary."""
    import pandas as pd

    ranks = pd.DataFrame({"first": first, "second": second}).rank()
    if (ranks.nunique() < 2).any():
        return None
    return float(ranks["first"].corr(ranks["second"]))
