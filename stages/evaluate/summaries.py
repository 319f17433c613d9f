"""Scores summaries: ROUGE, and what it does not see."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from stages.evaluate.systems import Answers, Said, check_words
from understudy.contract.document import write_csv
from understudy.contract.evaluation import (
    PLOT,
    REFERENCE,
    Gap,
    PlotLine,
    Systems,
    SystemScores,
    TextLength,
)
from understudy.contract.lineup import Lineup
from understudy.contract.names import ZEROSHOT
from understudy.contract.params.evaluate import EvaluateParams, Words
from understudy.contract.texts import LengthEffects, Texts
from understudy.scoring.bootstrap import Figures
from understudy.scoring.length import cut_like, explain_by_length
from understudy.scoring.scoreboard import Scoreboard
from understudy.texts.traits import measure_traits
from understudy.texts.words import count_words


class Summaries:
    """See `Scored`."""

    def __init__(self, answers: Answers, params: EvaluateParams) -> None:
        """See `Scored`."""
        check_words(answers, params.words)
        self._articles, self._expected = list(answers.test["article"]), answers.expected
        self._lineup, self._params = answers.lineup, params
        self._shipped = answers.shipped
        self.said = {str(name): list(answers.models[name]) for name in answers.models}
        self.points = score(answers.models, self._expected, params.stemmer, words=params.words)

    def write(self, board: Scoreboard) -> Systems:
        """See `Scored`: traits of the texts, the effect of their lengths, and the plot, too."""
        said = {system: self.said[name] for system, name in self._shipped.items()}
        rows = {system: self.points[name] for system, name in self._shipped.items()}
        scores = {
            name: SystemScores.model_validate(
                {**board.summarize(name), **dict(measure_lengths(texts))}
            )
            for name, texts in said.items()
        }
        reference = measure_lengths(self._expected)
        found = {**scores, REFERENCE: reference, "references": self._lineup.references}
        systems = Systems.model_validate(found)
        systems.write()
        Gap.model_validate(board.compare(self._lineup.pairs, said)).write()
        traits = {
            name: measure_traits(self._articles, texts)
            for name, texts in {**said, REFERENCE: self._expected}.items()
        }
        Texts.model_validate(traits).write()
        explain_lengths(said, self._expected, rows, self._lineup, self._params).write()
        lines = (
            PlotLine(system=name, metric=kind, f1=found[kind].judged)
            for name, found in systems.items()
            for kind in self._lineup.kind.types
        )
        write_csv(PLOT, lines)
        return systems


def score(
    predictions: pd.DataFrame,
    references: Sequence[str],
    stemmer: bool,
    kinds: Sequence[str] | None = None,
    words: Words = "english",
) -> dict[str, Figures]:
    """Scores every system (a column each), row by row.

    Returns:
        Arrays (articles, COLUMNS), or fewer columns where fewer ROUGE types are asked for.
    """
    from understudy.scoring.rouge import Rouge

    rows = Rouge(keep_in_memory=True).compute(
        predictions=[text for system in predictions for text in predictions[system]],
        references=list(references) * len(predictions.columns),
        stemmer=stemmer,
        aggregate=False,
        kinds=kinds,
        words=words,
    )
    columns = [values for measures in rows.values() for values in measures.values()]
    split = np.split(np.array(columns).T, len(predictions.columns))
    return dict(zip(predictions.columns, split, strict=True))


def explain_lengths(
    predictions: Said,
    references: Sequence[str],
    rows: Mapping[str, Figures],
    lineup: Lineup,
    params: EvaluateParams,
) -> LengthEffects:
    """Each student beside zero-shot answers as they are and cut to its own length.

    Nothing where zero-shot is no system of the lineup.
    """
    if ZEROSHOT not in lineup.systems:
        return LengthEffects.model_validate({})
    cut = pd.DataFrame(
        {
            name: list(map(cut_like, predictions[ZEROSHOT], predictions[name]))
            for name in lineup.trained
        }
    )
    scores = score(cut, references, params.stemmer, ["rouge1"], params.words)
    return LengthEffects.model_validate(
        {
            name: explain_by_length(
                predictions[name],
                predictions[ZEROSHOT],
                rows[name][:, :3] - rows[ZEROSHOT][:, :3],
                rows[name][:, :3] - scores[name],
                params.judgement,
            )
            for name in lineup.trained
        }
    )


def measure_lengths(texts: Sequence[str]) -> TextLength:
    """Mean length in words, lone punctuation left out, and how many texts are empty."""
    words = [count_words(text) for text in texts]
    return TextLength(words=sum(words) / len(words), empty=words.count(0))
