"""dvc.yaml against the code: names, deps and params."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.core.documents import KINDS
from tests.imports import ROOT, imported_files
from understudy.contract.params.sources import SOURCES

STAGES = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
CODE = ("stages/", "understudy/")
VALUES = {
    "${sources}": SOURCES,
    "${generate.sources}": ["written"],
    "${label.sources}": ["labelled"],
    "${train-t5.seeds}": ["13"],
    "${train-bart.seeds}": ["13"],
}
"""What params.yaml has for the matrices."""
OF_SEEDS = [
    f"{stage}-{student}" for stage in ("train", "export", "predict") for student in ("t5", "bart")
]
COSTLY = ["generate", "label", *OF_SEEDS, "zeroshot"]
DATA_STAGES = [
    "fetch",
    "filter",
    "generate",
    "label",
    *OF_SEEDS,
    "select",
    "zeroshot",
    "latency",
    "calibrate",
    "evaluate",
    "worth",
    "datacards",
    "cards",
    "report",
]
OWN_PARAMS = {
    "generate": ["teacher.base_url", "teacher.model", "teacher.request", "generate"],
    "label": ["teacher.base_url", "teacher.model", "teacher.request", "label", "zeroshot.prompt"],
    "zeroshot": ["teacher.base_url", "teacher.model", "teacher.request", "zeroshot"],
    "train-t5": ["train-t5.model", "train-t5.revision", "train-t5.settings"],
    "train-bart": ["train-bart.model", "train-bart.revision", "train-bart.settings"],
    "export-t5": ["export", "predict"],
    "export-bart": ["export", "predict"],
    "predict-t5": ["predict"],
    "predict-bart": ["predict"],
    "select": ["fetch.redact", "train-${item.student}.seeds"],
    "latency": ["latency", "predict"],
    "calibrate": [
        *("calibrate", "evaluate.stemmer", "evaluate.words", "predict", "teacher.prices", "worth")
    ],
    "worth": ["teacher.prices", "worth"],
    "evaluate": ["evaluate", "sources", "teacher.prices"],
    "datacards": [
        "datacards",
        "filter",
        "generate",
        "label",
        "teacher.base_url",
        "teacher.model",
        "teacher.request",
    ],
    "cards": [
        "filter.max_characters",
        "generate.max_characters",
        "predict",
        "teacher.base_url",
        "teacher.model",
    ],
    "report": ["evaluate.margin", "evaluate.stemmer", "report"],
}


def module_of(stage: str) -> str:
    """A stage of one student that shares its module with that of the other is named after both."""
    shared = re.sub(r"^(export|predict)-\w+$", r"\1", stage)
    return "stages." + shared.replace("-", "_")


def files_below(dep: str) -> set[str]:
    """What a dep covers: itself, or the tracked files of a folder."""
    path = ROOT / dep
    if not path.is_dir():
        return {dep}
    return {
        str(file.relative_to(ROOT))
        for file in path.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_stages_are_those_of_the_design() -> None:
    assert list(STAGES) == DATA_STAGES
    for student in ("t5", "bart"):
        matrix = {"source": "${sources}", "seed": f"${{train-{student}.seeds}}"}
        assert STAGES[f"train-{student}"]["matrix"] == matrix
        for stage in ("export", "predict"):
            assert STAGES[f"{stage}-{student}"]["matrix"] == {"student": [student], **matrix}


def code_deps(stage: str) -> set[str]:
    """The modules that a stage's deps cover."""
    deps = [dep for dep in STAGES[stage]["deps"] if dep.startswith(CODE)]
    covered = set().union(*(files_below(dep) for dep in deps))
    return {path for path in covered if path.endswith(".py") and not path.endswith("__init__.py")}


@pytest.mark.parametrize("stage", DATA_STAGES)
def test_code_deps_cover_what_the_stage_imports(stage: str) -> None:
    assert imported_files(module_of(stage)) <= code_deps(stage)


@pytest.mark.parametrize("stage", COSTLY)
def test_a_costly_stage_depends_on_no_code_that_cannot_change_its_result(stage: str) -> None:
    unused = code_deps(stage) - imported_files(module_of(stage))
    assert {path for path in unused if not path.startswith("understudy/core/")} == set()


@pytest.mark.parametrize("stage", COSTLY)
@pytest.mark.parametrize(
    "folder", ["understudy/tools", "understudy/rendering", "understudy/scoring", "stages/report"]
)
def test_a_changed_report_or_review_runs_no_costly_stage(stage: str, folder: str) -> None:
    assert code_deps(stage).isdisjoint(files_below(folder))


@pytest.mark.parametrize("stage", DATA_STAGES)
def test_a_stage_depends_on_its_own_params_only(stage: str) -> None:
    assert STAGES[stage]["params"] == OWN_PARAMS.get(stage, [stage])


@pytest.mark.parametrize("stage", DATA_STAGES)
def test_a_stage_runs_the_module_of_its_name(stage: str) -> None:
    assert re.match(rf"python -m {module_of(stage)}( \S|$)", STAGES[stage]["cmd"])


@pytest.mark.parametrize("stage", DATA_STAGES)
def test_data_deps_are_outs_of_other_stages_or_named_by_params(stage: str) -> None:
    made = {
        out
        for other in DATA_STAGES
        for kind in ("outs", "metrics", "plots")
        for out in expand(other, kind)
    }
    data = {dep for dep in expand(stage, "deps") if not dep.startswith((*CODE, "${"))}
    around = {str(folder) for path in made for folder in Path(path).parents}
    assert [dep for dep in data if not {dep, str(Path(dep).parent)} & (made | around)] == []


def expand(stage: str, field: str) -> set[str]:
    """Paths of a stage for every combination of its matrix."""
    matrix = STAGES[stage].get("matrix", {})
    paths = set()
    for values in itertools.product(
        *(v if isinstance(v, list) else VALUES[v] for v in matrix.values())
    ):
        for entry in STAGES[stage].get(field, []):
            path = entry if isinstance(entry, str) else next(iter(entry))
            for name, value in zip(matrix, values, strict=True):
                path = path.replace(f"${{item.{name}}}", value)
            paths.add(path)
    return paths


def test_every_section_has_a_typed_form() -> None:
    keys = {key for stage in DATA_STAGES for key in STAGES[stage]["params"] if "$" not in key}
    tracked = {key.partition(".")[0] for key in keys}
    assert tracked | {"teacher", "review", "serve"} == {*KINDS, "sources"}


def test_light_stages_load_no_heavy_library() -> None:
    code = (
        "import sys; import stages.fetch, stages.filter, stages.generate, understudy.tools.check; "
        "print(sorted({'torch', 'transformers', 'evaluate', 'openai'} & set(sys.modules)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == "[]"
