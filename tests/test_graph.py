"""Each dvc.yaml against the code: names, deps and params."""

import itertools
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.imports import ROOT, imported_files
from understudy.contract.kind import CLASSIFICATION, Kind, this_kind
from understudy.contract.params.sections import list_sections
from understudy.contract.params.sources import SOURCES

CODE = ("stages/", "understudy/")
TEACHER = ("teacher.base_url", "teacher.model", "teacher.request")


@dataclass(frozen=True)
class Graph:
    """A dvc.yaml, and what a test expects of it."""

    folder: str
    names: tuple[str, ...]
    """Its stages."""
    params: dict[str, tuple[str, ...]]
    """Those of each stage that depends on more or less than the section of its own name."""

    @cached_property
    def stages(self) -> dict[str, Any]:
        found: dict[str, Any] = YAML(typ="safe").load(
            (ROOT / self.folder / "dvc.yaml").read_text(encoding="utf-8")
        )["stages"]
        return found

    @property
    def kind(self) -> Kind:
        return this_kind(ROOT / self.folder / "params.yaml")

    @property
    def up(self) -> str:
        """The way from the folder to the code."""
        return "../" * len(Path(self.folder).parts)


def of_students(kind: tuple[str, ...], *stages: str) -> tuple[str, ...]:
    return tuple(f"{stage}-{student}" for stage in stages for student in kind)


GRAPHS = (
    Graph(
        ".",
        (
            *("fetch", "filter", "generate", "label"),
            *of_students(("t5", "bart"), "train", "export", "predict"),
            *("select", "zeroshot", "latency", "calibrate", "evaluate", "worth"),
            *("datacards", "cards", "report"),
        ),
        {
            "generate": (*TEACHER, "generate"),
            "label": (*TEACHER, "label", "zeroshot.prompt"),
            "zeroshot": (*TEACHER, "zeroshot"),
            "train-t5": ("train-t5.model", "train-t5.revision", "train-t5.settings"),
            "train-bart": ("train-bart.model", "train-bart.revision", "train-bart.settings"),
            **dict.fromkeys(of_students(("t5", "bart"), "export"), ("export", "predict")),
            **dict.fromkeys(of_students(("t5", "bart"), "predict"), ("predict",)),
            "select": ("fetch.redact", "train-${item.student}.seeds"),
            "latency": ("latency", "predict"),
            "calibrate": (
                *("calibrate", "evaluate.stemmer", "evaluate.words", "predict", "teacher.prices"),
                "worth",
            ),
            "worth": ("teacher.prices", "worth"),
            "evaluate": ("evaluate", "sources", "teacher.prices"),
            "datacards": ("datacards", "filter", "generate", "label", *TEACHER),
            "cards": (
                *("filter.max_characters", "generate.max_characters", "predict", *TEACHER[:2]),
            ),
            "report": ("evaluate.margin", "evaluate.stemmer", "report"),
        },
    ),
    Graph(
        "classification",
        (
            *("fetch", "filter", "generate", "label"),
            *of_students(("gbdt", "lstm", "bert", "t5"), "train"),
            "export-t5",
            *("predict", "zeroshot", "latency", "calibrate", "evaluate", "worth"),
            *("datacards", "cards", "report"),
        ),
        {
            "fetch": ("fetch", "task.labels", "task.synonyms"),
            "generate": (*TEACHER, "generate", "task.labels"),
            "label": (*TEACHER, "label", "task.labels", "task.synonyms", "zeroshot.prompt"),
            "zeroshot": (*TEACHER, "task.labels", "task.synonyms", "zeroshot"),
            **{
                f"train-{name}": ("task.labels", f"train-{name}.settings")
                for name in ("gbdt", "lstm")
            },
            **{
                f"train-{name}": (
                    "task.labels",
                    *(f"train-{name}.{key}" for key in ("model", "revision", "settings")),
                )
                for name in ("bert", "t5")
            },
            "export-t5": ("export", "predict"),
            "predict": (
                *("fetch.redact", "predict"),
                *(f"train-{name}.seeds" for name in CLASSIFICATION.students),
            ),
            "latency": ("latency", "predict"),
            "calibrate": ("calibrate", "predict", "teacher.prices", "worth"),
            "worth": ("teacher.prices", "worth"),
            "evaluate": ("evaluate", "sources", "task.keywords", "task.labels", "teacher.prices"),
            "datacards": ("datacards", "filter", "generate", "label", "task.labels", *TEACHER),
            "cards": (
                *("filter.max_characters", "generate.max_characters", "predict", *TEACHER[:2]),
            ),
            "report": ("evaluate.margin", "report"),
        },
    ),
)
COSTLY = re.compile(r"(generate|label|zeroshot|predict|(train|export|predict)-\w+)$")
EACH = pytest.mark.parametrize(
    ("graph", "stage"),
    [pytest.param(g, s, id=f"{g.folder}-{s}") for g in GRAPHS for s in g.names],
)
EACH_COSTLY = pytest.mark.parametrize(
    ("graph", "stage"),
    [pytest.param(g, s, id=f"{g.folder}-{s}") for g in GRAPHS for s in g.names if COSTLY.match(s)],
)


def commands(graph: Graph, stage: str) -> list[str]:
    found = graph.stages[stage]["cmd"]
    return [found] if isinstance(found, str) else list(found)


