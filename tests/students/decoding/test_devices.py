"""A GPU that cannot decode is found when a model is opened, not when the first batch comes."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ctranslate2
import pytest

from tests.students import decoding_params, export_taught, save, summarize, taught, toy_pairs
from understudy.core.errors import StudentError
from understudy.students.decoding import devices, engines
from understudy.students.decoding.decoding import decode
from understudy.students.decoding.engines import CTranslate2, Transformers, open_engine
from understudy.students.model import machine
from understudy.students.model.families import FAMILIES

NO_CUBLAS = "Library libcublas.so.12 is not found or cannot be loaded"
FULL = "CUDA failed with error out of memory"
NO_CODE = "CUDA failed with error no kernel image is available for execution on the device"
OLD = "CUDA failed with error CUDA driver version is insufficient for CUDA runtime version"
ARTICLES = list(toy_pairs(6, seed=9)["article"])
Fail = Callable[..., None]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Model folders with converted models."""
    base = tmp_path_factory.mktemp("exported")
    return {family: export_taught(family, base / family) for family in FAMILIES}


class Failed:
    """A result that never comes."""

    def __init__(self, message: str) -> None:
        self.message = message

    def result(self) -> Any:
        raise RuntimeError(self.message)


class Broken(ctranslate2.Translator):  # type: ignore[misc]
    """One that fails on a GPU, where it is told to."""

    message = when = ""

    def __init__(self, folder: str, device: str, **settings: Any) -> None:
        self.broken = device == "cuda"
        self.reach("open")
        super().__init__(folder, device="cpu", **settings)

    def reach(self, moment: str) -> None:
        if self.broken and moment == self.when:
            raise RuntimeError(self.message)

    def translate_batch(self, *args: Any, **settings: Any) -> Any:
        self.reach("translate")
        results = super().translate_batch(*args, **settings)
        if self.broken and self.when == "decode" and settings.get("asynchronous"):
            results[2] = Failed(self.message)
        return results


