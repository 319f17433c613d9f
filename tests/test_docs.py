"""README and docs against the project: what they name exists, and the front door stays short."""

import fnmatch
import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.core.documents import KINDS
from tests.imports import ROOT
from understudy.contract.pairs import RAW
from understudy.contract.params.fetch import FetchParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.zeroshot import ZeroshotParams
from understudy.core.params import load_section
from understudy.rows.fetching import fetch
from understudy.teacher.prompts import Prompt, Questions
from understudy.tools.check import check
from understudy.tools.cli import COMMANDS

HISTORY = ("CHANGELOG.md", "docs/log.md")
"""They keep the names of their time."""
PAGES = sorted(
    str(page.relative_to(ROOT))
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
    if str(page.relative_to(ROOT)) not in HISTORY
)
YAML_SAFE = YAML(typ="safe")
STAGES = YAML_SAFE.load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
GRAPHS = {"": "profiles/sample.yaml", "classification/": "classification/params.yaml"}
"""The params of the graph in each folder."""
MOST_LINES = {"README.md": 170, "dvc.yaml": 340, "params.yaml": 70}
MOST_LINES |= {"classification/dvc.yaml": 380, "classification/params.yaml": 90}
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"\.?[\w.*-]+(/[\w.*-]+)*/?")
NOT_PATHS = re.compile(r"/v1\b|NAME")
IN_EVERY_FOLDER = {"settings.json", "seeds.json", "generation_config.json", "__main__.py"}
IN_EVERY_FOLDER |= {"import-rejects.jsonl"}
"""Of its kind: of a model, of a stage, or beside a ledger."""
MADE_BY_RUNS = (".venv", ".dvc/cache", ".dvc/config.local", "params.yaml.before", "../")
MADE_BY_USERS = ("data/own/", "data/served", "data/harvested.parquet")


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def find_code(page: str) -> Iterator[str]:
    """Each code span of a page, and each line of its shell blocks without its comment."""
    text = read(page)
    yield from CODE.findall(FENCE.sub("", text))
    for block in SHELL.findall(text):
        for line in block.splitlines():
            yield from re.split(r"\s*&&\s*", line.partition(" #")[0])


@cache
def find_outputs() -> set[str]:
    """What dvc.yaml says that stages write, in both graphs."""
    found: set[str] = set()
    graphs = {folder: YAML_SAFE.load(read(f"{folder}dvc.yaml")) for folder in GRAPHS}
    for folder, stage in ((at, one) for at in graphs for one in graphs[at]["stages"].values()):
        names, choices = zip(*stage.get("matrix", {"": [""]}).items(), strict=True)
        sample = YAML_SAFE.load(read(GRAPHS[folder]))
        for values in itertools.product(*(list_choices(one, sample) for one in choices)):
            for out in (*stage.get("outs", ()), *stage.get("metrics", ()), *stage.get("plots", ())):
                path = out if isinstance(out, str) else next(iter(out))
                for name, value in zip(names, values, strict=True):
                    path = path.replace(f"${{item.{name}}}", str(value))
                found.add(f"{folder}{path}")
    return found


def list_choices(choices: list[str] | str, sample: Any) -> list[Any]:
    """The values in a stage's matrix; those that dvc.yaml takes from params are the sample's."""
    if isinstance(choices, list):
        return choices
    value = sample
    for key in choices.removeprefix("${").removesuffix("}").split("."):
        value = value[key]
    assert isinstance(value, list)
    return value


def exists(path: str) -> bool:
    """Whether a path, which may hold *, is there or appears with a run."""
    if path.startswith(MADE_BY_RUNS + MADE_BY_USERS) or any(ROOT.glob(path)):
        return True
    for out in map(Path, find_outputs()):
        folders = map(str, (out, *out.parents))
        if fnmatch.filter(folders, path) or any(out.match(str(p)) for p in Path(path).parents[:-1]):
            return True
    return False


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


PROFILES = [f"profiles/{name}.yaml" for name in ("sample", "seeds", "paper", "logs")]


@pytest.mark.parametrize("name", [*MOST_LINES, *PROFILES])
def test_what_everybody_reads_is_short(name: str) -> None:
    assert len(read(name).splitlines()) <= MOST_LINES.get(name, 70)


