"""What the machine offers: a GPU or cores, bfloat16, an allocator that keeps what it has."""

import ctypes
import os

from understudy.contract.params.training import Precision

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
NEVER = 2**31 - 1
LARGE = 2**30


def keep_memory() -> None:
    """Has the C library keep freed memory for the next step, in huge pages where there are any.

    Each step frees and wants the same gigabytes again; giving them back to the system in between
    costs a third of a step on a CPU. To be called before torch takes its first memory; does
    nothing where the C library is not glibc.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_TRIM_THRESHOLD, NEVER)


def has_gpu() -> bool:
    """Whether torch sees a CUDA device."""
    import torch

    return bool(torch.cuda.is_available())


def name_device() -> str:
    """The GPU's name, or cpu."""
    import torch

    return str(torch.cuda.get_device_name()) if has_gpu() else "cpu"


def uses_bfloat16(precision: Precision) -> bool:
    """Whether to compute in bfloat16: as told, or where the hardware multiplies it natively.

    float16 is no choice: T5's activations overflow in it.
    """
    import torch

    if precision != "auto":
        return precision == "bfloat16"
    if has_gpu():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def lacks_memory(error: BaseException) -> bool:
    """Whether torch, CTranslate2 or Python failed for want of memory."""
    told = str(error)
    return isinstance(error, MemoryError) or "out of memory" in told or "allocate memory" in told