@pytest.fixture
def fail_on_gpu(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Makes CTranslate2 see a GPU that fails where it is told to."""

    def fail(message: str, *, when: str = "translate") -> None:
        def types(device: str) -> set[str]:
            if device == "cuda" and when == "types":
                raise RuntimeError(message)
            return supported

        def count() -> int:
            if when == "count":
                raise RuntimeError(message)
            return 1

        supported: set[str] = ctranslate2.get_supported_compute_types("cpu")
        kind = type("Broken", (Broken,), {"message": message, "when": when})
        monkeypatch.setattr(ctranslate2, "Translator", kind)
        monkeypatch.setattr(ctranslate2, "get_cuda_device_count", count)
        monkeypatch.setattr(ctranslate2, "get_supported_compute_types", types)

    return fail


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize(
    ("when", "message", "remedy"),
    [
        ("translate", NO_CUBLAS, "`pip install nvidia-cublas-cu12` brings it"),
        ("open", FULL, "nvidia-smi lists it"),
        ("translate", NO_CODE, "no code for a GPU of its generation"),
        ("types", OLD, "update the NVIDIA driver"),
        ("count", OLD, "update the NVIDIA driver"),
    ],
)
def test_a_gpu_that_cannot_decode_is_told_and_the_cores_do_it(
    family: str,
    when: str,
    message: str,
    remedy: str,
    exported: dict[str, Path],
    fail_on_gpu: Fail,
    capsys: pytest.CaptureFixture[str],
) -> None:
    expected = summarize(open_engine(exported[family], "ctranslate2"), ARTICLES)
    capsys.readouterr()
    fail_on_gpu(message, when=when)
    engine = open_engine(exported[family], "ctranslate2")
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{exported[family]}: decoding on the CPU, since the GPU cannot be used")
    assert message in line
    assert remedy in line
    assert isinstance(engine, CTranslate2)
    assert summarize(engine, ARTICLES) == expected


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_where_the_gpu_fails_after_the_trial_the_cores_do_the_rest(
    family: str, exported: dict[str, Path], fail_on_gpu: Fail, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = summarize(open_engine(exported[family], "ctranslate2"), ARTICLES)
    fail_on_gpu(NO_CUBLAS, when="decode")
    engine = open_engine(exported[family], "ctranslate2")
    assert "decoding on the CPU" not in capsys.readouterr().err
    assert summarize(engine, ARTICLES) == expected
    told = capsys.readouterr().err
    assert told.count("decoding on the CPU, since the GPU cannot be used") == 1
    assert summarize(engine, ARTICLES) == expected
    assert "decoding on the CPU" not in capsys.readouterr().err


def test_export_tries_the_gpu_too(
    tmp_path: Path, fail_on_gpu: Fail, capsys: pytest.CaptureFixture[str]
) -> None:
    taught("t5")
    capsys.readouterr()
    fail_on_gpu(NO_CUBLAS)
    folder = export_taught("t5", tmp_path / "model")
    assert f"{folder}: decoding on the CPU" in capsys.readouterr().err


def test_a_gpu_that_decodes_is_used(
    exported: dict[str, Path], fail_on_gpu: Fail, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_on_gpu("", when="never")
    engine = open_engine(exported["t5"], "ctranslate2")
    assert isinstance(engine, CTranslate2)
    assert engine._translator.broken
    assert capsys.readouterr().err == ""


def test_a_gpu_that_nobody_sees_is_told(
    exported: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(machine, "NODE", tmp_path)
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    open_engine(exported["t5"], "ctranslate2")
    assert "CTranslate2 finds none" in capsys.readouterr().err
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    open_engine(exported["t5"], "ctranslate2")
    assert capsys.readouterr().err == ""


def test_transformers_falls_back_to_the_cores_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    folder, move = save(taught("bart"), tmp_path / "model"), torch.nn.Module.to

    def fail(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        if "cuda" in args:
            raise RuntimeError("CUDA error: no kernel image is available\nMore of it")
        return move(self, *args, **kwargs)

    expected = summarize(Transformers(folder), ARTICLES)
    monkeypatch.setattr(torch.nn.Module, "to", fail)
    monkeypatch.setattr(engines, "has_gpu", lambda: True)
    capsys.readouterr()
    engine = open_engine(folder, "transformers")
    [line] = capsys.readouterr().err.splitlines()
    assert "decoding on the CPU, since the GPU cannot be used (CUDA error: no kernel image" in line
    assert summarize(engine, ARTICLES) == expected


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("CUDA error: an illegal memory access was encountered", "the GPU failed (CUDA error: an"),
        ("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED", "too little memory"),
    ],
)
def test_a_gpu_that_fails_later_is_one_line(
    message: str, told: str, exported: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError(message)

    engine = open_engine(exported["t5"], "ctranslate2")
    monkeypatch.setattr(engine, "decode", fail)
    with pytest.raises(StudentError) as caught:
        list(decode(engine, ARTICLES, decoding_params(), "predict", None))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_cublas_comes_from_its_package_where_the_system_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(name: str, mode: int) -> None:
        if name not in present:
            raise OSError(name)
        assert mode == ctypes.RTLD_GLOBAL
        loaded.append(name)

    folder = tmp_path / "nvidia" / "cublas" / "lib"
    folder.mkdir(parents=True)
    packaged = [str(folder / name) for name in (devices.NEEDED_FIRST, devices.CUBLAS)]
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(ctypes, "CDLL", load)
    present = packaged
    devices.load_cublas()
    assert loaded == packaged
    present = []
    devices.load_cublas()  # neither has it: the trial tells
    present = [devices.NEEDED_FIRST, devices.CUBLAS, *packaged]
    devices.load_cublas()
    assert loaded[2:] == [devices.NEEDED_FIRST, devices.CUBLAS]


def test_training_stops_at_once_where_the_gpu_cannot_compute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("CUDA error: no kernel image is available for execution\nMore")

    monkeypatch.setattr(machine, "has_gpu", lambda: True)
    monkeypatch.setattr(torch, "ones", fail)
    with pytest.raises(StudentError, match=r"^the GPU cannot be used \(CUDA error: no kernel"):
        machine.check_gpu()


def test_training_on_the_cores_beside_a_gpu_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "has_gpu", lambda: False)
    monkeypatch.setattr(machine, "NODE", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    machine.check_gpu()
    assert "does not see this system's GPU" in capsys.readouterr().err
