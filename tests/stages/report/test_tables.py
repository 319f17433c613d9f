"""Scores, curves and traits as the page shows them."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from markupsafe import Markup

from stages.report.curves import build_curves
from stages.report.inputs import ReportFacts, gather
from stages.report.page import render
from stages.report.scores import build_scores
from stages.report.traits import TRAITS, build_histograms, build_spreads, build_traits
from tests.contract.examples import SYSTEMS, TRAINED, make_recipes, make_systems
from tests.stages.report.inputs import write_json, write_lengths
from understudy.contract.names import KINDS
from understudy.contract.params.sources import SOURCES
from understudy.rendering.figures import enumerate_words, p_value


@pytest.fixture
def facts(project: Path) -> ReportFacts:
    return gather(100)


def test_every_system_has_three_measures_with_their_intervals(project: Path) -> None:
    systems = make_systems().to_json()
    systems["bart-written"]["rouge2"] = {
        name: at + 0.04
        for at, name in enumerate(
            f"{measure}{end}"
            for measure in ("recall", "precision", "f1")
            for end in ("_low", "", "_high")
        )
    }
    systems["t5-written"]["empty"] = 2
    write_json(project / "metrics/systems.json", systems)
    page = render(gather(100))
    for shown in ("1.0 <small>0.0–2.0<", "4.0 <small>3.0–5.0<", "7.0 <small>6.0–8.0<"):
        assert page.count(f">{shown}") == 1
    assert page.count(">23.0 <small>2 empty</small>") == len(KINDS)
    assert list(build_scores(gather(100), "rouge2").charts) == list(SYSTEMS)


def test_measures_of_one_rouge_type_share_a_scale(facts: ReportFacts) -> None:
    for charts in build_scores(facts, "rouge1").charts.values():
        grids = {str(chart).count('class="grid"') for chart in charts.values()}
        assert len(grids) == 1


def drawn(facts: ReportFacts) -> list[Mapping[str, Markup]]:
    return list(build_scores(facts, "rouge1").charts.values())


def test_with_several_seeds_each_is_a_dot_behind_the_f1_of_its_student(project: Path) -> None:
    assert not any("dots" in c for charts in drawn(gather(100)) for c in charts.values())
    make_recipes(3).write()
    for system, charts in build_scores(gather(100), "rouge1").charts.items():
        assert ("dots" in charts["f1"]) == ("recipe" in charts["f1"]) == (system in TRAINED)
        assert "dots" not in charts["recall"] + charts["precision"]
    # 40 + 2, and a point less for each other seed, on an axis from 30 to 80
    assert 'd="M24 50h0M22 50h0M20 50h0" class="dots t5-gold"' in drawn(gather(100))[0]["f1"]


def test_the_seeds_scores_are_told_in_words_too(project: Path) -> None:
    page = render(gather(100))
    assert "The seeds as a table" not in page
    assert "the one that ships is drawn" not in page
    make_recipes(3).write()
    page = render(gather(100))
    assert page.count("The seeds as a table") == len(KINDS)
    assert "<small>this recipe 41.0 ± 1.2</small>" in page
    assert (
        "<td>13 (ships): 42.0, 14: 41.0, 15: 40.0</td><td>41.0</td><td>1.2</td><td>37.0–45.0</td>"
    ) in page
    assert "Of several seeds, the one that ships is drawn." in page


def test_a_panel_shows_every_source_and_lists_their_losses(facts: ReportFacts) -> None:
    first, second = build_curves(facts)
    assert (first.student, second.student) == ("t5", "bart")
    assert first.rows[0] == ("t5-gold", "0.50", "100", "5.000", "4.000")
    names = [f"bart-{source}" for source in SOURCES]
    assert [row[0] for row in second.rows] == [name for name in names for _ in range(4)]
    for name in ("t5-gold", "t5-written", "t5-labelled"):
        assert f'class="name {name}"' in first.plot
        assert f'class="line {name} second"' in first.plot


@pytest.mark.parametrize("loss", ["nan", "inf"])
def test_a_training_that_went_astray_is_shown_too(loss: str, project: Path) -> None:
    path = project / "metrics/curves/t5-written.csv"
    path.write_text(
        f"step,epoch,train_loss,validation_loss\n100,1,{loss},2.5\n200,2,{loss},2.25\n", "utf-8"
    )
    first, _ = build_curves(gather(100))
    assert first.rows[4] == ("t5-written", "1.00", "100", loss, "2.500")
    assert loss not in first.plot
    assert 'class="name t5-written"' in first.plot


def test_gold_highlights_stand_first_among_traits(facts: ReportFacts) -> None:
    rows = build_traits(facts)
    assert [name for name, _ in rows] == ["reference", *SYSTEMS]
    first = dict(zip(TRAITS, rows[0][1], strict=True))
    assert (first["words"], first["coverage"], first["empty"]) == ("28.0", "38.0%", "1")
    assert first["density"] == "4.2"


def test_lengths_of_summaries_are_counted_from_the_summaries(project: Path) -> None:
    table = pd.read_parquet(project / "data/predictions/t5-gold.parquet")
    texts = ["one two three", "one , . two", "one two three four 5,000.5"]
    table.assign(prediction=texts).to_parquet(project / "data/predictions/t5-gold.parquet")
    _, rows = build_spreads(gather(100))
    assert [row.system for row in rows] == ["reference", *SYSTEMS]
    assert rows[1].description == "3 (2–4)"


def test_histograms_show_shares_so_that_sources_of_any_size_compare(project: Path) -> None:
    for source, pairs, longest in zip(SOURCES, (1, 100, 7), (500, 501, 499), strict=True):
        bins = [(source, "article", 0, 10, pairs), (source, "article", 10, longest, 3 * pairs)]
        write_lengths(project, source, bins)
    drawn = build_histograms(gather(100))
    paths = [part.split('"')[0] for part in str(drawn["article"]).split('<path d="')[1:]]
    # 25% and 75% on an axis up to 80; the last bin, which holds all longer ones, is as wide as any
    assert paths == ["M0 100L0 68.75L50 68.75L50 6.25L100 6.25L100 100"] * 3
    assert "highlights" in drawn


def test_figures_are_short_and_honest() -> None:
    assert [p_value(p) for p in (0, 0.00099, 0.001, 0.0134, 1)] == [
        "<0.001", "<0.001", "0.001", "0.013", "1.000",
    ]  # fmt: skip
    assert [enumerate_words(list(words)) for words in ("", "a", "ab", "abc")] == [
        "", "a", "a and b", "a, b and c",
    ]  # fmt: skip
