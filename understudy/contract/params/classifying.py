"""The params sections of the students that only classify: `train-gbdt`, `train-lstm`, `train-bert`.

T5 learns labels as it learns summaries: its section is in training.py.
"""

from typing import Literal

from pydantic import Field

from understudy.contract.params.training import Precision, Seed, Seeds, StudentParams
from understudy.core.params import Section

Weights = Literal["none", "balanced"]


class LearningSettings(Section):
    """What all three have."""

    class_weights: Weights = "none"
    """balanced: each class weighs the same in the loss, however many examples it has; none: each
    example does."""
    max_input_tokens: int = Field(default=256, gt=1)
    """Longer texts are cut here, and counted, in training and ever after. A token is a word for
    gbdt, a word or a punctuation mark for lstm, and one of the tokenizer's for bert."""
    threads: int | None = Field(default=None, gt=0)
    """Threads on the CPU; null for all cores."""


class BoostingSettings(LearningSettings):
    """LightGBM on tf-idf of words and characters, from the scores of a linear model on."""

    words: int = Field(default=100_000, gt=0)
    """Words and pairs of words that are known: the most frequent ones."""
    characters: int = Field(default=50_000, gt=0)
    """The same of 3 to 5 characters within a word."""
    linear: float = Field(default=4.0, gt=0)
    """How closely the linear model follows its examples: scikit-learn's C."""
    folds: int = Field(default=5, gt=1)
    """The trees start from what linear models say of examples that they have not learned from:
    so many models, each of which learned from the other folds."""
    features: int = Field(default=1000, gt=0)
    """Words and characters that the trees may ask about: those that tell most of the class."""
    embeddings: str | None = Field(default=None, min_length=1)
    """A sentence encoder such as MiniLM, a folder or a Hub id: what it makes of a text, the mean of
    its tokens' vectors, stands beside tf-idf, and it travels with the model; null for none."""
    embeddings_revision: str | None = Field(default=None, min_length=1)
    """Its commit, tag or branch on the Hub; null for the newest."""
    rounds: int = Field(default=200, gt=0)
    """Trees of each class at most."""
    learning_rate: float = Field(default=0.05, gt=0, lt=1)
    """How much of its tree each round adds."""
    leaves: int = Field(default=7, gt=1)
    """Of a tree, at most."""
    examples_a_leaf: int = Field(default=5, gt=0)
    """At least."""
    patience: int | None = Field(default=20, gt=0)
    """Rounds without a better validation loss after which training ends; null for all rounds."""


class NetworkSettings(LearningSettings):
    """What lstm and bert have: gradient descent with validations."""

    epochs: float = Field(default=4.0, gt=0)
    """Passes over the training pairs."""
    max_steps: int | None = Field(default=None, gt=0)
    """Optimizer steps at most; null for as many as the epochs take."""
    batch_size: int = Field(default=32, gt=0)
    """Examples of an optimizer step."""
    learning_rate: float = Field(default=0.00005, gt=0, lt=1)
    """The peak, after warm-up; it then falls linearly to zero."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of the steps over which the learning rate rises."""
    weight_decay: float = Field(default=0.01, ge=0)
    """AdamW's; biases and norms have none."""
    validations: int = Field(default=8, gt=0)
    """How often validation loss is measured and a checkpoint written, evenly over the run; the best
    one is kept."""
    patience: int | None = Field(default=3, gt=0)
    """Validations without a better loss after which training ends; null for the whole run."""
    precision: Precision = "auto"
    """bfloat16, float32, or auto: bfloat16 where the hardware multiplies it natively."""
    quantization: Literal["float32", "int8"] = "float32"
    """Of the ONNX model that answers. int8 has a fourth of the size, and is kept only where it
    gives as many validation texts the label of float32 as `equal_labels` says."""
    equal_labels: float = Field(default=0.98, ge=0, le=1)
    """Share of `check_rows` that int8 must label as float32 does."""
    check_rows: int = Field(default=200, gt=0)
    """Validation texts on which the ONNX model is compared with the trained one."""


