"""datacards: planted copies are counted, every figure is a number, every card can be used."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.contract.examples import make_call_counts, make_origin, make_settings
from tests.imports import ROOT
from tests.stages.carding import run_elsewhere
from tests.stages.datacards.planted import (
    ANSWERED,
    OUTPUTS,
    Row,
    count_sources,
    files,
    list_rows,
    outputs,
    row,
    write_rows,
)
from understudy.contract.answered import Answered
from understudy.contract.kind import this_kind
from understudy.contract.pairs import MODELS, SPLITS
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.sources import SOURCES
from understudy.contract.trained import TrainedSettings
from understudy.core.files import write_json
from understudy.core.params import read_params
from understudy.core.tables import iterate_table
from understudy.rows.filtering import filter_splits
from understudy.versioning.changes import flatten

REAL = ROOT.parent / "shared" / "data" / "cnndm"


def metrics(folder: Path) -> dict[str, Any]:
    found = {
        path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("metrics/data/*")
    }
    return {source: found[source] for source in SOURCES if source in found}


@pytest.mark.parametrize("source", SOURCES)
def test_the_stage_writes_three_files_of_its_source_and_no_others(
    source: str, project: Path
) -> None:
    before = files(project)
    count_sources(source)
    written = files(project) - before
    assert written == {name for name in OUTPUTS if source in name}
    assert len(written) == 3


def test_planted_copies_are_counted_for_their_source(project: Path) -> None:
    count_sources()
    found = metrics(project)
    # gold: an exact copy and a near one; written: a near one; labelled: the exact one
    assert found["gold"]["contamination"] == {
        "test_articles": 2, "exact": 1, "train_articles": 2, "highlights": 0,
    }  # fmt: skip
    assert found["written"]["contamination"] == {
        "test_articles": 1, "exact": 0, "train_articles": 1, "highlights": 0,
    }  # fmt: skip
    assert found["labelled"]["contamination"] == {
        "test_articles": 1, "exact": 1, "train_articles": 1, "highlights": 0,
    }  # fmt: skip
    assert found["gold"]["near_duplicates"] == {"pairs": 1, "articles": 2}
    assert found["written"]["near_duplicates"] == {"pairs": 0, "articles": 0}
    assert found["labelled"]["near_duplicates"] == {"pairs": 0, "articles": 0}
    near = {"pairs": 1, "gold_articles": 1, "written_articles": 1, "same_id": 1}
    assert [survey.get("between") for survey in found.values()] == [None, near, None]
    # of five written articles one has all 18 words of its highlights in a row, one has 9 of them
    assert found["written"]["leakage"] == {
        "coverage": 100 * (1 + 0.5) / 5, "density": (18 + 9 * 9 / 18) / 5, "longest": (18 + 9) / 5,
        "copied": 40, "copied_words": 30, "pasted": 40, "pasted_whole": 20,
    }  # fmt: skip
    assert set(found["gold"]["leakage"].values()) == {0}
    shares = {"failed": 12.5, "refused": 12.5, "empty": 0, "cut_off": 0, "too_long": 12.5}
    assert found["written"]["answers"] == {"train": shares, "validation": dict.fromkeys(shares, 0)}
    shares = {"failed": 0, "not_json": 25, "copy": 12.5}
    assert found["labelled"]["answers"] == {"train": shares, "validation": dict.fromkeys(shares, 0)}
    assert "answers" not in found["gold"]
    # of five labels one is the first 18 words of its article
    assert found["labelled"]["leakage"] == {
        "coverage": 20, "density": 18 / 5, "longest": 18 / 5, "copied": 20, "copied_words": 20,
        "pasted": 20, "pasted_whole": 20,
    }  # fmt: skip


def test_a_pair_with_the_highlights_of_a_test_pair_is_counted(project: Path) -> None:
    rows = list_rows()["gold/train"]
    rows[2] |= {"highlights": row("testd")["highlights"].upper().replace("\n", " ")}
    write_rows(project / "data/gold/train.parquet", rows)
    count_sources()
    assert metrics(project)["gold"]["contamination"]["highlights"] == 1


def test_every_length_is_that_of_its_split_and_every_leaf_a_number(project: Path) -> None:
    count_sources()
    found = metrics(project)
    assert list(found["gold"])[:3] == list(SPLITS)
    assert [source for source, survey in found.items() if "test" in survey] == ["gold"]
    for name, rows in list_rows().items():
        source, _, split = name.partition("/")
        shown = found[source][split]
        assert shown["pairs"] == len(rows)
        for text in ("article", "highlights"):
            words = [len(one[text].replace(" .", "").split()) for one in rows]
            characters = [len(one[text]) for one in rows]
            for lengths, unit in ((words, "words"), (characters, "characters")):
                assert shown[text][unit] == {
                    "mean": pytest.approx(np.mean(lengths), abs=1e-4),
                    "p5": pytest.approx(np.quantile(lengths, 0.05), abs=1e-4),
                    "median": np.median(lengths),
                    "p95": pytest.approx(np.quantile(lengths, 0.95), abs=1e-4),
                    "max": max(lengths),
                }
    found = dict(flatten(metrics(project)))
    assert len(found) > 150
    for path, value in found.items():
        assert type(value) in (int, float), path
        assert math.isfinite(value), path
        assert value == round(value, 4), path


def test_the_plot_counts_the_training_texts_of_each_source_in_the_same_bins(project: Path) -> None:
    count_sources()
    plots = [pd.read_csv(project / f"metrics/plots/lengths/{source}.csv") for source in SOURCES]
    for source, plot in zip(SOURCES, plots, strict=True):
        assert list(plot.columns) == ["source", "text", "words_from", "words_to", "pairs"]
        assert set(plot["source"]) == {source}
    groups = dict(iter(pd.concat(plots).groupby(["text", "source"])))
    assert len(groups) == 6
    for (text, name), table in groups.items():
        assert table["pairs"].sum() == len(list_rows()[f"{name}/train"])
        assert list(table["words_from"]) == list(groups[text, "gold"]["words_from"])


def test_the_command_writes_the_same_bytes_in_another_process(project: Path) -> None:
    count_sources()
    expected = outputs(project)
    for source in SOURCES:
        run_elsewhere("datacards", source)
    assert outputs(project) == expected
    assert not any(str(project).encode() in content for content in expected.values())


def test_params_decide_what_is_near_and_what_is_copied(project: Path) -> None:
    params = read_params(project / "params.yaml")
    params["datacards"] |= {"near_duplicate": 1.0, "copied_words": 10}
    write_json(project / "params.yaml", params)  # YAML may be JSON
    count_sources()
    found = metrics(project)
    assert found["gold"]["near_duplicates"]["pairs"] == 0
    assert found["gold"]["contamination"]["test_articles"] == 2  # longer ones hold all of them
    assert found["written"]["leakage"]["copied"] == 20


@pytest.mark.parametrize(("stage", "source"), [("generate", "written"), ("label", "labelled")])
def test_the_card_names_the_models_that_answered(stage: str, source: str, project: Path) -> None:
    calls = make_call_counts(model="another, and one more")
    answered = {**ANSWERED[stage].to_json(), "calls": calls}
    write_json(project / Answered.path_of(stage), answered)
    count_sources()
    for name in SOURCES:
        card = (project / f"data/{name}/README.md").read_text("utf-8")
        assert ("`another, and one more`" in card) == (name == source)


def test_the_datasets_library_loads_the_splits_that_the_card_names(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from datasets import load_dataset

    count_sources()
    for source in SOURCES:
        splits = SPLITS if source == "gold" else ("train", "validation")
        cache = tmp_path_factory.mktemp("cache")
        loaded = load_dataset(str(project / "data" / source), cache_dir=str(cache))
        assert set(loaded) == set(splits)
        for split in splits:
            assert [dict(one) for one in loaded[split]] == list_rows()[f"{source}/{split}"]


def test_every_card_tells_what_tokenizers_cannot_spell(project: Path) -> None:
    make_settings("bart-written").write(  # of an older version
        TrainedSettings.path_in(project / MODELS / "bart-written")
    )
    count_sources()
    cards = {s: (project / f"data/{s}/README.md").read_text("utf-8") for s in SOURCES}
    told = [cards["gold"], cards["labelled"]]
    for student, shown in {"t5": cards.values(), "bart": told}.items():
        for card in shown:
            assert f"| `{student}` | articles | 21 | 3 | 77 | `{{ }} ~ \\|` |\n" in card
            assert f"| `{student}` | highlights | 0 | 0 | 5 |  |\n" in card
    assert "| `bart` |" not in cards["written"]


def test_where_rows_come_from_reaches_every_card(project: Path) -> None:
    make_origin("hub").write(project / "data/raw/source.json")
    count_sources()
    for source in SOURCES:
        card = (project / f"data/{source}/README.md").read_text("utf-8")
        assert f"`team/news` on the Hugging Face Hub (config `3.0.0`, commit `{'d' * 40}`)" in card
        assert "invented corpus" not in card


def read_real(split: str) -> list[Row]:
    lines = (REAL / f"{split}.jsonl").read_text("utf-8").strip().split("\n")
    return [{key: one[key] for key in this_kind().columns} for one in map(json.loads, lines)]


@pytest.mark.skipif(not REAL.is_dir(), reason=f"no real CNN/DailyMail rows at {REAL}")
def test_copies_planted_among_real_articles_are_found_and_no_others(project: Path) -> None:
    rows = {split: read_real(split) for split in SPLITS}
    short = [one for one in rows["test"] if len(one["article"]) < 1900]
    planted = [
        {**short[0], "id": "exact", "article": f"{short[0]['article']} ."},
        {**short[1], "id": "near", "article": f"{short[1]['article']} It is told again."},
    ]
    rows["train"] += planted
    for split, content in rows.items():
        write_rows(project / f"data/raw/{split}.parquet", content)
    params = FilterParams(max_characters=2048, near_duplicates=None, near_test=None)
    filter_splits(params, project / "data/raw", project / "data/gold")
    kept = list(iterate_table(project / "data/gold/train.parquet", this_kind().columns))
    pasted = {**kept[0], "article": f"{kept[0]['highlights']} {short[2]['highlights']}"}
    write_rows(project / "data/written/train.parquet", [pasted, kept[1]])
    count_sources("gold", "written")
    found = metrics(project)
    assert found["gold"]["contamination"] == {
        "test_articles": 2, "exact": 1, "train_articles": 2, "highlights": 2 + 4,
    }  # fmt: skip
    assert found["written"]["between"]["same_id"] == 1
    assert found["written"]["leakage"]["pasted_whole"] >= 50
    assert 70 < found["gold"]["leakage"]["coverage"] < 95  # Grusky et al. 2018 have about 86
    assert 1.5 < found["gold"]["leakage"]["density"] < 6  # and about 3.5 on all of it
    strict = FilterParams(max_characters=2048, near_duplicates=0.8, near_test=0.8)
    counts = filter_splits(strict, project / "data/raw", project / "data/gold").train
    assert counts.dropped["near_test"] == 2
    assert counts.kept == len(kept) - 2 - counts.dropped["near_duplicate"]
