"""DVC's internals are used in understudy/versioning and nowhere else."""

import ast
from pathlib import Path

import pytest

from tests.imports import ROOT

ADAPTER = ROOT / "understudy" / "versioning"
FAMILY = ("dvc", "dvc_data", "dvc_objects", "scmrepo", "git", "pygit2", "dulwich")


def find_imports(text: str) -> list[str]:
    """Top packages of DVC and Git that a module imports, lazy imports too."""
    names: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names += [str(a.value) for a in node.args[:1] if isinstance(a, ast.Constant)]
    return [name.partition(".")[0] for name in names if name.partition(".")[0] in FAMILY]


@pytest.mark.parametrize(
    "text",
    [
        "import dvc",
        "import dvc.repo as r",
        "from dvc.api import DVCFileSystem",
        "def lazy():\n    from dvc_data.hashfile.tree import Tree",
        "if False:\n    import json, git",
        "import importlib\nimportlib.import_module('dvc.repo')",
    ],
)
def test_an_import_is_found_wherever_it_stands(text: str) -> None:
    assert len(find_imports(text)) == 1


def test_other_names_are_no_import_of_dvc() -> None:
    assert find_imports("import json\nfrom understudy.versioning import status\ndvc = 'dvc'") == []


def test_only_the_adapter_imports_dvc() -> None:
    users = {
        str(path.relative_to(ROOT))
        for folder in ("understudy", "stages")
        for path in Path(ROOT, folder).rglob("*.py")
        if find_imports(path.read_text(encoding="utf-8")) and not path.is_relative_to(ADAPTER)
    }
    assert users == set()
