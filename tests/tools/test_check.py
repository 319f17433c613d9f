"""understudy check, and each stage: params.yaml is refused before any work."""

import copy
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.documents import KINDS, SAMPLE, Document, write_document
from tests.imports import ROOT, run_python
from understudy.core.errors import ParamsError
from understudy.tools.check import check, main

STAGES = {
    "fetch": ("stages.fetch", ()),
    "filter": ("stages.filter", ()),
    "generate": ("stages.generate", ()),
    "train-t5": ("understudy.students.training.stage", ("t5", None)),
    "train-bart": ("understudy.students.training.stage", ("bart", None)),
    "export": ("stages.export", ()),
    "predict": ("stages.predict", ()),
    "zeroshot": ("stages.zeroshot", ()),
    "evaluate": ("stages.evaluate.__main__", ()),
    "label": ("stages.label", ()),
    "datacards": ("stages.datacards.__main__", ()),
}

ARGUMENTS = {
    **dict.fromkeys(("train-t5", "train-bart"), ("gold", "13")),
    "export": ("t5-gold", "13"),
    "predict": ("t5-gold", "--seed", "13"),
    "datacards": ("gold",),
}


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    """A copy of the sample profile, for a test to spoil; the current folder is empty."""
    monkeypatch.chdir(tmp_path)
    return copy.deepcopy(SAMPLE)


def problems_of(document: Document) -> list[str]:
    """What `check` says of it."""
    write_document(document)
    with pytest.raises(ParamsError) as caught:
        check()
    return str(caught.value).splitlines()


def test_check_tells_the_problems_of_all_sections_at_once(document: Document) -> None:
    for section in tuple(KINDS):
        document[section]["qqqq"] = 1
    keys = [line.split()[1] for line in problems_of(document)]
    assert keys == [f"{section}.qqqq" for section in tuple(KINDS)]


@pytest.mark.parametrize("section", tuple(KINDS))
def test_an_unknown_section_is_refused_and_the_right_one_suggested(
    document: Document, section: str
) -> None:
    document[f"{section}_"] = document.pop(section)
    expected = f"params.yaml: {section}_: unknown section; did you mean '{section}'?"
    assert problems_of(document)[0] == expected


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        (["gold", "labeled"], "sources = ['gold', 'labeled']: expected some of [gold, written, l"),
        ([], "sources = []: expected some of"),
        ("gold", "sources = 'gold': expected some of"),
        (["gold", "gold"], "expected each source once"),
        (
            ["gold", "written"],
            "label.sources = ['labelled']: expected [], since sources = [gold,",
        ),
        (["labelled"], "generate.sources = ['written']: expected [], since sources = [labelled]"),
    ],
)
def test_a_list_of_sources_that_cannot_run_is_refused(
    document: Document, sources: object, words: str
) -> None:
    document["sources"] = sources
    assert words in "\n".join(problems_of(document))


def test_a_missing_list_of_sources_is_named_before_dvc_stumbles_over_it(document: Document) -> None:
    Path("dvc.yaml").write_text((ROOT / "dvc.yaml").read_text("utf-8"), encoding="utf-8")
    assert problems_of(document) == [
        "params.yaml: sources: this key is missing; dvc.yaml names it, and DVC knows no defaults: "
        "`understudy params sources` has it"
    ]
    write_document({"sources": ["gold", "written", "labelled"], **document})
    check()


def test_inputs_without_outputs_make_labelled_pairs_alone(document: Document) -> None:
    none = dict.fromkeys(("train", "validation", "test"), "data/none.jsonl")
    document["fetch"] |= {"source": "files", "files": {**none, "inputs": "mine.jsonl"}}
    assert "expected [labelled], since fetch.files.inputs = mine" in problems_of(document)[0]
    document["sources"], document["generate"]["sources"] = ["labelled"], []
    document["evaluate"]["source"] = "labelled"
    write_document(document)
    check()


def test_a_source_to_show_that_is_not_among_the_sources_is_refused(document: Document) -> None:
    document["sources"], document["label"]["sources"] = ["gold", "written"], []
    document["evaluate"]["source"] = "labelled"
    assert problems_of(document) == [
        "params.yaml: evaluate.source = 'labelled': expected one of sources = [gold, written]"
    ]


def test_check_takes_the_sample_profile_without_a_word_and_tells_a_missing_file_once(
    document: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ParamsError) as caught:
        check()
    assert len(str(caught.value).splitlines()) == 1
    write_document(document)
    check()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("stage", "section"),
    [*((stage, stage) for stage in STAGES), ("generate", "teacher"), ("zeroshot", "teacher")],
)
def test_a_stage_refuses_its_sections_before_any_work(
    document: Document, monkeypatch: pytest.MonkeyPatch, stage: str, section: str
) -> None:
    document[section]["qqqq"] = 1
    write_document(document)
    monkeypatch.setattr(sys, "argv", [stage, *ARGUMENTS.get(stage, ())])
    module, arguments = STAGES[stage]
    with pytest.raises(ParamsError, match=rf"^params\.yaml: {section}\.qqqq = 1: unknown key"):
        importlib.import_module(module).main(*arguments)
    assert [path.name for path in Path().iterdir()] == ["params.yaml"]


