"""evaluate of a classification, from planted answers to every file that it writes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from stages.evaluate.__main__ import main
from stages.worth import weigh
from tests.contract.payback_examples import make_latencies
from tests.stages.evaluated import PRICES, make_calls, read
from understudy.contract.answered import AnswerCounts, Answered
from understudy.contract.classes import (
    NO_LABEL,
    RELIABILITY,
    ConfusionLine,
    LabelNoise,
    ReliabilityLine,
    confusion_path,
)
from understudy.contract.document import read_csv
from understudy.contract.evaluation import (
    Gap,
    LabelDifference,
    LabelGap,
    LabelScores,
    OneSource,
    Systems,
)
from understudy.contract.kind import CLASSIFICATION
from understudy.contract.lineup import Lineup
from understudy.contract.params.payback import WorthParams
from understudy.contract.params.teacher import Prices
from understudy.contract.predictions import predictions_path, seed_predictions_path
from understudy.contract.recipes import RecipeGap, Recipes
from understudy.contract.timing import StudentLatency
from understudy.contract.trained import TrainedSeeds
from understudy.core.errors import DataError

LABELS = ["billing", "order, late", "Größe", "NA", "never said", "never seen"]
"""`never said` has no row and the teacher answers it never; `never seen` is only answered."""
WORDS = {"billing": "invoice", "order, late": "parcel", "Größe": "size", "NA": "hello"}
ROWS, SEEDS = 120, (13, 14)
Scores = Callable[[str], LabelScores]


def make_rows(split: str, count: int) -> pd.DataFrame:
    """Texts with a word of their label; nine of twelve are of the first."""
    labels = [LABELS[max(0, at % 12 - 8)] for at in range(count)]
    texts = [f"{WORDS[label]} of case {at}" for at, label in enumerate(labels)]
    return pd.DataFrame(
        {"id": [f"{split}-{at}" for at in range(count)], "text": texts, "label": labels}
    )


def err(labels: list[str], every: int, other: str | None = "never seen") -> list[Any]:
    """The same labels, but that each so-manieth is another."""
    return [other if at % every == every - 1 else label for at, label in enumerate(labels)]


def save(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(path)


def fill(folder: Path, **params: Any) -> None:
    """What the command reads; the params are of the section task."""
    test, train = make_rows("test", ROWS), make_rows("train", 60)
    save(test, folder / "data/gold/test.parquet")
    for split, rows in (("train", train), ("validation", make_rows("validation", 12))):
        save(rows, folder / f"data/gold/{split}.parquet")
        said = rows.assign(label=err(list(rows["label"]), 10, "billing"))
        save(said.iloc[2:], folder / f"data/labelled/{split}.parquet")
        save(rows, folder / f"data/written/{split}.parquet")
    lineup = Lineup(kind=CLASSIFICATION)
    for at, system in enumerate(lineup.trained):
        for seed in SEEDS:
            labels = err(list(test["label"]), 4 + at + seed % 2)
            sure = np.linspace(0.5, 1, ROWS)
            table = pd.DataFrame({"id": test["id"], "prediction": labels, "confidence": sure})
            save(table, folder / seed_predictions_path(system, seed))
        runs = [{"seed": one, "best_validation_loss": 0.5, "seconds": 1.0} for one in SEEDS]
        trained = TrainedSeeds.model_validate({"shipped": 14, "runs": runs})
        trained.write(folder / TrainedSeeds.path_of(system))
    zeroshot = err(list(test["label"]), 30, "Billing, I think")
    zeroshot[0] = None
    unlisted = ["unlisted" if one == "Billing, I think" else None for one in zeroshot]
    reasons = ["failed", *unlisted[1:]]
    answers = pd.DataFrame(
        {"id": test["id"], "prediction": zeroshot, "reason": reasons, "confidence": None},
        dtype=object,
    )
    save(answers, folder / predictions_path("zeroshot"))
    counts = AnswerCounts(asked=3, kept=3, dropped={})
    for stage in ("generate", "label", "zeroshot"):
        splits = ("test",) if stage == "zeroshot" else ("train", "validation")
        answered = {"calls": make_calls(), **dict.fromkeys(splits, counts)}
        Answered.model_validate(answered).write(folder / Answered.path_of(stage))
    document = {
        "task": {"kind": "classification", "labels": LABELS, **params},
        "sources": ["gold", "written", "labelled"],
        "evaluate": {
            "source": "labelled", "stemmer": False, "words": "unicode", "resamples": 1000,
            "seed": 1, "margin": 2.0,
        },
        "teacher": {"prices": PRICES},
    }  # fmt: skip
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(document, file)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the command ran; tests only read it."""
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        fill(folder)
        main()
    return folder


