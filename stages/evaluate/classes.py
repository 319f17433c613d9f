"""Scores labels: classes, confusion, confidence, baselines, and the teacher's own noise."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain

import numpy as np

from stages.evaluate.systems import Answers
from understudy.contract.classes import (
    ACCURACY,
    CONFUSIONS,
    NO_LABEL,
    RELIABILITY,
    AccuracyLine,
    ClassNoise,
    Confused,
    ConfusionLine,
    LabelNoise,
    NoiseCost,
    confusion_path,
    slugs,
)
from understudy.contract.document import write_csv
from understudy.contract.evaluation import REFERENCE, Gap, LabelScores, Systems, TextLength
from understudy.contract.lineup import Lineup, name_system
from understudy.contract.names import ZEROSHOT, name_pair
from understudy.contract.pairs import DATA, GOLD, LABELLED, LEARNING_SPLITS, TEST
from understudy.contract.params.evaluate import EvaluateParams
from understudy.contract.params.task import TaskParams
from understudy.contract.predictions import (
    CONFIDENCE,
    predictions_path,
    seed_predictions_path,
)
from understudy.core.errors import DataError
from understudy.core.files import remove_others
from understudy.core.params import load_section
from understudy.core.tables import list_columns, read_table
from understudy.scoring.baselines import answer_by_keywords, choose_majority, learn_keywords
from understudy.scoring.bootstrap import Figures
from understudy.scoring.labels import (
    NONE,
    ClassBoard,
    bound_share,
    count_confusion,
    encode,
    expect_error,
    find_bins,
    mcnemar_p,
    rate_classes,
    score_brier,
    score_labels,
)
from understudy.scoring.scoreboard import Scoreboard
from understudy.texts.words import count_words

MOST_CONFUSED = 10


class Labels:
    """See `Scored`."""

    def __init__(self, answers: Answers, params: EvaluateParams) -> None:
        """See `Scored`."""
        task = load_section("task", TaskParams)
        self._labels, self._lineup = task.labels, answers.lineup
        self._names = slugs(task.labels)
        self._truth = encode(answers.expected, task.labels)
        if (self._truth == NONE).any():
            found = answers.expected[int((self._truth == NONE).argmax())]
            raise DataError(
                f"{TEST}: a row has the label {found!r}, expected one of task.labels; run "
                "`dvc repro filter`"
            )
        models = answers.models.assign(**_answer_baselines(answers, task))
        codes = {str(name): encode(list(models[name]), task.labels) for name in models}
        self.points = {
            name: score_labels(self._truth, given, len(task.labels))
            for name, given in codes.items()
        }
        self.said = {
            name: ["" if code == NONE else str(code) for code in given]
            for name, given in codes.items()
        }
        self._given = {system: codes[name] for system, name in answers.shipped.items()}
        self._sure = {name: _read_confidences(name, answers) for name in self._given}
        self._bins = {
            name: find_bins(name, self._sure[name], given == self._truth)
            for name, given in self._given.items()
        }
        self._board = ClassBoard(self._truth, self._given, len(task.labels), params.judgement)
        self._expected, self._shipped = answers.expected, answers.shipped

    def write(self, board: Scoreboard) -> Systems:
        """See `Scored`: confusion, reliability, accuracy, and the teacher's noise, too."""
        words = [count_words(label) for label in self._expected]
        reference = TextLength(words=sum(words) / len(words), empty=words.count(0))
        scores = {name: self._describe(name, board) for name in self._given}
        found = {**scores, REFERENCE: reference, "references": self._lineup.references}
        systems, gap = Systems.model_validate(found), self._compare(board)
        systems.write()
        gap.write()
        measure_noise(self._names, self._lineup, gap).write()
        self._write_confusions()
        write_csv(RELIABILITY, chain.from_iterable(self._bins.values()))
        lines = (
            AccuracyLine(
                system=name,
                accuracy=one.labels.accuracy,
                balanced=one.labels.balanced,
                macro_f1=one.macro_f1,
            )
            for name, one in scores.items()
        )
        write_csv(ACCURACY, lines)
        return systems

    def _describe(self, system: str, board: Scoreboard) -> LabelScores:
        given, sure = self._given[system], self._sure[system]
        _, low, high = self._board.balanced(system)
        measured = board.summarize(system)["labels"]
        measured |= {"balanced_low": low, "balanced_high": high}  # of classes drawn with their rows
        mean, *ends = self._board.macro_f1(system)
        right = given == self._truth
        classes = rate_classes(count_confusion(self._truth, given, len(self._labels)))
        return LabelScores.model_validate(
            {
                "labels": measured,
                **dict(
                    zip(("macro_f1", "macro_f1_low", "macro_f1_high"), (mean, *ends), strict=True)
                ),
                "unlisted": int((given == NONE).sum()),
                "ece": expect_error(self._bins[system]),
                "brier": score_brier(sure, right),
                "classes": dict(zip(self._names.values(), classes, strict=True)),
            }
        )

    def _compare(self, board: Scoreboard) -> Gap:
        pairs = self._lineup.pairs
        said = {system: self.said[name] for system, name in self._shipped.items()}
        gap = board.compare(pairs, said)
        found = {}
        for first, second in pairs:
            one, other = (self._given[name] == self._truth for name in (first, second))
            alone = int((one & ~other).sum()), int((other & ~one).sum())
            counts = {"first_only": alone[0], "second_only": alone[1], "mcnemar": mcnemar_p(*alone)}
            mean, low, high = self._board.macro_f1_difference(first, second)
            name = name_pair(first, second)
            found[name] = {
                "labels": {**gap[name]["labels"], **counts},
                "macro_f1": mean, "macro_f1_low": low, "macro_f1_high": high,
            }  # fmt: skip
        return Gap.model_validate(found)

    def _write_confusions(self) -> None:
        remove_others(CONFUSIONS, [*self._given], lambda name: "." not in name)
        for name, given in self._given.items():
            answers = (NO_LABEL if code == NONE else self._labels[code] for code in given)
            lines = (
                ConfusionLine(actual=actual, predicted=predicted)
                for actual, predicted in zip(self._expected, answers, strict=True)
            )
            write_csv(confusion_path(name), lines)


