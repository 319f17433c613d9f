"""The params sections `train-t5` and `train-bart`."""

from typing import Literal

from pydantic import Field

from understudy.core.params import Section

Precision = Literal["auto", "bfloat16", "float32"]


class TrainParams(Section):
    """How one student is trained; the same for each source."""

    model: str = Field(min_length=1)
    """`tiny` (small, random weights, made here), a Hub id, or a local folder."""
    revision: str | None = Field(min_length=1)
    """Branch, tag or commit of a Hub id; null otherwise."""
    seed: int = Field(ge=0)
    epochs: float = Field(gt=0)
    max_steps: int | None = Field(gt=0)
    """Optimizer steps at most; null for as many as the epochs take."""
    batch_size: int = Field(gt=0)
    """Examples per optimizer step, whatever the number of processes and passes."""
    tokens_per_pass: int = Field(gt=0)
    """Article and highlight tokens, padding included, that go through the model at once: what
    limits memory. A step takes as many passes as it needs, and learns from the same examples; only
    dropout, which is drawn pass by pass, falls otherwise."""
    processes: int = Field(gt=0)
    """Training processes on this machine, one a GPU, or sharing the cores."""
    precision: Precision
    """bfloat16, float32, or auto: bfloat16 where the hardware multiplies it natively."""
    compile: bool
    """Whether torch.compile prepares the model first: minutes that a long run on a GPU may earn
    back."""
    learning_rate: float = Field(gt=0, lt=1)
    """The peak, after warm-up; it then falls linearly to zero."""
    warmup: float = Field(ge=0, lt=1)
    """Share of the steps over which the learning rate rises."""
    weight_decay: float = Field(ge=0)
    label_smoothing: float = Field(ge=0, lt=1)
    max_input_tokens: int = Field(gt=1)
    """Longer articles are cut, and counted."""
    max_target_tokens: int = Field(gt=1)
    """Longer highlights are cut, and counted."""
    validations: int = Field(gt=0)
    """How often validation loss is measured and a checkpoint written, evenly over the run; the
    best one is kept."""
    patience: int | None = Field(gt=0)
    """Validations without a better loss after which training ends; null for the whole run."""