def modules_of(graph: Graph, stage: str) -> list[str]:
    """What the commands of a stage run."""
    start = f"env PYTHONPATH={graph.up.rstrip('/')} " if graph.up else ""
    found = [re.match(rf"{start}python -m (stages\.\w+)( \S|$)", c) for c in commands(graph, stage)]
    return [match[1] if match else "none" for match in found]


def imports(graph: Graph, stage: str) -> set[str]:
    return set[str]().union(*map(imported_files, modules_of(graph, stage)))


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


def code_deps(graph: Graph, stage: str) -> set[str]:
    """The modules that a stage's deps cover."""
    deps = [dep.removeprefix(graph.up) for dep in graph.stages[stage]["deps"]]
    covered = set[str]().union(*(files_below(dep) for dep in deps if dep.startswith(CODE)))
    return {path for path in covered if path.endswith(".py") and not path.endswith("__init__.py")}


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.folder)
def test_the_stages_are_those_of_the_design(graph: Graph) -> None:
    assert tuple(graph.stages) == graph.names
    for student in graph.kind.students:
        matrix = {"source": "${sources}", "seed": f"${{train-{student}.seeds}}"}
        assert graph.stages[f"train-{student}"]["matrix"] == matrix
        for name in (f"export-{student}", f"predict-{student}"):
            found = graph.stages.get(name, {"matrix": {}})["matrix"]
            expected = {"student": [student], **matrix}
            assert found == {key: expected[key] for key in found}


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.folder)
def test_the_lock_keeps_no_stage_of_an_earlier_graph(graph: Graph) -> None:
    lock = YAML(typ="safe").load((ROOT / graph.folder / "dvc.lock").read_text("utf-8"))
    for name in lock["stages"]:
        stage, _, item = name.partition("@")
        matrix = graph.stages[stage].get("matrix", {})
        assert len(item.split("-") if item else []) == len(matrix), name


@EACH
def test_code_deps_cover_what_the_stage_imports(graph: Graph, stage: str) -> None:
    assert imports(graph, stage) <= code_deps(graph, stage)


@EACH_COSTLY
def test_a_costly_stage_depends_on_no_code_that_cannot_change_its_result(
    graph: Graph, stage: str
) -> None:
    unused = code_deps(graph, stage) - imports(graph, stage)
    assert {path for path in unused if not path.startswith("understudy/core/")} == set()


@EACH_COSTLY
@pytest.mark.parametrize(
    "folder", ["understudy/tools", "understudy/rendering", "understudy/scoring", "stages/report"]
)
def test_a_changed_report_or_review_runs_no_costly_stage(
    graph: Graph, stage: str, folder: str
) -> None:
    assert code_deps(graph, stage).isdisjoint(files_below(folder))


@EACH
def test_a_stage_depends_on_its_own_params_only(graph: Graph, stage: str) -> None:
    assert sorted(graph.stages[stage]["params"]) == sorted(graph.params.get(stage, (stage,)))


@EACH
def test_a_stage_runs_the_module_of_its_name(graph: Graph, stage: str) -> None:
    # one of a student that shares its module with that of another is named after both
    shared = re.sub(r"^(export|predict)-\w+$", r"\1", stage).replace("-", "_")
    also = [] if len(commands(graph, stage)) == 1 else ["stages.select"]
    assert modules_of(graph, stage) == [f"stages.{shared}", *also]


@EACH
def test_data_deps_are_outs_of_other_stages_or_named_by_params(graph: Graph, stage: str) -> None:
    made = {
        out
        for other in graph.names
        for kind in ("outs", "metrics", "plots")
        for out in expand(graph, other, kind)
    }
    code = tuple(f"{graph.up}{folder}" for folder in CODE)
    data = {dep for dep in expand(graph, stage, "deps") if not dep.startswith((*code, "${"))}
    around = {str(folder) for path in made for folder in Path(path).parents}
    parts = [dep for dep in data if {*map(str, Path(dep).parents)} & made]
    assert sorted(data - made - around - set(parts)) == []


def expand(graph: Graph, stage: str, field: str) -> set[str]:
    """Paths of a stage for every combination of its matrix, each student with one seed."""
    values = {"${sources}": SOURCES, "${generate.sources}": ["written"]}
    values |= {"${label.sources}": ["labelled"]}
    values |= {f"${{train-{student}.seeds}}": ["13"] for student in graph.kind.students}
    matrix, paths = graph.stages[stage].get("matrix", {}), set()
    choices = (v if isinstance(v, list) else values[v] for v in matrix.values())
    for chosen in itertools.product(*choices):
        for entry in graph.stages[stage].get(field, []):
            path = entry if isinstance(entry, str) else next(iter(entry))
            for name, value in zip(matrix, chosen, strict=True):
                path = path.replace(f"${{item.{name}}}", value)
            paths.add(path)
    return paths


@pytest.mark.parametrize("graph", GRAPHS, ids=lambda graph: graph.folder)
def test_every_section_has_a_typed_form(graph: Graph) -> None:
    keys = {key for stage in graph.names for key in graph.stages[stage]["params"] if "$" not in key}
    tracked = {key.partition(".")[0] for key in keys}
    assert tracked | {"task", "teacher", "review", "serve"} == {
        *list_sections(graph.kind),
        "sources",
    }


def test_light_stages_load_no_heavy_library() -> None:
    code = (
        "import sys; import stages.fetch, stages.filter, stages.generate, understudy.tools.check; "
        "print(sorted({'torch', 'transformers', 'evaluate', 'openai'} & set(sys.modules)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == "[]"
