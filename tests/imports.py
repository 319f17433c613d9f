"""Which modules of the project a module imports, read from the source text; Python with them."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def imported_files(module: str) -> set[str]:
    """Paths of all project modules that `module` needs, itself included, lazy imports too.

    Packages' own __init__ files hold a docstring only (another test says so) and are left out.
    """
    found: set[str] = set()
    todo = [module]
    while todo:
        name = todo.pop()
        path = _find_file(name)
        if path is None or str(path) in found:
            continue
        found.add(str(path))
        todo += _imported_names(ROOT / path)
    return found


def run_python(
    *arguments: object, cwd: Path = ROOT, env: dict[str, str] | None = None, **more: Any
) -> "subprocess.CompletedProcess[str]":
    """Runs another Python with the project's code, and waits for its end.

    Args:
        arguments: after `python`.
        cwd: where it runs.
        env: variables beside those that are set.
        more: for subprocess.run.
    """
    given = {"capture_output": True, "text": True, "check": False, "timeout": 300} | more
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, **given)


def _find_file(module: str) -> Path | None:
    path = Path(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__main__.py"):
        if (ROOT / file).is_file():
            return file
    return None


def _imported_names(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.split(".")[0] in ("stages", "understudy")]
