"""evaluate with several seeds: what is said of the model that ships, and what of its recipe."""

from pathlib import Path

import pandas as pd
import pytest

from tests.contract.examples import TRAINED
from tests.stages.evaluated import TEST, TEXTS, evaluate, fill_project, read, ship, write_model
from understudy.scoring.rows import score_rows

SEEDS = {"t5": [13, 14, 15], "bart": [13]}
T5 = [system for system in TRAINED if system.startswith("t5")]
OTHERS = {
    14: ["Anna was there.", "Boris saw cats in Oslo.", "Clara won and Lee lost."],
    15: ["Rome.", "Oslo.", "Clara."],
}


def fill(folder: Path) -> None:
    """T5 with three seeds, the second of which ships, and BART with one."""
    fill_project(folder)
    for system in T5:
        for seed, texts in OTHERS.items():
            write_model(folder / "data/predictions", system, seed, texts)
        ship(folder, system, 14, SEEDS["t5"])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the command ran; tests only read it."""
    folder = tmp_path_factory.mktemp("project")
    fill(folder)
    done = evaluate(folder)
    assert done.returncode == 0, done.stderr
    return folder


def f1_of(texts: list[str]) -> float:
    rows = score_rows(texts, list(TEST["highlights"]), stemmer=True)["rouge1"]["f1"]
    return sum(rows) / len(rows)


def test_what_ships_is_judged_and_every_seed_is_scored_and_kept(project: Path) -> None:
    shown = read(project, "systems")["t5-gold"]
    assert shown["rouge1"]["f1"] == pytest.approx(f1_of(OTHERS[14]), abs=1e-4)
    rows = pd.read_parquet(project / "data/scores.parquet")
    mean = rows[rows["system"] == "t5-gold"]["rouge1_f1"].mean()
    assert mean == pytest.approx(f1_of(OTHERS[14]))
    means = {"13": f1_of(TEXTS["t5-gold"]), **{str(s): f1_of(t) for s, t in OTHERS.items()}}
    found = read(project, "seeds")["t5-gold"]
    assert (found["shipped"], found["seeds"]) == (14, 3)
    assert found["rouge1"]["by_seed"] == pytest.approx(means, abs=1e-4)
    assert found["rouge1"]["f1"] == pytest.approx(sum(means.values()) / 3, abs=1e-4)
    assert found["rouge1"]["f1_low"] < found["rouge1"]["f1"] < found["rouge1"]["f1_high"]
    one = read(project, "seeds")["bart-gold"]
    assert (one["shipped"], one["seeds"]) == (13, 1)
    assert set(one["rouge1"]) == {"f1", "by_seed"}
    rows = pd.read_parquet(project / "data/seed-scores.parquet")
    assert set(rows["system"]) == set(TRAINED)
    counts = rows.groupby("system")["seed"].agg(lambda seeds: sorted(set(seeds)))
    assert dict(counts) == {
        system: SEEDS[system.partition("-")[0]] if "t5" in system else [13] for system in TRAINED
    }
    assert len(rows) == (3 + 3 + 3 + 1 + 1 + 1) * len(TEST)


def test_a_recipe_is_known_with_two_seeds_each_by_the_means_over_seeds(project: Path) -> None:
    found = read(project, "recipes")
    assert list(found) == list(read(project, "gap"))
    known = {name for name, kinds in found.items() if kinds["rouge1"]["known"]}
    assert known == {
        "t5-written-minus-t5-gold",
        "t5-labelled-minus-t5-gold",
        "t5-labelled-minus-t5-written",
        "t5-labelled-minus-zeroshot",
        "t5-labelled-minus-lead-3",
        "t5-gold-minus-zeroshot",
        "t5-written-minus-zeroshot",
        "t5-gold-minus-lead-3",
        "t5-written-minus-lead-3",
        "zeroshot-minus-lead-3",
    }
    unknown = found["bart-gold-minus-zeroshot"]["rouge1"]
    assert set(unknown) == {"f1", "better", "equivalent", "known"}
    assert unknown["f1"] == read(project, "gap")["bart-gold-minus-zeroshot"]["rouge1"]["f1"]
    seeds = read(project, "seeds")
    found = read(project, "recipes")["t5-written-minus-t5-gold"]["rouge1"]
    difference = seeds["t5-written"]["rouge1"]["f1"] - seeds["t5-gold"]["rouge1"]["f1"]
    assert found["f1"] == pytest.approx(difference, abs=2e-4)
    assert found["f1_low"] < found["f1"] < found["f1_high"]


def test_a_seed_that_was_not_decoded_is_an_error_that_names_it(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "data/predictions/seeds/t5-written/15.parquet").unlink()
    done = evaluate(tmp_path)
    assert done.returncode == 1
    assert "t5-written/15.parquet: no such file; `dvc repro` makes it" in done.stderr


def test_recipes_that_share_nothing_with_the_references_are_void(tmp_path: Path) -> None:
    fill(tmp_path)
    for system in ("t5-gold", "t5-written"):
        for seed in SEEDS["t5"]:
            write_model(tmp_path / "data/predictions", system, seed, ["Zzz zzz."] * 3)
    assert evaluate(tmp_path).returncode == 0
    found = read(tmp_path, "recipes")["t5-written-minus-t5-gold"]["rouge1"]
    assert (found["known"], found["better"], found["moot"]) == (1, 0, "no_overlap")
    assert "moot" not in read(tmp_path, "recipes")["t5-gold-minus-zeroshot"]["rouge1"]