def test_a_misspelt_key_stops_the_command_with_one_line_and_no_output(document: Document) -> None:
    document["filter"]["max_charakters"] = document["filter"].pop("max_characters")
    write_document(document)
    process = run_python("-m", "stages.filter", cwd=Path())
    assert process.returncode == 1
    assert process.stdout == ""
    assert process.stderr == (
        "error: params.yaml: filter.max_charakters = 2048: unknown key; "
        "did you mean 'max_characters'?\n"
    )
    assert [path.name for path in Path().iterdir()] == ["params.yaml"]


def run_git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def test_files_that_a_copy_of_the_repository_would_lack_are_told_in_a_line(
    document: Document, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    project = tmp_path / "project"
    for name in ("data/own/train.csv", "my/test.csv", "prompts/a.txt", "../far/validation.csv"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("$highlights", "utf-8")
    os.chdir(project)
    run_git("init", "--quiet")
    run_git("add", "prompts/a.txt")
    Path("data/own.dvc").write_text("", "utf-8")
    files = {"train": "data/own/train.csv", "validation": "../far/validation.csv"}
    document["fetch"]["files"].update({**files, "test": "my/test.csv"})
    document["fetch"]["redact"]["names"] = "data/own/train.csv"
    document["generate"]["prompt"] = document["zeroshot"]["prompt"] = "prompts/a.txt"
    write_document(document)
    main([])
    assert capsys.readouterr() == ("", "")  # source: sample reads none of them
    document["fetch"]["source"] = "files"
    write_document(document)
    main([])
    far, untracked = capsys.readouterr().err.splitlines()
    assert far.startswith(
        "warning: fetch.files.validation = ../far/validation.csv: outside of the repository: a "
        "clone lacks it, and `dvc exp run --temp` too if the path is relative; "
    )
    assert untracked.startswith(
        "warning: fetch.files.test = my/test.csv: tracked by neither Git nor DVC: "
    )
    assert untracked.endswith("and track them: `dvc add data/own`, `git add`")
    document["fetch"]["source"] = "sample"
    document["generate"]["prompt"] = str(tmp_path / "prompt.txt")
    write_document(document)
    main([])
    assert capsys.readouterr().err.startswith(
        f"warning: generate.prompt = {tmp_path / 'prompt.txt'}: outside of the repository: "
    )


ENDPOINT = {"base_url": "http://127.0.0.1:9/v1", "model": "double"}


@pytest.mark.parametrize(
    ("request_", "cause", "way"),
    [
        ({"temperature": 0}, "teacher.request.temperature = 0", "set it higher"),
        ({"temperature": 0.0, "seed": 1}, "teacher.request.temperature = 0", "set it higher"),
        ({"temperature": 1, "seed": 0}, "teacher.request.seed = 0", "delete it"),
    ],
)
def test_samples_that_would_be_the_same_text_are_told_in_a_line(
    document: Document,
    capsys: pytest.CaptureFixture[str],
    request_: dict[str, object],
    cause: str,
    way: str,
) -> None:
    document["teacher"] |= ENDPOINT | {"request": request_}
    document["label"]["samples"] = 3
    write_document(document)
    main([])
    assert capsys.readouterr() == (
        "",
        f"warning: label.samples = 3 with {cause}: the samples will be the same text, paid 3 "
        f"times; {way}, or set label.samples: 1\n",
    )


def test_samples_that_may_differ_cost_nothing_or_are_not_asked_are_not_told(
    document: Document, capsys: pytest.CaptureFixture[str]
) -> None:
    cold = {"request": {"temperature": 0}}
    warm = {"request": {"temperature": 0.7}}
    for teacher, samples, sources in (
        (ENDPOINT | cold, 1, ["gold", "labelled"]),
        (ENDPOINT | warm, 3, ["gold", "labelled"]),
        (ENDPOINT | {"request": {}}, 3, ["gold", "labelled"]),
        (cold, 3, ["gold", "labelled"]),
        (ENDPOINT | cold, 3, ["gold"]),
    ):
        own = ["labelled"] if "labelled" in sources else []
        changes = {"sources": sources, "teacher": SAMPLE["teacher"] | teacher}
        changes["evaluate"] = SAMPLE["evaluate"] | {"source": "gold"}
        sections = {"generate": {"sources": []}, "label": {"sources": own, "samples": samples}}
        write_document({**document, **changes, **sections})
        main([])
        assert capsys.readouterr() == ("", "")


# Prompts


def test_prompts_that_cannot_be_used_are_told_all_at_once(document: Document) -> None:
    Path("write.txt").write_text("Expand $highlight", "utf-8")
    Path("ask.yaml").write_text("messages: [{role: user, content: $article, nam: x}]", "utf-8")
    document["generate"]["prompt"], document["zeroshot"]["prompt"] = "write.txt", "ask.yaml"
    first, second = problems_of(document)
    assert first.startswith("generate.prompt = write.txt: found $highlight, expected just $high")
    assert second.startswith("zeroshot.prompt = ask.yaml: messages.0.nam: unknown key")


def test_a_setting_of_both_prompt_and_params_is_told(document: Document) -> None:
    text = "messages: [{role: user, content: $title}]\nresponse_format: {type: json_object}\n"
    Path("ask.yaml").write_text(text, "utf-8")
    document["zeroshot"]["prompt"] = "ask.yaml"
    write_document(document)
    check()  # which columns there are, nobody knows yet
    document["teacher"]["request"] = {"response_format": {"type": "text"}}
    write_document(document)
    with pytest.raises(ParamsError, match=r"^teacher\.request\.response_format: the prompt's"):
        check()