@pytest.fixture
def scores(project: Path, monkeypatch: pytest.MonkeyPatch) -> Scores:
    """A system's scores, read in the project's folder."""
    monkeypatch.chdir(project)
    systems = Systems.load()

    def of(name: str) -> LabelScores:
        found = systems[name]
        assert isinstance(found, LabelScores)
        return found

    return of


def test_every_system_is_scored_on_the_rows_that_all_answered(scores: Scores) -> None:
    systems = Systems.load()
    assert systems.lineup == Lineup(kind=CLASSIFICATION)
    assert [name for name, _ in systems.items()] == list(systems.lineup.systems)
    rows = pd.read_parquet("data/scores.parquet")
    assert list(rows.columns) == ["id", "system", "labels_accuracy", "labels_balanced"]
    means = rows.groupby("system")[["labels_accuracy", "labels_balanced"]].mean()
    for name in systems.lineup.systems:
        one = scores(name)
        shown = [one.labels.accuracy, one.labels.balanced]
        assert shown == pytest.approx(list(means.loc[name]), abs=1e-4)
        assert sum(of.support for of in one.classes.values()) == ROWS - 1
        assert sum(of.answered for of in one.classes.values()) + one.unlisted == ROWS - 1
    assert scores("gbdt-gold").labels.accuracy == round(100 * (1 - 30 / 119), 4)
    assert scores("zeroshot").labels.accuracy == round(100 * (1 - 4 / 119), 4)
    assert (scores("zeroshot").unlisted, scores("zeroshot").ece) == (4, None)
    assert scores("keywords").labels.accuracy == 100
    majority = scores("majority")
    assert majority.labels.accuracy == round(100 * 89 / 119, 4)
    assert (majority.labels.balanced, majority.labels.balanced_low) == (25, 25)


def test_classes_without_rows_or_answers_are_told_apart(scores: Scores) -> None:
    classes = scores("gbdt-gold").classes
    assert list(classes) == ["billing", "order-late", "grosse", "na", "never-said", "never-seen"]
    assert classes["never-said"].model_dump(exclude_none=True) == {"support": 0, "answered": 0}
    assert classes["never-seen"].model_dump(exclude_none=True) == {
        "support": 0, "answered": 30, "precision": 0.0,
    }  # fmt: skip
    lines = read_csv(confusion_path("zeroshot"), ConfusionLine)
    assert len(lines) == ROWS - 1
    assert {line.predicted for line in lines} == {*LABELS[:4], NO_LABEL}  # NA is a label here
    right = sum(line.actual == line.predicted for line in lines)
    assert round(100 * right / len(lines), 4) == scores("zeroshot").labels.accuracy


def test_confidence_is_rated_where_a_system_has_some(scores: Scores) -> None:
    bins = read_csv(RELIABILITY, ReliabilityLine)
    own = [one for one in bins if one.system == "bert-gold"]
    assert {one.system for one in bins} == set(Lineup(kind=CLASSIFICATION).trained)
    assert sum(one.rows for one in own) == ROWS - 1
    gaps = sum(abs(one.confidence - one.accuracy) * one.rows for one in own)
    assert scores("bert-gold").ece == pytest.approx(gaps / (ROWS - 1), abs=1e-3)
    assert 0 < (scores("bert-gold").brier or 0) < 1


