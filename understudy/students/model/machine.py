"""The machine: GPU or cores, bfloat16, and an allocator that keeps its memory."""

import ctypes
import os
import sys
from pathlib import Path

from understudy.core.errors import StudentError, one_line
from understudy.core.hub import first_line

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
NEVER = 2**31 - 1
LARGE = 2**30
NODE = Path("/dev/nvidia0")
"""It is there where the system has an NVIDIA GPU with a driver."""
WAIT_VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
"""What the user may have set about threads that wait for the others."""
SHORT_SPIN = "1000"
"""Rounds, some 30 microseconds: about the pause between two operations of a small model."""
LOOK_SECONDS = 0.2
IDLE_CORES = 0.5
"""Other processes that use less of the cores in all do not count."""


def count_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share_cores() -> None:
    """Makes torch's threads spin little while they wait for each other, unless the user chose.

    They spin for milliseconds otherwise: beside any other process, which then waits for them as
    they do for it, training takes five to ten times as long. Short spins cost nothing alone; where
    the cores are busy now, threads sleep at once. torch reads it when it is imported: afterwards
    this does nothing.
    """
    import psutil

    if "torch" in sys.modules or os.environ.keys() & set(WAIT_VARIABLES):
        return
    busy = 100 - psutil.cpu_times_percent(LOOK_SECONDS).idle
    if busy / 100 * (os.cpu_count() or 1) > IDLE_CORES:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    else:
        os.environ["GOMP_SPINCOUNT"] = SHORT_SPIN


def limit_threads(threads: int) -> None:
    """Makes torch compute with so many threads on the CPU, also if it is imported already."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


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


def wastes_gpu() -> bool:
    """Tells whether the system has a GPU that nobody has hidden from this process."""
    return NODE.exists() and "CUDA_VISIBLE_DEVICES" not in os.environ


def check_gpu() -> None:
    """Multiplies on the GPU that torch sees: it may have no code for it, or no memory.

    Where torch sees none, though the system has one, a line on stderr says so.

    Raises:
        StudentError: it cannot.
    """
    import torch

    if not has_gpu():
        if wastes_gpu():
            print(
                f"training on the CPU: torch {torch.__version__} does not see this system's GPU; "
                "docs/training.md, Hardware, says how to install one that does",
                file=sys.stderr,
            )
        return
    try:
        ones = torch.ones(2, 2, device="cuda")
        (ones @ ones).sum().item()
    except RuntimeError as error:
        raise StudentError(
            f"the GPU cannot be used ({one_line(first_line(error))}): free its memory, or install "
            "the torch for it (docs/training.md, Hardware); CUDA_VISIBLE_DEVICES= takes the CPU"
        ) from None


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
    signs = ("out of memory", "allocate memory", "ALLOC_FAILED")
    return isinstance(error, MemoryError) or any(sign in str(error) for sign in signs)


def names_gpu(error: BaseException) -> bool:
    """Tells whether an error is one of CUDA or its libraries."""
    return any(sign in str(error) for sign in ("CUDA", "cuda", "CUBLAS", "libcu"))