def _answer_baselines(answers: Answers, task: TaskParams) -> dict[str, list[str]]:
    """What the baselines answer; both learn from training pairs."""
    kind = answers.lineup.kind
    texts, labels = read_training(answers.lineup)
    majority = choose_majority(labels, task.labels)
    keywords = task.keywords or learn_keywords(texts, labels)
    given = list(answers.test[kind.input])
    by_words = answer_by_keywords(given, keywords, majority)
    return dict(zip(kind.baselines, ([majority] * len(given), by_words), strict=True))


def read_training(lineup: Lineup) -> tuple[list[str], list[str]]:
    """Training texts with their labels: gold ones, or without any labelled or written ones."""
    kind = lineup.kind
    for source in ("gold", *reversed(lineup.sources)):
        table = read_table(DATA / source / "train.parquet", kind.columns).dropna()
        if len(table):
            break
    return list(table[kind.input]), list(table[kind.output])


def _read_confidences(system: str, answers: Answers) -> Figures:
    """How sure a system was of each answer as it ships; NaN where it does not say."""
    if system in answers.trained:
        path = seed_predictions_path(system, answers.trained[system].shipped)
    elif system == ZEROSHOT:
        path = predictions_path(system)
    else:
        return np.full(len(answers.test), np.nan)
    if CONFIDENCE not in list_columns(path):
        return np.full(len(answers.test), np.nan)
    column = read_table(path, (CONFIDENCE,))[CONFIDENCE].astype("float64")
    return np.array(column.loc[answers.test.index], dtype=np.float64)


def measure_noise(names: Mapping[str, str], lineup: Lineup, gap: Gap) -> LabelNoise:
    """How the teacher's labels differ from gold ones where both are known, and what that costs.

    Args:
        names: the slug of each label.
        lineup: who is compared.
        gap: every pair's difference.
    """
    pairs = list(_read_both(lineup)) if "labelled" in lineup.sources else []
    known = Counter(gold for gold, _ in pairs)
    confused = Counter((gold, said) for gold, said in pairs if gold != said)
    differing = Counter(gold for gold, _ in confused.elements())
    shares: dict[str, float] = {}
    if pairs:
        low, high = bound_share(confused.total(), len(pairs))
        ends = (confused.total() / len(pairs), low, high)
        keys = ("share", "share_low", "share_high")
        shares = {key: 100 * share for key, share in zip(keys, ends, strict=True)}
    return LabelNoise(
        rows=len(pairs),
        differing=confused.total(),
        **shares,
        classes={
            names[label]: ClassNoise(
                rows=known[label],
                differing=differing[label],
                share=100 * differing[label] / known[label],
            )
            for label in names
            if known[label]
        },
        confusions=[
            Confused(gold=gold, teacher=said, rows=rows)
            for (gold, said), rows in confused.most_common(MOST_CONFUSED)
        ],
        cost=dict(_find_costs(lineup, gap)),
    )


def _read_both(lineup: Lineup) -> Iterator[tuple[str, str]]:
    """Yields the gold label and the teacher's of each labelled pair that has both."""
    columns = (lineup.kind.columns[0], lineup.kind.output)
    for split in LEARNING_SPLITS:
        gold = read_table(GOLD / f"{split}.parquet", columns).dropna()
        own = dict(zip(gold["id"], gold[columns[1]], strict=True))
        said = read_table(LABELLED / f"{split}.parquet", columns)
        for identity, label in zip(said["id"], said[columns[1]], strict=True):
            if identity in own:
                yield own[identity], label


def _find_costs(lineup: Lineup, gap: Gap) -> Iterator[tuple[str, NoiseCost]]:
    """Yields what each student that learned from both sources lost by the teacher's labels."""
    if not {"gold", "labelled"} <= set(lineup.sources):
        return
    for student in lineup.kind.students:
        pair = name_pair(*(name_system(student, source) for source in ("labelled", "gold")))
        mean, low, high = gap[pair][lineup.kind.main].interval()
        yield student, NoiseCost(accuracy=-mean, accuracy_low=-high, accuracy_high=-low)