def test_pairs_are_compared_as_models_and_as_recipes(scores: Scores) -> None:
    gap, lineup = Gap.load(), Lineup(kind=CLASSIFICATION)
    assert [name for name, _ in gap.items()] == [f"{a}-minus-{b}" for a, b in lineup.pairs]
    found = gap["lstm-gold-minus-gbdt-gold"]
    assert isinstance(found, LabelGap)
    one, other = scores("lstm-gold"), scores("gbdt-gold")
    assert found.macro_f1 == pytest.approx(one.macro_f1 - other.macro_f1, abs=2e-4)
    assert found.macro_f1_low <= found.macro_f1 <= found.macro_f1_high
    judged = found.labels
    ahead = judged.first_only - judged.second_only
    assert judged.accuracy == round(100 * ahead / 119, 4)
    assert 0 < judged.mcnemar <= 1
    lead = gap["zeroshot-minus-majority"]["labels"]
    assert isinstance(lead, LabelDifference)
    assert (lead.verdict, lead.second_only) == ("better", 2)
    recipes = RecipeGap.load()["gbdt-labelled-minus-gbdt-gold"]["labels"]
    assert recipes.known == 1
    assert set(Recipes.load()["t5-gold"]["labels"].by_seed) == {"13", "14"}
    shown = OneSource.load(OneSource.path_of(CLASSIFICATION))
    assert [name for name, _ in shown.items()] == [
        *CLASSIFICATION.students, "zeroshot", "majority", "keywords",
    ]  # fmt: skip
    assert shown["bert"] == scores("bert-labelled")


def test_the_teachers_noise_is_counted_beside_what_it_costs(project: Path) -> None:
    noise = LabelNoise.load(project / LabelNoise.PATH)
    # two rows of each split are not labelled; a tenth of the others is called billing
    assert noise.rows == 60 + 12 - 4
    assert noise.differing == sum(one.differing for one in noise.classes.values())
    assert noise.differing == sum(one.rows for one in noise.confusions)
    assert {one.teacher for one in noise.confusions} == {"billing"}
    assert (noise.share_low or 0) < (noise.share or 0) < (noise.share_high or 0)
    gap = read(project, "gap")["bert-labelled-minus-bert-gold"]["labels"]
    cost = noise.cost["bert"]
    assert (cost.accuracy, cost.accuracy_low) == (-gap["accuracy"], -gap["accuracy_high"])
    assert noise.classes.keys() == {"billing", "order-late", "grosse", "na"}


def test_the_teachers_labels_are_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fill(tmp_path, keywords={"NA": ["hello"]})
    for split in ("train", "validation", "test"):
        path = Path(f"data/gold/{split}.parquet")
        save(pd.read_parquet(path).assign(label=None).astype({"label": "str"}), path)
    main()
    systems = Systems.load()
    assert (systems.references, "zeroshot" in systems.lineup.systems) == ("teacher", False)
    scores = systems["majority"]
    assert isinstance(scores, LabelScores)
    # the failed call and the four answers that are no label are references to nothing
    assert sum(one.support for one in scores.classes.values()) == ROWS - 5
    assert LabelNoise.load().model_dump(exclude_none=True)["rows"] == 0
    words = systems["keywords"]
    assert isinstance(words, LabelScores)
    assert (words.classes["na"].recall, words.classes["grosse"].recall) == (100, 0)


def test_a_label_that_params_lack_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fill(tmp_path)
    test = pd.read_parquet("data/gold/test.parquet")
    save(test.assign(label=err(list(test["label"]), 50, "refund")), Path("data/gold/test.parquet"))
    with pytest.raises(DataError, match="has the label 'refund', expected one of task"):
        main()


def test_students_are_weighed_by_labels(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    for system in Lineup(kind=CLASSIFICATION).trained:
        make_latencies()["t5-gold"].write(StudentLatency.path_of(system))
    found = weigh(WorthParams(machine_usd_per_hour=0.1), Prices(**PRICES))
    gap = Gap.load()["bert-gold-minus-zeroshot"]["labels"]
    one = found["bert-gold"]
    assert (one.accuracy_difference, one.f1_difference) == (gap.judged, None)
    assert (one.difference, one.model_verdict) == (gap.judged, gap.verdict)
    assert set(found.usd_per_seed) == set(CLASSIFICATION.students)
