"""Opens a converted model on a device that has decoded first tokens: the GPU, else the cores.

A GPU that is seen may still not compute: CTranslate2 looks for cuBLAS when the first batch comes,
and kernels for another chip, an old driver or a full memory show no earlier.
"""

import ctypes
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from understudy.core.errors import one_line
from understudy.students.model.machine import count_cores, wastes_gpu

CUBLAS = "libcublas.so.12"
"""What CTranslate2 loads by this name; beside a torch for CUDA 13 the system may lack it."""
NEEDED_FIRST = "libcublasLt.so.12"
TRIAL_ROWS, TRIAL_TOKENS = 4, 16
REMEDIES = {
    "libcublas": "`pip install nvidia-cublas-cu12` brings it",
    "out of memory": "stop what fills its memory; nvidia-smi lists it",
    "alloc_failed": "stop what fills its memory; nvidia-smi lists it",
    "no kernel image": "this build has no code for a GPU of its generation",
    "finds none": "`nvidia-smi` shows whether the driver is too old for CUDA 12; update it",
    "driver": "update the NVIDIA driver; nvidia-smi shows its version",
}
"""What to do, by a part of the error in small letters."""


def open_translator(
    converted: Path, label: str, quantization: str, end: str, threads: int | None = None
) -> Any:
    """A CTranslate2 translator, on the GPU where that decodes some tokens, else on all cores.

    Says on stderr why a GPU that is there is not used.

    Args:
        converted: the folder of the converted model.
        label: names it in that message.
        quantization: as its weights are stored.
        end: the tokenizer's end token, which ends the inputs of the trial.
        threads: see `open_on`; a number takes the cores, even where there is a GPU.

    Raises:
        RuntimeError, ValueError: it cannot be opened on the cores either.
    """
    import ctranslate2

    if threads is not None:
        return open_on(converted, "cpu", quantization, end, threads)
    problem = None
    try:
        if ctranslate2.get_cuda_device_count() > 0:
            load_cublas()
            return open_on(converted, "cuda", quantization, end)
        if wastes_gpu():
            problem = "the system has one, CTranslate2 finds none"
    except (RuntimeError, ValueError) as error:
        problem = one_line(error)
    translator = open_on(converted, "cpu", quantization, end)
    if problem is not None:
        warn_of_cpu(label, problem)
    return translator


def open_on(
    converted: Path, device: str, quantization: str, end: str, threads: int | None = None
) -> Any:
    """A CTranslate2 translator on one device, which has decoded a few tokens there.

    On the cores it decodes a batch on each, for many texts; with a number of threads, one batch at
    a time on all of them, for one text after the other.
    """
    import ctranslate2

    gpu = device == "cuda"
    types = ctranslate2.get_supported_compute_types(device)
    translator = ctranslate2.Translator(
        str(converted),
        device=device,
        compute_type=_choose_type(quantization, types),
        inter_threads=1 if gpu or threads else count_cores(),
        intra_threads=0 if gpu else threads or 1,
        max_queued_batches=-1,
    )
    # A lone end token is answered without a product of matrices, and so without cuBLAS.
    trial = [["the"] * TRIAL_TOKENS + [end]] * TRIAL_ROWS
    translator.translate_batch(trial, beam_size=4, min_decoding_length=2, max_decoding_length=4)
    return translator


def _choose_type(quantization: str, supported: set[str]) -> str:
    """Type that int8 weights are computed in: not float16, in which T5's activations overflow."""
    if quantization == "int8" and "int8_bfloat16" in supported:
        return "int8_bfloat16"
    return "int8_float32" if quantization == "int8" else "default"


def load_cublas() -> None:
    """Loads cuBLAS from the package nvidia-cublas-cu12 where the system has none.

    The loader then finds it under its name. Does nothing where neither has it.
    """
    for folder in ("", *_find_packaged()):
        try:
            for name in (NEEDED_FIRST, CUBLAS):
                ctypes.CDLL(str(Path(folder, name)), mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return


def _find_packaged() -> Iterator[str]:
    spec = importlib.util.find_spec("nvidia")
    for folder in spec.submodule_search_locations or () if spec else ():
        yield str(Path(folder, "cublas", "lib"))


def warn_of_cpu(label: str, problem: str) -> None:
    """Says in one line that a model decodes on the CPU, why, and what to do about it."""
    remedy = next(
        (remedy for part, remedy in REMEDIES.items() if part in problem.lower()),
        "`nvidia-smi` shows the state of the GPU",
    )
    print(
        f"{label}: decoding on the CPU, since the GPU cannot be used ({problem}): {remedy}; "
        "CUDA_VISIBLE_DEVICES= asks for the CPU",
        file=sys.stderr,
    )
