"""The README's result table: what it says, where it goes, and that it is up to date."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.imports import ROOT
from understudy.contract.names import SYSTEMS
from understudy.core.errors import DataError
from understudy.tools.table import BEGIN, END, insert, main, read_metrics, render


def scores(recall: float, precision: float, f1: float) -> dict[str, float]:
    return {
        "recall": recall,
        "precision": precision,
        "f1": f1,
        "f1_low": f1 - 1.26,
        "f1_high": f1 + 1.26,
    }


def system(first: float) -> dict[str, Any]:
    """ROUGE-1 recall is `first`; every other figure is another one."""
    return {
        "rouge1": scores(first, first + 1.06, first + 2.06),
        "rouge2": scores(first + 3, first + 4, first + 5.06),
        "rougel": scores(first + 6, first + 7, first + 8.06),
        "rougelsum": scores(first + 9, first + 10, first + 11.06),
        "words": 31.6,
        "empty": 0,
    }


def metrics() -> dict[str, Any]:
    worse = {**scores(0.0, 0.0, -17.3168), "better": -1, "equivalent": 0}
    alike = {**scores(0.0, 0.0, 0.04), "better": 0, "equivalent": 1}
    better = {**scores(0.0, 0.0, 9.0), "better": 1, "equivalent": 0}
    gaps = {
        "t5-written-minus-t5-gold": worse,
        "bart-written-minus-bart-gold": alike,
        "t5-gold-minus-lead-3": better,
        "bart-gold-minus-lead-3": better,
        "zeroshot-minus-lead-3": worse,
    }
    return {
        "systems": {
            **{name: system(10.0 * (rank + 1)) for rank, name in enumerate(SYSTEMS)},
            "reference": {"words": 35.44, "empty": 0},
        },
        "dataset": {"train": {"kept": 39626}, "test": {"kept": 1900}},
        "generated": {"train": {"kept": 23797}},
        "teacher": {
            "generate": {"model": "writer"},
            "zeroshot": {"model": "summarizer", "failed": 0},
        },
        "gap": {name: {"rouge1": figures} for name, figures in gaps.items()},
    }


def test_each_system_has_one_row_in_the_fixed_order() -> None:
    rows = [line for line in render(metrics()).splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(SYSTEMS)


def test_a_row_shows_recall_precision_f1_with_its_interval_and_the_length() -> None:
    rows = render(metrics()).splitlines()
    assert "| `t5-written` | 20.0 | 21.1 | 22.1 (20.8–23.3) | 25.1 | 28.1 | 31.1 | 32 |" in rows


def test_every_row_has_a_cell_for_each_column() -> None:
    lines = [line for line in render(metrics()).splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {9}
    assert len(lines) == 2 + len(SYSTEMS)


def test_the_words_below_tell_counts_teachers_and_verdicts() -> None:
    text = " ".join(render(metrics()).split())
    assert "Scored on 1,900 test articles; their gold highlights have 35 words" in text
    assert "39,626 gold pairs, `*-written` from 23,797 pairs whose articles `writer` wrote" in text
    assert "`zeroshot` is `summarizer` itself" in text
    assert "`t5-written` is worse than `t5-gold`: −17.3 (−18.6 to −16.1)" in text
    assert "`bart-written` and `bart-gold` are equivalent: +0.0 (−1.2 to +1.3)" in text
    assert "corrected for 5 comparisons" in text
    assert "beside `lead-3` – better: `t5-gold`, `bart-gold`; worse: `zeroshot`" in text


def test_articles_whose_call_failed_are_not_counted_as_scored() -> None:
    changed = metrics()
    changed["teacher"]["zeroshot"]["failed"] = 3
    text = " ".join(render(changed).split())
    assert "Scored on 1,897 of 1,900 test articles (the teacher's call failed for the" in text
    assert "failed" not in render(metrics())


def test_the_table_replaces_what_stood_between_the_markers_only() -> None:
    readme = f"# Title\n\n{BEGIN}\nold\n{END}\n\nafter\n"
    assert insert(readme, "new") == f"# Title\n\n{BEGIN}\nnew\n{END}\n\nafter\n"


def test_inserting_twice_changes_nothing_more() -> None:
    table = render(metrics())
    once = insert(f"before\n{BEGIN}\n{END}\nafter\n", table)
    assert insert(once, table) == once
    assert once.count(table) == 1


@pytest.mark.parametrize("readme", ["", f"{BEGIN}\n", f"{END}\n", f"{END}\n{BEGIN}\n"])
def test_a_missing_marker_is_an_error_that_shows_the_markers(readme: str) -> None:
    with pytest.raises(DataError) as caught:
        insert(readme, "new")
    assert BEGIN in str(caught.value)
    assert END in str(caught.value)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A README with markers and whole metrics, as the working directory."""
    (tmp_path / "metrics").mkdir()
    for name, content in metrics().items():
        (tmp_path / "metrics" / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "README.md").write_text(f"# T\n{BEGIN}\n{END}\nend\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_writes_the_table_once(project: Path) -> None:
    readme = project / "README.md"
    main()
    first, written = readme.read_text(encoding="utf-8"), readme.stat().st_mtime_ns
    main()
    assert render(metrics()) in first
    assert first.startswith("# T\n")
    assert first.endswith("\nend\n")
    assert readme.stat().st_mtime_ns == written


@pytest.mark.parametrize("name", sorted(metrics()))
def test_a_missing_metrics_file_is_an_error_that_names_it(name: str, project: Path) -> None:
    (project / "metrics" / f"{name}.json").unlink()
    before = (project / "README.md").read_text(encoding="utf-8")
    with pytest.raises(DataError, match=rf"metrics/{name}\.json: no such file; `dvc repro`"):
        main()
    assert (project / "README.md").read_text(encoding="utf-8") == before


def test_the_readmes_table_is_what_metrics_give() -> None:
    path = ROOT / "README.md"
    assert path.is_file(), "README.md is missing"
    readme = path.read_text(encoding="utf-8")
    found = read_metrics(ROOT / "metrics")
    assert found, "metrics/ is empty: `make repro` fills it"
    assert insert(readme, render(found)) == readme, "the table is out of date: `make table`"
