"""Another model in a running `understudy serve`, and folders that are not taken in its place."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, rmtree

import httpx2
import pytest

from tests.imports import ROOT
from tests.students import toy_pairs
from tests.tools.test_serve import serving
from understudy.contract.params.export import CONVERTED
from understudy.contract.params.serve import ServeParams
from understudy.core.errors import UnderstudyError
from understudy.serving.monitoring import Meters
from understudy.tools.hosting import open_app

PROMPT = ROOT / "prompts/zeroshot.txt"
ARTICLE = toy_pairs(1, seed=7)["article"][0]


def test_a_symlink_that_is_moved_and_sighup_put_another_model_in_place(
    t5_toy: Path, tmp_path: Path
) -> None:
    copytree(t5_toy, tmp_path / "t5-second")
    current, following = tmp_path / "current", tmp_path / "next"
    current.symlink_to(t5_toy)
    following.symlink_to("t5-second")
    with serving(current) as server, httpx2.Client(base_url=server.address) as client:
        before = client.post("summaries", json={"article": ARTICLE}).json()
        following.replace(current)
        os.kill(server.process.pid, signal.SIGHUP)
        while client.get("models").json()["data"][0]["id"] != "t5-second":
            pass
        after = client.post("summaries", json={"article": ARTICLE}).json()
    assert (before["model"], after["model"]) == ("t5-toy", "t5-second")
    assert before["summary"] == after["summary"]


def cut(name: str) -> Callable[[Path], object]:
    """Leaves the first half of a file."""

    def half(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return half


BREAKS: dict[str, Callable[[Path], object]] = {
    "no folder": rmtree,
    "no config": lambda folder: (folder / "config.json").unlink(),
    "half a config": cut("config.json"),
    "nothing converted": lambda folder: rmtree(folder / CONVERTED),
    "half a converted model": cut(f"{CONVERTED}/model.bin"),
    "half a check": cut(f"{CONVERTED}/check.json"),
    "other weights": cut("model.safetensors"),
    "half a tokenizer": cut("tokenizer.json"),
    "half a beam search": cut("generation_config.json"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_folder_that_is_half_written_takes_no_models_place(
    name: str, t5_toy: Path, tmp_path: Path
) -> None:
    half = copytree(t5_toy, tmp_path / "half")
    BREAKS[name](half)
    with pytest.raises(UnderstudyError, match="half"):
        open_app(
            half, ROOT / "prompts/zeroshot.txt", None, ServeParams(), None, False, meters=Meters()
        )
