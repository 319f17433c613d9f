"""The params sections `train-t5` and `train-bart`."""

from typing import Literal, get_args

from pydantic import Field

from understudy.core.params import Section

Source = Literal["gold", "written"]
"""Whose pairs a student learns from."""
SOURCES: tuple[Source, ...] = get_args(Source)
Precision = Literal["auto", "bfloat16", "float32"]


class TrainParams(Section):
    """How one student is trained; the same for each source."""

    model: str = Field(default="tiny", min_length=1)
    """`tiny` (small, random weights, made here), a Hub id, or a local folder."""
    revision: str | None = Field(default=None, min_length=1)
    """Branch, tag or commit of a Hub id; null otherwise."""
    seed: int = Field(default=13, ge=0)
    """Seed of the order of examples, of dropout and of `tiny`'s weights."""
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
