"""The machine: GPU or cores, bfloat16, and an allocator that keeps its memory."""

import ctypes
import os

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
NEVER = 2**31 - 1
LARGE = 2**30


def keep_memory() -> None:
    """Makes the C library keep freed memory for the next step, in huge pages where available.

    Each step frees and allocates the same gigabytes again; returning them to the system in between
    costs a third of a step on a CPU. Call it before torch allocates anything; it does nothing where
    the C library is not glibc.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_TRIM_THRESHOLD, NEVER)


def has_gpu() -> bool:
    """Tells whether torch sees a CUDA device."""
    import torch

    return bool(torch.cuda.is_available())


def name_device() -> str:
    """The GPU's name, or cpu."""
    import torch

    return str(torch.cuda.get_device_name()) if has_gpu() else "cpu"


def uses_bfloat16(precision: str) -> bool:
    """Decides by `bfloat16`, `float32`, or `auto`, which takes what the hardware does natively.

    float16 is no option: T5's activations overflow in it.
    """
    import torch

    if precision != "auto":
        return precision == "bfloat16"
    if has_gpu():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def lacks_memory(error: BaseException) -> bool:
    """Tells whether torch, CTranslate2 or Python ran out of memory."""
    text = str(error)
    return isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text