class LstmSettings(NetworkSettings):
    """A bidirectional LSTM over words."""

    epochs: float = Field(default=8.0, gt=0)
    """Passes over the training pairs."""
    learning_rate: float = Field(default=0.002, gt=0, lt=1)
    """The peak, after warm-up; it then falls linearly to zero."""
    vocabulary: int = Field(default=20_000, gt=10)
    """Words that are known, in small letters: the most frequent of those that occur twice."""
    word_vectors: str | None = Field(default=None, min_length=1)
    """A text file with a word and its numbers a line, such as GloVe's, from which words start."""
    width: int = Field(default=100, gt=0)
    """Of the words' vectors, where there is no file."""
    states: int = Field(default=100, gt=0)
    """Of the LSTM, in each direction."""
    dropout: float = Field(default=0.5, ge=0, lt=1)
    """Before and after the LSTM."""
    precision: Precision = "float32"
    """As for bert; an LSTM is too small to gain from another."""


class BertSettings(NetworkSettings):
    """A pre-trained encoder with a head that tells the class."""

    quantization: Literal["float32", "int8"] = "int8"
    """Of the ONNX model that answers. int8 has a fourth of the size, and is kept only where it
    gives as many validation texts the label of float32 as `equal_labels` says."""


class GbdtRun(BoostingSettings):
    """What one model's training depends on, its pairs aside."""

    seed: Seed = 13


class LstmRun(LstmSettings):
    """What one model's training depends on, its pairs aside."""

    seed: Seed = 13


class BertRun(BertSettings):
    """What one model's training depends on, its pairs aside."""

    model: str = Field(default="tiny", min_length=1)
    revision: str | None = Field(default=None, min_length=1)
    seed: Seed = 13


class GbdtParams(Section):
    """Gradient-boosted trees: the smallest student, and the fastest."""

    seeds: Seeds = Field(default=[13], min_length=1)
    """A model is trained for each, on each source; the one with the best validation loss ships. A
    seed decides on the folds, and on the features that each tree sees."""
    settings: BoostingSettings = Field(default_factory=BoostingSettings)
    """The training settings."""

    def run(self, seed: int) -> GbdtRun:
        """What the training of one seed depends on."""
        return GbdtRun(seed=seed, **dict(self.settings))


class LstmParams(Section):
    """A small recurrent network of its own, trained from nothing or from word vectors."""

    seeds: Seeds = Field(default=[13], min_length=1)
    """A model is trained for each, on each source; the one with the best validation loss ships."""
    settings: LstmSettings = Field(default_factory=LstmSettings)
    """The training settings."""

    def run(self, seed: int) -> LstmRun:
        """What the training of one seed depends on."""
        return LstmRun(seed=seed, **dict(self.settings))


class BertParams(Section):
    """An encoder such as BERT, DistilBERT, MiniLM or ModernBERT."""

    model: str = Field(default="tiny", min_length=1)
    """`tiny` (small, random weights, made here), a Hub id, or a local folder."""
    revision: str | None = Field(default=None, min_length=1)
    """Branch, tag or commit of a Hub id; null otherwise."""
    seeds: Seeds = Field(default=[13], min_length=1)
    """A model is trained for each, on each source; the one with the best validation loss ships."""
    settings: BertSettings = Field(default_factory=BertSettings)
    """The training settings."""

    def run(self, seed: int) -> BertRun:
        """What the training of one seed depends on."""
        return BertRun(model=self.model, revision=self.revision, seed=seed, **dict(self.settings))


STUDENTS: dict[str, type[StudentParams | GbdtParams | LstmParams | BertParams]] = {
    "gbdt": GbdtParams,
    "lstm": LstmParams,
    "bert": BertParams,
    "t5": StudentParams,
    "bart": StudentParams,
}
"""What reads the section of a student, which is called `train-` and its name."""
