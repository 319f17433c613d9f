"""Dropout and attention as a CPU trains them fastest.

torch draws a number for each element that may be dropped, one at a time, which takes a fifth of a
step; and its attention with dropout, or with a learned bias, checks for queries without any key,
which no pass has. The measurements are in docs/log.md.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

LEVELS = 2**16
"""A random word of 64 bits decides on four elements: a probability is met to within 2**-17."""


class CpuFunctions(TorchFunctionMode):  # type: ignore[misc]
    """Replaces `functional.dropout` and `scaled_dot_product_attention` while active."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Calls the function itself, or its replacement."""
        return REPLACEMENTS.get(func, func)(*args, **(kwargs or {}))


def drop_out(
    input: torch.Tensor,  # noqa: A002
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
) -> torch.Tensor:
    """Does what `torch.nn.functional.dropout` does, from random words instead of random bits.

    Seeded by torch's default generator, so that the same seed drops the same elements.
    """
    if not training or p == 0 or not input.numel():
        return input
    kept = draw_kept(input.shape, 1 - p)
    scale = 1 / (1 - p) if p < 1 else 0.0
    return input.mul_(kept).mul_(scale) if inplace else (input * kept) * scale


def draw_kept(shape: Sequence[int], share: float) -> torch.Tensor:
    """Draws a tensor of uint8 that is 1 with the probability `share`, otherwise 0."""
    seed = int(torch.randint(2**63 - 1, ()))
    count = math.prod(shape)
    words = np.random.SFC64(seed).random_raw(-(-count // 4))
    kept = words.view(np.uint16)[:count] < round(share * LEVELS)
    return torch.from_numpy(kept.view(np.uint8)).view(shape)


def attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """Does what `torch.nn.functional.scaled_dot_product_attention` does; each query needs a key.

    Calls torch's own where that has a kernel that keeps no weights: without dropout and without a
    learned bias.
    """
    learned = attn_mask is not None and attn_mask.requires_grad
    if enable_gqa or not (dropout_p or learned):
        return functional.scaled_dot_product_attention(
            query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
        )
    if scale is None:
        scale = query.shape[-1] ** -0.5
    scores = (query if scale == 1 else query * scale) @ key.transpose(-2, -1)
    lowest = torch.finfo(scores.dtype).min
    if is_causal:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
        scores = scores.masked_fill(~seen, lowest)
    elif attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, lowest)
    elif attn_mask is not None:
        scores = scores + attn_mask.to(scores.dtype)
    return drop_out(scores.softmax(-1), dropout_p) @ value


REPLACEMENTS: dict[Callable[..., Any], Callable[..., Any]] = {
    functional.dropout: drop_out,
    functional.scaled_dot_product_attention: attend,
}
