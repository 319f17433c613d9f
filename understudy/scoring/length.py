"""The study's explanation tested: are zero-shot answers worse because they are longer?

If length is what tells, an answer cut to as many words as a student wrote scores as the student
does, and articles on which the answer is longer by more are those that it loses by more.
"""

from collections.abc import Sequence

import numpy as np

from understudy.contract.names import MEASURES
from understudy.contract.params.evaluate import Judgement
from understudy.scoring.bootstrap import Figures, interval
from understudy.scoring.scoreboard import round_figure
from understudy.texts.words import WORD, count_words


def cut_like(text: str, model: str) -> str:
    """The beginning of a text, with as many words as the model text has."""
    words = list(WORD.finditer(text))
    kept = min(count_words(model), len(words))
    return text[: words[kept - 1].end()] if kept else ""


def explain_by_length(
    student: Sequence[str],
    zeroshot: Sequence[str],
    as_is: Figures,
    cut: Figures,
    judgement: Judgement,
) -> dict[str, object]:
    """How much of a student's lead over zero-shot answers their length explains, in ROUGE-1.

    Args:
        student: its summaries.
        zeroshot: the teacher's.
        as_is: (articles, MEASURES), the student's points minus those of the teacher's summaries.
        cut: the same with the teacher's summaries cut by `cut_like`.
        judgement: resamples and seed of the intervals.

    Returns:
        What metrics/length.json holds of the student. `explained` is there if the F1 differ beyond
        their interval; `correlation`, Spearman's, if lengths and differences vary.
    """
    lengths, others = (np.array([*map(count_words, texts)], float) for texts in (student, zeroshot))
    found = {"as_is": _summarize(as_is, judgement), "cut": _summarize(cut, judgement)}
    explained = {}
    if found["as_is"]["f1_low"] > 0 or found["as_is"]["f1_high"] < 0:
        share = 1 - found["cut"]["f1"] / found["as_is"]["f1"]
        explained = {"explained": round_figure(100 * share)}
    correlation = correlate_ranks(others - lengths, as_is[:, MEASURES.index("f1")])
    return {
        "words": round_figure(lengths.mean()),
        "zeroshot_words": round_figure(others.mean()),
        **found,
        **explained,
        **({} if correlation is None else {"correlation": round_figure(correlation)}),
    }


def _summarize(differences: Figures, judgement: Judgement) -> dict[str, float]:
    means = dict(zip(MEASURES, map(round_figure, differences.mean(axis=0)), strict=True))
    f1 = differences[:, MEASURES.index("f1")].tolist()
    low, high = interval(f1, judgement.resamples, judgement.seed)
    return {**means, "f1_low": round_figure(low), "f1_high": round_figure(high)}


def correlate_ranks(first: Figures, second: Figures) -> float | None:
    """Spearman's rank correlation; None where one of both does not vary."""
    import pandas as pd

    ranks = pd.DataFrame({"first": first, "second": second}).rank()
    if (ranks.nunique() < 2).any():
        return None
    return float(ranks["first"].corr(ranks["second"]))
