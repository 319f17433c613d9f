"""What a beam search found: the token ids of its best summary, and how sure it was of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

NAN = float("nan")
AT_ONCE = 8
"""Summaries in a pass: each needs memory for the vocabulary at each of its tokens."""


@dataclass(frozen=True)
class Hypothesis:
    """The best summary of one text, or its label."""

    ids: list[int]
    """Of its tokens, special ones included where the engine tells them; of a label its number."""
    log_probability: float = NAN
    """Mean over its tokens, the end token among them; NaN where it was not asked for. Of a label
    the sum: what exp makes of it is the label's probability."""
    margin: float = NAN
    """That minus the same of the second best beam, or label; NaN where there is none."""
    second: tuple[int, ...] = ()
    """The ids of the second best beam, where there is one."""


def rate_beams(ids: list[int], means: Sequence[float], second: Sequence[int] = ()) -> Hypothesis:
    """Joins the best summary with the mean log-probabilities of the best beams, in their order."""
    if len(means) < 2:
        return Hypothesis(ids, means[0])
    return Hypothesis(ids, means[0], means[0] - means[1], tuple(second))


def undo_penalty(score: float, tokens: int, length_penalty: float, max_tokens: int) -> float:
    """The mean log-probability a token, from the score by which CTranslate2 ranks beams.

    A score is the sum of the tokens' log-probabilities divided by their number to the power of the
    length penalty. The end token counts, but is not among the tokens; a summary that reached
    max_tokens was cut before it.

    Args:
        score: of one beam.
        tokens: of that beam.
        length_penalty: and
        max_tokens: of the section `predict`.
    """
    counted = tokens if tokens >= max_tokens else tokens + 1
    return float(score * float(counted) ** (length_penalty - 1))


def mean_log_probabilities(
    model: Any, inputs: Mapping[str, "Tensor"], generated: "Tensor", max_tokens: int
) -> list[float]:
    """The mean log-probability a token of summaries, their end token included: one more pass.

    `generate` would tell it only along with the scores of the whole vocabulary at every step, which
    is more memory than the model takes.

    Args:
        model: what wrote them.
        inputs: `input_ids` and `attention_mask` of the texts.
        generated: (summaries, tokens), from the decoder's start token on, padded at the end; as
            many in a row to each text.
        max_tokens: a summary so long ends because it must, so that its end token does not count.
    """
    import torch

    each, means = len(generated) // len(inputs["input_ids"]), list[float]()
    for start in range(0, len(generated), AT_ONCE):
        part = generated[start : start + AT_ONCE]
        texts = [row // each for row in range(start, start + len(part))]
        with torch.inference_mode():
            logits = model(
                input_ids=inputs["input_ids"][texts],
                attention_mask=inputs["attention_mask"][texts],
                decoder_input_ids=part[:, :-1],
            ).logits
        written = part[:, 1:, None]
        each_token = logits.float().log_softmax(-1).gather(-1, written)[..., 0]
        counted = _count(part[:, 1:], model.generation_config.eos_token_id, max_tokens)
        sums = (each_token * counted).sum(-1) / counted.sum(-1).clamp(min=1)
        means += sums.tolist()
    return means


def _count(written: "Tensor", end: Any, max_tokens: int) -> "Tensor":
    """Which tokens count: those up to the end token, and it, unless it is at max_tokens."""
    import torch

    ends = torch.isin(written, torch.tensor(end, device=written.device))
    after = ends.cumsum(-1) - ends.long()
    counted = after == 0
    counted[:, max_tokens - 1 :] &= ~ends[:, max_tokens - 1 :]
    return counted
