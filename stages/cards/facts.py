"""What a model card tells, as the other stages have written it down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict

from understudy.contract.document import Record
from understudy.contract.origin import Origin
from understudy.contract.params.decoding import DecodingParams


class TrainedWith(Record):
    """The params section as it was used; the card shows the other keys as they are."""

    model_config = ConfigDict(extra="allow")

    model: str
    seed: int
    max_input_tokens: int
    max_target_tokens: int


class Examples(Record):
    """How many pairs a student learned from, and chose its checkpoint by."""

    train: int
    validation: int


class CutTexts(Record):
    """Texts that were longer than allowed."""

    articles: int
    highlights: int


class Cut(Record):
    """The same per split."""

    train: CutTexts


class Settings(Record):
    """settings.json of a model folder."""

    family: Literal["t5", "bart"]
    source: Literal["gold", "written"]
    params: TrainedWith
    commit: str | None
    """Of the Hub's repository that the weights started from."""
    parameters: int
    versions: dict[str, str]
    examples: Examples
    cut: Cut
    best_step: int
    best_validation_loss: float


class Conversion(Record):
    """ctranslate2/check.json of a model folder."""

    passed: bool
    quantization: str
    rows: int
    tokens: int
    mean_difference: float | None
    """Of log-probabilities, in nats a token."""
    largest_difference: float | None
    limit: float | None
    why: str | None


class Measures(Record):
    """One ROUGE type, in points from 0 to 100, with the 95% interval of F1."""

    recall: float
    precision: float
    f1: float
    f1_low: float
    f1_high: float


class Scores(Record):
    """One system in metrics/systems.json."""

    rouge1: Measures
    rouge2: Measures
    rougel: Measures
    rougelsum: Measures
    words: float


class Rows(Record):
    """A split in metrics/dataset.json."""

    read: int
    kept: int


class Dataset(Record):
    """metrics/dataset.json."""

    train: Rows
    test: Rows


class Answers(Record):
    """A split in metrics/generated.json."""

    asked: int
    kept: int
    dropped: dict[str, int]


class Generated(Record):
    """metrics/generated.json."""

    train: Answers
    validation: Answers


class Calls(Record):
    """One use of the teacher in metrics/teacher.json."""

    model: str
    """As the endpoint named it."""
    failed: int


class Teacher(Record):
    """metrics/teacher.json."""

    generate: Calls
    zeroshot: Calls


@dataclass(frozen=True)
class Facts:
    """All that a card says."""

    system: str
    settings: Settings
    conversion: Conversion
    scores: Mapping[str, Scores]
    """Of this system, zeroshot and lead-3."""
    origin: Origin
    dataset: Dataset
    generated: Generated
    teacher: Teacher
    base_url: str
    teacher_model: str
    """As params.yaml names it."""
    max_characters: Mapping[str, int]
    """That articles of each source stay below; test articles are as those of gold."""
    decoding: DecodingParams
