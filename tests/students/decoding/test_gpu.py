"""On a machine with a GPU: models decode there, or say why not and decode on the cores."""

import ctypes
from pathlib import Path

import ctranslate2
import pytest

from tests.imports import run_python
from tests.students import export_taught, summarize, toy_pairs
from understudy.students.decoding.devices import CUBLAS, load_cublas
from understudy.students.decoding.engines import CTranslate2, open_engine
from understudy.students.model.families import FAMILIES

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not ctranslate2.get_cuda_device_count(), reason="needs a GPU"),
]
EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))
ARTICLES = list(toy_pairs(40, seed=9)["article"])
WITHOUT_PACKAGE = """
import sys
from pathlib import Path
from understudy.students.decoding import devices
devices._find_packaged = lambda: iter(())
from understudy.students.decoding.engines import open_engine
print(open_engine(Path(sys.argv[1]), "ctranslate2")._translator.device)
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Model folders with converted models."""
    base = tmp_path_factory.mktemp("exported")
    return {family: export_taught(family, base / family) for family in FAMILIES}


def has_cublas() -> bool:
    """Whether CTranslate2 finds cuBLAS in this process, once `load_cublas` has looked for it."""
    load_cublas()
    try:
        ctypes.CDLL(CUBLAS)
    except OSError:
        return False
    return True


@EACH_FAMILY
def test_a_model_decodes_on_the_gpu_where_cublas_is_there(
    family: str,
    exported: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = open_engine(exported[family], "ctranslate2")
    told = capsys.readouterr().err
    assert isinstance(engine, CTranslate2)
    if has_cublas():
        assert engine._translator.device == "cuda"
        assert told == ""
    else:
        assert engine._translator.device == "cpu"
        assert "`pip install nvidia-cublas-cu12` brings it" in told
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    cores = open_engine(exported[family], "ctranslate2")
    pairs = zip(summarize(engine, ARTICLES), summarize(cores, ARTICLES), strict=True)
    assert sum(one == other for one, other in pairs) >= 0.95 * len(ARTICLES)


@EACH_FAMILY
def test_a_model_decodes_on_the_cores_without_cublas(
    family: str, exported: dict[str, Path]
) -> None:
    look = f"import ctypes; ctypes.CDLL('{CUBLAS}')"
    if run_python("-c", look).returncode == 0:
        pytest.skip("the system itself has cuBLAS")
    done = run_python("-c", WITHOUT_PACKAGE, exported[family], check=True)
    assert done.stdout.split() == ["cpu"]
    assert f"{exported[family]}: decoding on the CPU, since the GPU cannot be used" in done.stderr
    assert "libcublas.so.12 is not found" in done.stderr
    assert "`pip install nvidia-cublas-cu12` brings it" in done.stderr


@EACH_FAMILY
def test_transformers_decodes_where_torch_can(family: str, exported: dict[str, Path]) -> None:
    assert len(set(summarize(open_engine(exported[family], "transformers"), ARTICLES))) > 10
