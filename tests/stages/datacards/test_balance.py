"""Data cards of a classification: labels, near copies that have two, and the teacher's noise."""

import json
from pathlib import Path

import pytest

from tests.contract.examples import make_settings
from tests.contract.label_examples import CLASSES, LABELS, make_noise
from tests.stages.datacards.planted import Row, count_sources, fill_project, story, write_rows
from understudy.contract.classes import slugs
from understudy.contract.pairs import MODELS
from understudy.contract.survey import SourceSurvey
from understudy.contract.trained import TrainedSettings


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A classification whose second label has no pair, and two near copies with two labels."""
    fill_project(tmp_path)
    with (tmp_path / "params.yaml").open("a", encoding="utf-8") as params:
        params.write(f"task: {json.dumps({'kind': 'classification', 'labels': LABELS})}\n")
    monkeypatch.chdir(tmp_path)
    for source in ("gold", "labelled"):
        for split in ("train", "validation", "test"):
            names = [f"{split}{number}" for number in range(6)]
            rows: list[Row] = [
                {"id": name, "text": story(name), "label": LABELS[2 * (at % 3 == 0)]}
                for at, name in enumerate(names)
            ]
            rows[1] |= {"text": f"{rows[0]['text']} Thanks"}
            rows[5] |= {"text": f"{rows[4]['text']} Thanks"}
            write_rows(tmp_path / "data" / source / f"{split}.parquet", rows)
    for system in CLASSES.trained:
        make_settings(system).write(TrainedSettings.path_in(tmp_path / MODELS / system))
    make_noise().write()
    Path("prompts/zeroshot.txt").write_text("Label it.\n$text\n", "utf-8")
    return tmp_path


def test_labels_are_counted_and_near_copies_with_two_of_them(project: Path) -> None:
    count_sources("gold", "labelled")
    plain, none, rare = slugs(LABELS).values()
    for source in ("gold", "labelled"):
        survey = SourceSurvey.load(SourceSurvey.path_of(source))
        assert survey.train.labels == {plain: 4, none: 0, rare: 2}
        assert survey.near_duplicates.model_dump() == {"pairs": 2, "articles": 4, "other_labels": 1}
        assert (survey.leakage, survey.contamination.highlights) == (None, None)
        assert survey.train.text is not None
        card = (project / "data" / source / "README.md").read_text("utf-8")
        assert "| `opening hours` | 0 | 0 |" in card
        assert "| of these, with two labels | 1 |" in card
        assert "text-classification" in card
        told = "the teacher's is another in 10.0% (95% interval 6.6–14.9%)"
        assert (told in card) == (source == "labelled")
        for absent in ("Leakage", "highlight", "article", "summar"):
            assert absent not in card, absent
