"""The floors of docs/architecture.md: what a module may import, and how it is found by name."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.imports import ROOT

MAY_IMPORT = {
    "texts": set[str](),
    "core": set[str](),
    "versioning": {"core"},
    "contract": {"core"},
    "logs": {"core", "contract", "texts"},
    "rendering": {"core", "contract"},
    "rows": {"core", "contract", "texts"},
    "scoring": {"contract", "core", "texts"},
    "serving": {"core", "contract", "texts"},
    "teacher": {"core", "contract", "texts", "versioning"},
    "students": {"core", "contract", "versioning"},
    "tools": {
        *("core", "contract", "versioning"),
        *("rendering", "rows", "scoring", "serving", "teacher", "students"),
        *("logs", "texts"),
    },
}
"""Of each part of understudy/: the parts that it imports beside itself. Another arrow is another
line here, within FLOORS."""
FLOORS = [
    {"core", "texts"},
    {"contract", "versioning"},
    {"logs", "rendering", "rows", "scoring", "serving", "teacher", "students"},
    {"tools"},
]
OFTEN = {"__init__", "__main__", "settings"}
LONGEST = 350
"""Lines of a file."""


def modules(*trees: str) -> list[Path]:
    return [path for tree in trees for path in sorted((ROOT / tree).rglob("*.py"))]


def imports(source: str) -> Iterator[str]:
    """Dotted names that a module imports, lazily too; of `from a import b` both a and a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def find_breaches(path: str, source: str) -> set[str]:
    """The imports of a module that its place does not allow."""
    tree, part = Path(path).parts[:2]
    breaches = set()
    for name in imports(source):
        other_tree, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if tree == "understudy" and other_tree == "stages":
            breaches.add(name)
        elif tree == "stages" and other_tree == "stages":
            if other not in ("", Path(part).stem):
                breaches.add(name)
        elif tree == "stages" and other_tree == "understudy":
            if other == "tools":
                breaches.add(name)
        elif (
            other_tree == "understudy" and other not in ("", part) and other not in MAY_IMPORT[part]
        ):
            breaches.add(name)
    return breaches


@pytest.mark.parametrize(
    "path", [str(path.relative_to(ROOT)) for path in modules("understudy", "stages")]
)
def test_a_module_imports_what_its_floor_allows(path: str) -> None:
    assert find_breaches(path, (ROOT / path).read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("understudy/core/files.py", "from understudy.rows.reader import read_file"),
        ("understudy/contract/pairs.py", "import understudy.teacher.client"),
        ("understudy/teacher/client.py", "def f():\n    from understudy.students import model"),
        ("understudy/rows/reader.py", "from understudy.tools import plan"),
        ("understudy/rows/hub.py", "from understudy.versioning.state import beside_cache"),
        ("understudy/tools/plan.py", "from stages.generate import main"),
        ("stages/generate.py", "from stages.fetch import main"),
        ("stages/cards/card.py", "import stages.report.page"),
        ("stages/evaluate.py", "from understudy.tools.table import render"),
    ],
)
def test_a_breach_is_found(path: str, source: str) -> None:
    assert find_breaches(path, source) != set()


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("stages/report/page.py", "from stages.report.drawing import draw"),
        ("stages/generate.py", "from understudy.teacher.client import ask"),
        ("understudy/tools/plan.py", "from understudy.teacher.client import ask"),
    ],
)
def test_what_is_allowed_is_no_breach(path: str, source: str) -> None:
    assert find_breaches(path, source) == set()


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_may_import_no_more_than_it_does(part: str) -> None:
    names = {
        name.split(".")[1]
        for path in modules(f"understudy/{part}")
        for name in imports(path.read_text(encoding="utf-8"))
        if name.startswith("understudy.")
    }
    assert names - {part} == MAY_IMPORT[part]


def test_the_parts_make_four_floors_and_no_circle() -> None:
    above: set[str] = set()
    for floor in FLOORS:
        assert all(MAY_IMPORT[part] <= above for part in floor)
        above |= floor
    assert above == {path.name for path in (ROOT / "understudy").iterdir() if path.is_dir()} - {
        "__pycache__"
    }


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in modules("understudy", "stages")
    }
    graph = {
        name: {other for other in imports(path.read_text(encoding="utf-8")) if other in names}
        for name, path in names.items()
    }
    while free := {name for name, others in graph.items() if not others & graph.keys()}:
        graph = {name: others for name, others in graph.items() if name not in free}
    assert graph == {}


def test_a_module_is_found_by_its_name() -> None:
    counts = Counter(path.stem for path in modules("understudy", "stages"))
    assert {name for name, count in counts.items() if count > 2} <= OFTEN


@pytest.mark.parametrize("tree", ["understudy", "stages", "tests"])
def test_no_file_is_longer_than_a_reader_follows(tree: str) -> None:
    files = [path for path in (ROOT / tree).rglob("*") if path.suffix in (".py", ".css", ".js")]
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert long == {}


def test_package_files_hold_a_docstring_only() -> None:
    for path in modules("understudy", "stages"):
        if path.name == "__init__.py":
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert len(body) == 1, path
            assert isinstance(body[0], ast.Expr), path
