"""A served student is a teacher like others: label asks it through the project's own client."""

import json
from pathlib import Path

import pytest

from tests.doubles.teacher import settings
from tests.stages.labelling import Project, Row, row
from tests.students import decoding_params, export_taught, toy_pairs
from tests.tools.test_serve import serving
from understudy.students.decoding.generation import write_generation_config
from understudy.tools.summarize import summarize_file


def toy_rows(count: int, seed: int) -> list[Row]:
    """Rows whose articles the student knows how to read."""
    pairs = toy_pairs(count, seed)
    both = zip(pairs["id"], pairs["article"], strict=True)
    return [row(name, article=article) for name, article in both]


TRAIN, VALIDATION = toy_rows(12, seed=5), toy_rows(4, seed=6)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model folder as the stages leave it."""
    folder = export_taught("t5", tmp_path / "t5-toy")
    write_generation_config(folder, decoding_params(engine="ctranslate2", beams=4))
    return folder


def predict(model: Path) -> dict[str, str]:
    """What `understudy predict` says of each article."""
    lines = [json.dumps({"id": one["id"], "article": one["article"]}) for one in TRAIN + VALIDATION]
    given, out = model.with_suffix(".in.jsonl"), model.with_suffix(".out.jsonl")
    given.write_text("\n".join(lines), encoding="utf-8")
    summarize_file(model, given, out, "article", 8192)
    found = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return {one["id"]: one["prediction"] for one in found}


def test_a_served_student_labels_every_row_as_predict_does(model: Path, project: Project) -> None:
    project.give(TRAIN, VALIDATION)
    with serving(model) as server:
        counts = project.label(settings(server.address))
        asked = server.metric("understudy_requests_total")
    predicted = predict(model)
    labelled = dict(project.pairs() + project.pairs("validation"))
    assert labelled == predicted
    assert counts.calls.metered == counts.calls.calls > 0
    assert counts.calls.unusable == 0
    assert asked >= len(TRAIN) + len(VALIDATION)
    assert counts.calls.model == "t5-toy"
