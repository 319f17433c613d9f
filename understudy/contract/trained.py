"""What train-* write beside the weights: settings.json, time taken, and the learning curve."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from understudy.contract.document import Count, Document, Metrics, Record
from understudy.contract.params.classifying import BertRun, GbdtRun, LstmRun
from understudy.contract.params.sources import Source
from understudy.contract.params.training import TrainParams

CURVES = Path("metrics/curves")
"""One file a system, SYSTEM.csv, with a line a validation and the columns of CurvePoint: that of
the model that ships."""
CURVE = "curve.csv"
"""The same in the folder of each seed."""
STUDENTS_FOLDER = Path("metrics/students")
"""One file a system, as TrainedSeeds says."""

FIVE_DIGITS = AfterValidator(lambda loss: round(float(loss), 5))
Loss = Annotated[float, FIVE_DIGITS]
"""In nats a token. Training ends with an error where the validation loss is no number."""


class CurvePoint(Record):
    """One line of a learning curve."""

    step: Count
    epoch: float
    train_loss: Annotated[float, Field(allow_inf_nan=True), FIVE_DIGITS]
    """Mean over the steps since the line before; no number if that of a single step was none."""
    validation_loss: Loss


class ExampleCounts(Record):
    """How many pairs a student learned from, and chose its checkpoint by."""

    train: Count
    validation: Count


class CutTexts(Record):
    """How many texts were longer than allowed."""

    inputs: Count
    outputs: Count = 0
    """A label is none that could be cut."""


class CutCounts(Record):
    """The same of each split."""

    train: CutTexts
    validation: CutTexts


class LostTexts(Record):
    """How many texts have something that the student's tokenizer cannot spell."""

    unknown: Count
    """Those with characters that became its unknown token."""
    line_breaks: Count
    """Those whose line breaks became spaces."""
    changed: Count
    """Those with characters that became others, as … became three full stops."""
    characters: str
    """The characters that the most texts lose, separated by spaces."""


class LostPairs(Record):
    """The same of both kinds."""

    inputs: LostTexts
    outputs: LostTexts


class LostCounts(Record):
    """The same of each split."""

    train: LostPairs
    validation: LostPairs


class TrainingRun(Document):
    """models/seeds/SYSTEM/SEED.json: what training took.

    No two runs agree on it, so it lies beside the model folder: nothing is decoded again for it.
    """

    seconds: Annotated[float, Field(ge=0), AfterValidator(lambda seconds: round(seconds, 1))]
    """Wall time of training and validation, of all runs of which one went on from another."""
    device: str

    @staticmethod
    def path_beside(model: Path) -> Path:
        """Where the file of a seed's model folder is."""
        return model.with_name(f"{model.name}.json")


class SeedRun(Record):
    """One trained model of a student."""

    seed: Count
    best_validation_loss: Loss
    seconds: float
    """What its training took."""


class TrainedSeeds(Metrics):
    """metrics/students/SYSTEM.json: all models that were trained, and the one that ships."""

    shipped: Count
    """The seed with the lowest validation loss; the first of them in params.yaml on a tie."""
    runs: list[SeedRun] = Field(min_length=1)
    """In the order of params.yaml."""

    @staticmethod
    def path_of(system: str) -> Path:
        """Where a system's file is."""
        return STUDENTS_FOLDER / f"{system}.json"


class TrainedSettings(Document):
    """settings.json of a model folder: how the weights came about."""

    system: str
    family: str
    """gbdt, lstm, bert, t5 or bart."""
    labels: list[str] | None = None
    """The classes of a student that answers one of them, in the order of its ids."""
    source: Source
    params: TrainParams | GbdtRun | LstmRun | BertRun
    commit: str | None = None
    """Commit of the Hub repository that the weights started from."""
    parameters: Count
    """Weights of a network; leaves of the trees and coefficients of the linear model before
    them."""
    device: str
    versions: dict[str, str]
    """Library versions."""
    examples: ExampleCounts
    cut: CutCounts
    lost: LostCounts | None = None
    """Files of older versions have none, nor have students that do not write."""
    steps: Count
    """Of the optimizer, or rounds of trees."""
    best_step: Count
    best_validation_loss: Loss

    @property
    def start(self) -> str | None:
        """`tiny`, a Hub id or a folder; None for a student that has no weights to start from."""
        return self.params.model if isinstance(self.params, TrainParams | BertRun) else None

    @staticmethod
    def path_in(model: Path) -> Path:
        """Where a model folder has the file."""
        return model / "settings.json"
