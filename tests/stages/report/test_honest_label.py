"""What the figures may be taken for: the label above everything else."""

from pathlib import Path

import pytest

from stages.report.inputs import gather
from stages.report.notice import build_label
from stages.report.page import render
from tests.contract.examples import make_calls, make_origin, make_teacher


@pytest.mark.parametrize(
    ("source", "model", "parts"),
    [
        ("sample", "embedded-rules-1", ["figures of the sample", "ChatGPT", "rules"]),
        ("sample", "gpt-6-luna", ["figures of the sample", "ChatGPT"]),
        ("files", "embedded-rules-1", ["set of rules", "ChatGPT"]),
        ("files", "gpt-6-luna", []),
        ("hub", "not-embedded-rules", []),
    ],
)
def test_a_sample_and_a_teacher_of_rules_are_called_that(
    source: str, model: str, parts: list[str], project: Path
) -> None:
    make_origin(source).write()
    calls = make_calls(model=model)
    make_teacher(generate=calls, label=calls, zeroshot=calls).write()
    label = build_label(gather(100))
    warning = " ".join(label.warning)
    assert bool(warning) == bool(parts)
    assert [part for part in parts if part not in warning] == []
    assert ("rules" in warning) == model.startswith("embedded-rules")
    assert label.teacher == model


@pytest.mark.parametrize("stage", ["generate", "label", "zeroshot"])
def test_one_use_of_the_embedded_teacher_is_enough_for_the_label(stage: str, project: Path) -> None:
    make_origin("files").write()
    uses = dict.fromkeys(("generate", "label", "zeroshot"), make_calls(model="gpt-6-luna"))
    make_teacher().model_copy(update={**uses, stage: make_calls()}).write()
    assert "set of rules" in " ".join(build_label(gather(100)).warning)


def test_every_model_that_answered_is_named_once_and_else_nobody(project: Path) -> None:
    make_teacher(
        generate=make_calls(model="first"),
        label=make_calls(model="second"),
        zeroshot=make_calls(model="first"),
    ).write()
    assert build_label(gather(100)).teacher == "first, second"
    page = render(gather(100))
    assert "from articles that <code>first, second</code> wrote" in page
    calls = make_calls(0.0, model="", calls=0)
    make_teacher(generate=calls, label=calls, zeroshot=calls).write()
    assert build_label(gather(100)).teacher == "nobody"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("sample", "an invented corpus"),
        ("files", "your own files"),
        ("hub", "team/news 3.0.0, revision dddddddddddd"),
    ],
)
def test_the_corpus_is_named(source: str, name: str, project: Path) -> None:
    make_origin(source).write()
    assert build_label(gather(100)).corpus == name