@pytest.mark.parametrize("page", [*PAGES, *HISTORY])
def test_links_lead_somewhere(page: str) -> None:
    for link in LINK.findall(FENCE.sub("", read(page))):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        found = (ROOT / page).parent / target if target else ROOT / page
        assert found.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(slug, headings), link


def test_the_readme_leads_to_every_page() -> None:
    linked = set(LINK.findall(read("README.md")))
    assert {page for page in (*PAGES, *HISTORY) if page != "README.md"} <= linked


@pytest.mark.parametrize("page", PAGES)
def test_no_code_span_is_broken_by_a_line_end(page: str) -> None:
    lines = FENCE.sub("", read(page)).splitlines()
    assert [line for line in lines if line.replace("``", "").count("`") % 2] == []


@pytest.mark.parametrize("page", PAGES)
def test_paths_that_a_page_names_exist(page: str) -> None:
    files = "md|py|yaml|yml|lock|json|jsonl|csv|parquet|txt|html|sh|toml|j2"
    named = {
        code.removesuffix("/")
        for code in CODE.findall(FENCE.sub("", read(page)))
        if PATH.fullmatch(code)
        and ("/" in code or re.search(rf"^[\w*-]+\.({files})$", code))
        and not NOT_PATHS.search(code)
    }
    assert [path for path in sorted(named - IN_EVERY_FOLDER) if not exists(path)] == []


@pytest.mark.parametrize("page", PAGES)
def test_names_stand_in_the_files_that_a_page_gives_for_them(page: str) -> None:
    for name, file in re.findall(r"`(\w+)`\s+in\s+`([\w/.-]+\.py)`", read(page)):
        assert re.search(rf"^\s*(async )?(def |class )?{name}\b", read(file), re.MULTILINE), (
            f"{name} in {file}"
        )


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_a_page_names_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    for code in find_code(page):
        program, *rest = code.split()
        if program == "understudy" and rest:
            assert rest[0] in COMMANDS, code
        elif program == "make" and rest:
            assert rest[0] in targets, code
        elif code.startswith("python -m stages."):
            module = rest[1].removeprefix("stages.")
            assert module == "NAME" or module.replace("_", "-") in STAGES, code


@pytest.mark.parametrize("page", PAGES)
def test_params_that_a_page_names_exist(page: str) -> None:
    for code in CODE.findall(FENCE.sub("", read(page))):
        section, *keys = code.partition(":")[0].split(".")
        if section not in KINDS or not re.fullmatch(r"[\w.]+", ".".join(keys)):
            continue
        kind: Any = KINDS[section]
        for key in keys:
            if not hasattr(kind, "model_fields"):  # a free mapping, such as teacher.request
                break
            assert key in kind.model_fields, code
            kind = kind.model_fields[key].annotation


def test_the_readme_has_a_row_for_each_stage_in_the_order_of_the_graph() -> None:
    rows = re.findall(r"^\| (`[a-z0-9`, -]+`) \|", read("README.md").partition("<!--")[0], re.M)
    named = [name for row in rows for name in CODE.findall(row)]
    assert sorted(named) == sorted(STAGES)
    place = {name: position for position, name in enumerate(STAGES)}
    assert [place[name] for name in named] == sorted(place.values())


def test_the_example_of_tickets_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("examples", "dvc.yaml"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "params.yaml").symlink_to(ROOT / "examples/tickets/params.yaml")
    monkeypatch.chdir(tmp_path)
    check()
    rows = load_section("fetch", FetchParams)
    fetch(rows.model_copy(update={"max_rejected": 0.0}))
    generate = load_section("generate", GenerateParams)
    zeroshot = load_section("zeroshot", ZeroshotParams)
    write = Prompt("generate.prompt", generate.prompt, ["highlights"])
    summarize = Prompt("zeroshot.prompt", zeroshot.prompt, ["article"])
    highlights = Questions(write, generate.limits, RAW)
    articles = Questions(summarize, {"test": None}, RAW)
    assert [len(list(prompts)) for prompts in (highlights, articles)] == [10, 2]
