"""The README's result table: what it says, where it goes, and that it is up to date."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.contract.examples import (
    SYSTEMS,
    make_answered,
    make_calls,
    make_dataset,
    make_gap,
    make_pair,
    make_recipe_difference,
    make_recipe_gap,
    make_recipes,
    make_systems,
    make_teacher,
)
from tests.contract.label_examples import CLASSES
from tests.contract.payback_examples import make_student_worth, make_worth, write_latencies
from tests.imports import ROOT
from understudy.contract.answered import Answered
from understudy.contract.document import Metrics
from understudy.contract.evaluation import REFERENCE, ByKind, Gap, Systems
from understudy.contract.lineup import Lineup
from understudy.contract.names import KINDS
from understudy.contract.recipes import RecipeDifference, RecipeGap
from understudy.core.errors import DataError
from understudy.tools.table import BEGIN, END, insert, main, render


def make_measures(recall: float, precision: float, f1: float) -> dict[str, float]:
    figures = {"recall": recall, "precision": precision, "f1": f1}
    for name, figure in list(figures.items()):
        figures |= {f"{name}_low": figure - 1.26, f"{name}_high": figure + 1.26}
    return figures


def make_system(first: float) -> dict[str, Any]:
    """ROUGE-1 recall is `first`; every other figure is another one."""
    return {
        "rouge1": make_measures(first, first + 1.06, first + 2.06),
        "rouge2": make_measures(first + 3, first + 4, first + 5.06),
        "rougel": make_measures(first + 6, first + 7, first + 8.06),
        "rougelsum": make_measures(first + 9, first + 10, first + 11.06),
        "words": 31.6,
        "empty": 0,
    }


RECIPES = {
    "t5-written-minus-t5-gold": ("undecided", -15.0),
    "bart-written-minus-bart-gold": ("equivalent", 0.3),
    "t5-gold-minus-lead-3": ("better", 9.0),
    "bart-gold-minus-lead-3": ("undecided", 9.0),
    "zeroshot-minus-lead-3": ("worse", -9.0),
}


def make_metrics(seeds: int = 1, unknown: str = "none") -> list[Metrics]:
    """The files that the table is made from; of `unknown`, a student, one seed is known."""
    systems = {name: make_system(10.0 * (rank + 1)) for rank, name in enumerate(SYSTEMS)}
    scores = Systems.model_validate({**systems, REFERENCE: {"words": 35.44, "empty": 0}})
    gap = {
        "t5-written-minus-t5-gold": make_pair("worse", -17.3168),
        "bart-written-minus-bart-gold": make_pair("equivalent", 0.04),
        "t5-gold-minus-lead-3": make_pair("better", 9.0),
        "bart-gold-minus-lead-3": make_pair("better", 9.0),
        "zeroshot-minus-lead-3": make_pair("worse", -9.0),
    }
    recipe_gap = {}
    for name, (verdict, f1) in RECIPES.items():
        known = name.startswith("zeroshot") or (seeds > 1 and not name.startswith(unknown))
        found = make_recipe_difference(verdict if known else "unknown", f1)
        recipe_gap[name] = ByKind[RecipeDifference](**dict.fromkeys(KINDS, found))
    dataset = make_dataset(1900)
    train = dataset.train.model_copy(update={"kept": 39_626})
    return [
        scores,
        dataset.model_copy(update={"train": train}),
        make_teacher(
            generate=make_calls(model="writer"),
            label=make_calls(model="labeller"),
            zeroshot=make_calls(model="summarizer"),
        ),
        Gap.model_validate(gap),
        make_recipes(seeds, scores),
        RecipeGap.model_validate(recipe_gap),
        make_worth(t5_gold=make_student_worth(recipe_verdict="better" if seeds > 1 else "unknown")),
    ]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A README with markers and whole metrics, as the working directory."""
    for document in make_metrics():
        document.write(tmp_path / document.PATH)
    for stage, kept in (("generate", 23_797), ("label", 39_000)):
        train = {"asked": 39_626, "kept": kept, "dropped": {"too_long": 39_626 - kept}}
        make_answered(stage, train=train).write(tmp_path / Answered.path_of(stage))
    (tmp_path / "README.md").write_text(f"# T\n{BEGIN}\n{END}\nend\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    drop(failed=0)
    return tmp_path


def drop(**dropped: int) -> None:
    """Writes what became of the teacher's answers on 1,900 test articles."""
    test = {"asked": 1900, "kept": 1900 - sum(dropped.values()), "dropped": dropped}
    make_answered("zeroshot", test=test).write(Answered.path_of("zeroshot"))


def render_again(project: Path, **changed: Any) -> str:
    """The table after other metrics."""
    for document in make_metrics(**changed):
        document.write(project / document.PATH)
    return render(project)


def test_each_system_has_one_row_with_its_scores_intervals_and_length(project: Path) -> None:
    rows = [line for line in render(project).splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == list(SYSTEMS)
    assert "| `t5-written` | 20.0 | 21.1 | 22.1 (20.8–23.3) | 25.1 | 28.1 | 31.1 | 32 |" in rows


def test_every_row_has_a_cell_for_each_column(project: Path) -> None:
    lines = [line for line in render(project).splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {9}
    assert len(lines) == 2 + len(SYSTEMS)
    several = [line for line in render_again(project, seeds=3).splitlines() if line[:1] == "|"]
    assert {line.count("|") for line in several} == {10}
    assert len(several) == len(lines)


def test_the_words_below_tell_counts_teachers_and_verdicts(project: Path) -> None:
    text = " ".join(render(project).split())
    assert "Scored on 1,900 test articles; the references, gold highlights, have 35 words" in text
    assert "39,626 gold pairs, `*-written` learned from 23,797 pairs whose articles `wr" in text
    assert "`*-labelled` learned from 39,000 articles with the answers of `labeller`." in text
    assert "`zeroshot` is `summarizer` itself" in text
    assert "`t5-written` is worse than `t5-gold`: −17.3 (−18.8 to −15.8)" in text
    assert "`bart-written` and `bart-gold` are equivalent: +0.0 (−1.5 to +1.5)" in text
    assert "corrected for 5 comparisons" in text
    assert "beside `lead-3` – better: `t5-gold`, `bart-gold`; worse: `zeroshot`" in text


def test_scores_by_the_teachers_answers_are_called_agreement(project: Path) -> None:
    lineup = Lineup(("labelled",), "teacher")
    make_systems(lineup).write()
    gap = {"bart-labelled-minus-t5-labelled": make_pair("better", 5.0)}
    Gap.model_validate(gap).write()
    unknown = ByKind[RecipeDifference](**dict.fromkeys(KINDS, make_recipe_difference()))
    RecipeGap.model_validate(dict.fromkeys(gap, unknown)).write()
    agreeing = make_student_worth(
        model_verdict=None, recipe_verdict=None, f1_difference=None, agreement=45.0
    )
    worth = make_worth(t5_labelled=agreeing, bart_labelled=agreeing)
    worth.model_copy(update={"candidate": "bart-labelled"}).write()
    make_teacher().write()
    drop(failed=2, empty=10)
    text = " ".join(render(project).split())
    assert "`bart-labelled` agrees with the teacher by 45.0 of 100 points" in text
    assert "says how far a system **agrees with the teacher**; none says how good it is" in text
    assert "1,888 of 1,900 test articles (the teacher gave no usable answer to the others)" in text
    assert "the references, the teacher's own answers, have" in text
    assert "gold" not in text.replace("no gold texts", "")


def test_articles_whose_call_failed_are_not_counted_as_scored(project: Path) -> None:
    assert "gave no answer" not in render(project)
    drop(failed=3, empty=9)
    text = " ".join(render(project).split())
    assert (
        "Scored on 1,897 of 1,900 test articles (the teacher gave no answer to the others)" in text
    )


def test_with_one_seed_the_verdicts_are_the_models_and_no_retrain_is_known(project: Path) -> None:
    table = render(project)
    assert (
        "Verdicts on ROUGE-1 F1 of *this model* (these weights, on articles like these), with 95% "
        "intervals, corrected for 5 comparisons; nothing is known of a retrain, with one seed "
        "(`seeds: [13, 14, 15]` in params.yaml trains three):\n\n"
        "- `t5-written` is worse than `t5-gold`: −1"
    ) in table
    assert table.count("one seed") == 2  # the line on top names it too
    assert "±" not in table


def test_with_three_seeds_the_verdicts_are_the_recipes_and_scores_have_a_spread(
    project: Path,
) -> None:
    table = render_again(project, seeds=3)
    assert (
        "Verdicts on ROUGE-1 F1 of *this recipe* (trained again, on articles like these), with 95% "
        "intervals, corrected for 5 comparisons:\n\n"
        "- `t5-written` against `t5-gold` is undecided, would need about 1,700 test articles: "
        "−15.0 (−18.5 to −11.5)\n"
        "- `bart-written` and `bart-gold` are equivalent: +0.3 (−3.2 to +3.8)\n"
        "- beside `lead-3` – better: `t5-gold`; undecided: `bart-gold`; worse: `zeroshot`"
    ) in table
    assert "22.1 (20.8–23.3) | 21.1 ± 1.2 (3) | 25.1 |" in table
    assert table.count("| – |") == 2
    assert "one seed" not in table
    assert len(table.splitlines()) == len(render_again(project).splitlines())


def test_the_first_line_says_whether_to_switch_and_whether_it_pays(project: Path) -> None:
    first, second, third, *_ = render(project).splitlines()
    assert first.startswith(
        "**May I switch, and does it pay?** `t5-gold` is better than `zeroshot`"
    )
    assert first.endswith(
        "are paid back after about 10,000 answers, in about 3 days at 100,000 a month."
    )
    assert (second, third[:10]) == ("", "| system |")


def test_a_student_with_one_seed_keeps_its_models_verdict_and_says_so(project: Path) -> None:
    table = render_again(project, seeds=3, unknown="bart")
    assert "are equivalent: +0.0 (−1.5 to +1.5) (*this model*: one seed)\n" in table
    assert "better: `t5-gold`; better (*this model*: one seed): `bart-gold`; worse: `z" in table


def test_the_table_replaces_what_stood_between_the_markers_only() -> None:
    readme = f"# Title\n\n{BEGIN}\nold\n{END}\n\nafter\n"
    once = insert(readme, "new")
    assert once == f"# Title\n\n{BEGIN}\nnew\n{END}\n\nafter\n"
    assert insert(once, "new") == once


@pytest.mark.parametrize("readme", ["", f"{BEGIN}\n", f"{END}\n", f"{END}\n{BEGIN}\n"])
def test_a_missing_marker_is_an_error_that_shows_the_markers(readme: str) -> None:
    with pytest.raises(DataError) as caught:
        insert(readme, "new")
    assert BEGIN in str(caught.value)
    assert END in str(caught.value)


def test_the_command_writes_the_table_once(project: Path) -> None:
    readme = project / "README.md"
    main([])
    first, written = readme.read_text(encoding="utf-8"), readme.stat().st_mtime_ns
    main([])
    assert render(project) in first
    assert first.startswith("# T\n")
    assert first.endswith("\nend\n")
    assert readme.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    "name",
    ["systems", "dataset", "answers/label", "teacher", "gap", "seeds", "recipes", "worth"],
)
def test_a_missing_metrics_file_is_an_error_that_names_it(name: str, project: Path) -> None:
    (project / "metrics" / f"{name}.json").unlink()
    before = (project / "README.md").read_text(encoding="utf-8")
    with pytest.raises(DataError, match=rf"metrics/{name}\.json: no such file; `dvc repro`"):
        main([])
    assert (project / "README.md").read_text(encoding="utf-8") == before


def test_outside_the_project_the_missing_readme_is_named(project: Path) -> None:
    (project / "README.md").unlink()
    with pytest.raises(DataError, match=r"^README\.md: no such file; run this in the project's"):
        main([])


def test_the_readmes_table_is_what_metrics_give() -> None:
    path = ROOT / "README.md"
    assert path.is_file(), "README.md is missing"
    readme = path.read_text(encoding="utf-8")
    assert insert(readme, render(ROOT)) == readme, "the table is out of date: `make table`"


def test_a_classification_has_accuracy_time_and_verdicts_by_what_they_say(project: Path) -> None:
    systems = make_systems(CLASSES)
    for document in (
        systems,
        make_gap(lineup=CLASSES),
        make_recipes(3, systems),
        make_recipe_gap(3, lineup=CLASSES),
        make_worth(lineup=CLASSES),
    ):
        document.write(project / document.PATH)
    write_latencies(project, {"gbdt-gold": 0.0005}, CLASSES)
    table = render(project)
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [*CLASSES.systems]
    assert rows[0] == (
        "| `gbdt-gold` | 40.0 (38.0–42.5) | 39.0 ± 1.2 (3) | 41.0 | 42.0 | 4.2 | 1.35 ms |"
    )
    assert "Verdicts on accuracy of *this recipe*" in table
    assert "; the references are gold labels." in table
    assert len([line for line in table.splitlines() if line.startswith("- ")]) < 6
    assert not re.search("ROUGE|article|summaries|highlights", table)
