"""The params sections `train-t5` and `train-bart`, and what is left of them for one model."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from understudy.core.params import Section

Precision = Literal["auto", "bfloat16", "float32"]
Seed = Annotated[int, Field(ge=0)]


def _are_different(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("expected each seed once")
    return seeds


Seeds = Annotated[list[Seed], AfterValidator(_are_different)]


class TrainingSettings(Section):
    """How a student learns; the same for each source and seed."""

    epochs: float = Field(default=5.0, gt=0)
    """Passes over the training pairs. By default as in the paper profile, whose validation loss is
    flat by then."""
    max_steps: int | None = Field(default=None, gt=0)
    """Optimizer steps at most; null for as many as the epochs take."""
    batch_size: int = Field(default=64, gt=0)
    """Examples per optimizer step, whatever the number of processes and passes. The default suits
    pre-trained models and tens of thousands of pairs; `tiny` learns more from 4 or 8."""
    tokens_per_pass: int = Field(default=4096, gt=0)
    """Article and highlight tokens, padding included, that go through the model at once: what
    limits memory. A step takes as many passes as it needs, and learns from the same examples; only
    dropout, which is drawn for each pass, falls differently."""
    processes: int = Field(default=1, gt=0)
    """Training processes on this machine, one per GPU, or sharing the cores."""
    threads: int | None = Field(default=None, gt=0)
    """Threads of a process on the CPU; null for all cores. Sums are rounded in another order with
    another number, and training ends with other weights."""
    precision: Precision = "auto"
    """bfloat16, float32, or auto: bfloat16 where the hardware multiplies it natively."""
    compile: bool = False
    """Prepare the model with torch.compile first: minutes that a long run on a GPU may earn
    back."""
    learning_rate: float = Field(default=0.00005, gt=0, lt=1)
    """The peak, after warm-up; it then falls linearly to zero. The default suits pre-trained BART,
    which forgets what it knows at higher rates; T5 takes 0.0005, and `tiny`, which knows nothing,
    0.0015 to 0.003."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of the steps over which the learning rate rises."""
    weight_decay: float = Field(default=0.01, ge=0)
    """AdamW's; biases and norms have none."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    """Share of each target that is spread over all tokens."""
    max_input_tokens: int = Field(default=512, gt=1)
    """Longer articles are cut, and counted."""
    max_target_tokens: int = Field(default=96, gt=1)
    """Longer highlights are cut, and counted."""
    validations: int = Field(default=4, gt=0)
    """How often validation loss is measured and a checkpoint written, evenly over the run; the
    best one is kept."""
    patience: int | None = Field(default=None, gt=0)
    """Validations without a better loss after which training ends; null for the whole run."""


class TrainParams(TrainingSettings):
    """What one model's training depends on, its pairs aside."""

    model: str = Field(default="tiny", min_length=1)
    revision: str | None = Field(default=None, min_length=1)
    seed: Seed = 13


class StudentParams(Section):
    """One student: what it starts from, and how each of its models is trained."""

    model: str = Field(default="tiny", min_length=1)
    """`tiny` (small, random weights, made here), a Hub id, or a local folder."""
    revision: str | None = Field(default=None, min_length=1)
    """Branch, tag or commit of a Hub id; null otherwise."""
    seeds: Seeds = Field(default=[13], min_length=1)
    """A model is trained for each, on each source; the one with the best validation loss ships.
    With two or more, verdicts also speak of the recipe: whether they would survive a retrain. A
    seed decides on the order of examples, on dropout and on `tiny`'s weights."""
    settings: TrainingSettings = Field(default_factory=TrainingSettings)
    """The training settings."""

    def run(self, seed: int) -> TrainParams:
        """What the training of one seed depends on."""
        return TrainParams(
            model=self.model, revision=self.revision, seed=seed, **dict(self.settings)
        )
