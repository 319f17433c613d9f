"""A whole params document, for tests to spoil."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.imports import ROOT
from understudy.contract.kind import SUMMARIZATION
from understudy.contract.params.sections import list_sections
from understudy.core.params import load_section

Document = dict[str, Any]
PROFILE = ROOT / "profiles" / "sample.yaml"
KINDS = list_sections(SUMMARIZATION)
"""Which class reads which section."""
SAMPLE: Document = {
    name: load_section(name, kind, PROFILE).model_dump() for name, kind in KINDS.items()
}
"""The sample profile with all keys."""


def write_document(document: object, path: Path = Path("params.yaml")) -> None:
    """Writes params.yaml in the current folder."""
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(document, file)
