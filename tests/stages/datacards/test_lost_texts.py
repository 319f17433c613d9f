"""What students' tokenizers cannot spell stands in the data cards."""

from pathlib import Path

import pytest

from tests.contract.examples import make_settings
from tests.stages.datacards.planted import count_sources, fill_project
from understudy.contract.pairs import MODELS
from understudy.contract.params.sources import SOURCES
from understudy.contract.trained import TrainedSettings


def test_every_card_tells_what_tokenizers_cannot_spell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    make_settings("bart-written").write(  # of an older version
        TrainedSettings.path_in(tmp_path / MODELS / "bart-written")
    )
    count_sources()
    cards = {s: (tmp_path / f"data/{s}/README.md").read_text("utf-8") for s in SOURCES}
    told = [cards["gold"], cards["labelled"]]
    for student, shown in {"t5": cards.values(), "bart": told}.items():
        for card in shown:
            assert f"| `{student}` | articles | 21 | 3 | 77 | `{{ }} ~ \\|` |\n" in card
            assert f"| `{student}` | highlights | 0 | 0 | 5 |  |\n" in card
    assert "| `bart` |" not in cards["written"]
