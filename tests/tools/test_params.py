"""understudy params: every param, resolved, with its meaning."""

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.core.documents import KINDS, SAMPLE, write_document
from tests.imports import ROOT
from understudy.core.errors import ParamsError
from understudy.core.params import load_section
from understudy.tools.params import SET, main

GIVEN: dict[str, Any] = {
    "fetch": {"source": "hub", "files": {"columns": {"article": "text: #1"}}},
    "teacher": {"request": {"max_tokens": 9, "stop": ["a", None]}, "max_cost_usd": 2},
    "train-bart": {"settings": {"learning_rate": 0.00002}, "revision": "1.0"},
    "review": {"minimum": {"systems.t5-gold.rouge1.f1": 30}},
}


@pytest.fixture(autouse=True)
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_document(GIVEN)
    return tmp_path / "params.yaml"


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(arguments)
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_what_is_printed_can_be_params_yaml(
    params: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {name: load_section(name, kind) for name, kind in KINDS.items()}
    text = shown(capsys)
    params.write_text(text, encoding="utf-8")
    after = {name: load_section(name, kind) for name, kind in KINDS.items()}
    assert repr(after) == repr(before)
    found = YAML(typ="safe").load(text)
    assert found["train-bart"].keys() == SAMPLE["train-bart"].keys()
    assert shown(capsys).replace(f"  {SET}", "") == text.replace(f"  {SET}", "")
    assert max(map(len, text.splitlines())) <= 110


def test_each_param_has_its_meaning_above_it_and_a_mark_where_it_is_set(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = shown(capsys, "fetch").splitlines()
    assert lines[:4] == [
        "# Where rows come from.",
        "fetch:",
        "  # sample: the embedded corpus; hub: a dataset on the Hub; files: your own.",
        "  source: hub  # set",
    ]
    assert lines[-4:] == [
        "      # blank line, and each is a variable of prompt templates too ($title, $body).",
        "      article: 'text: #1'  # set",
        "      # The output text.",
        "      highlights: highlights",
    ]
    assert sum(line.endswith(SET) for line in lines) == 2


def test_the_json_has_every_param_by_its_dotted_key(capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, Any] = json.loads(shown(capsys, "--json"))
    assert found["fetch.files.columns.id"] == {
        "value": "id",
        "set": False,
        "meaning": "The row's name; your files may lack it.",
    }
    assert found["teacher.request"]["value"] == GIVEN["teacher"]["request"]
    assert {key for key, param in found.items() if param["set"]} == {
        *("fetch.source", "fetch.files.columns.article", "teacher.request"),
        *("teacher.max_cost_usd", "train-bart.settings.learning_rate", "train-bart.revision"),
        "review.minimum",
    }
    assert set(json.loads(shown(capsys, "report", "--json"))) == {"report.articles"}


def test_a_key_that_dvc_misses_is_printed_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("dvc.yaml").write_text((ROOT / "dvc.yaml").read_text("utf-8"), encoding="utf-8")
    with pytest.raises(ParamsError, match="`understudy params zeroshot` has it"):
        load_section("zeroshot", KINDS["zeroshot"])
    assert "  prompt: prompts/zeroshot.txt\n" in shown(capsys, "zeroshot")


def test_an_unknown_section_is_refused_and_the_nearest_suggested() -> None:
    with pytest.raises(ParamsError, match=r"train-t6: no section .* did you mean 'train-t5'"):
        main(["train-t6"])


def test_params_that_cannot_be_used_are_refused(params: Path) -> None:
    params.write_text("export: {rows: 0}", encoding="utf-8")
    with pytest.raises(ParamsError, match=r"export\.rows = 0: expected"):
        main([])
