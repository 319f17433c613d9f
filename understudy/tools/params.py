"""Prints every param with its value and meaning, as YAML that can be pasted into params.yaml.

A line that ends in `# set` stands in params.yaml; the others are defaults.
Run: understudy params train-t5
"""

import io
import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ParamsError, one_line, suggest
from understudy.core.parser import command_parser

if TYPE_CHECKING:
    from understudy.core.params import Section

WIDTH = 100
SET = "# set"
ABOUT_SOURCES = (
    "Whose pairs students learn from. gold: real inputs and outputs; written: the teacher writes "
    "an input for a gold output; labelled: the teacher writes the output for a real input. Stages "
    "of sources that are left out do not exist."
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints all sections, or the one that the command line names."""
    parser = command_parser("understudy params", __doc__)
    about = "a section's name; all sections if left out"
    parser.add_argument("section", nargs="?", metavar="SECTION", help=about)
    parser.add_argument("--json", action="store_true", help="one JSON object by dotted key")
    options = parser.parse_args(arguments)

    from understudy.contract.params.sections import list_sections
    from understudy.contract.params.sources import KEY, load_sources
    from understudy.core.params import parse_section, read_params

    known = list_sections()
    if options.section and options.section not in (KEY, *known):
        hint = suggest(options.section, (KEY, *known))
        raise ParamsError(f"{options.section}: no section of params.yaml{hint}")
    document = read_params()
    sections = {
        name: parse_section(name, kind, document)
        for name, kind in known.items()
        if options.section in (None, name)
    }
    top = list(load_sources()) if options.section in (None, KEY) else None
    if options.json:
        leaves: dict[str, Any] = {}
        if top is not None:
            leaves[KEY] = {"value": top, "set": KEY in document, "meaning": ABOUT_SOURCES}
        leaves |= {
            ".".join((name, *path)): {"value": value, "set": is_set, "meaning": meaning}
            for name, section in sections.items()
            for path, value, is_set, meaning in list_params(section, document.get(name, {}))
            if not hasattr(value, "model_dump")
        }
        print(json.dumps(leaves, indent=2, ensure_ascii=False))
    else:
        texts = [] if top is None else [_render_top(KEY, top, is_set=KEY in document)]
        texts += [render(name, part, document.get(name, {})) for name, part in sections.items()]
        print("\n".join(texts), end="")


def list_params(
    section: "Section", given: Mapping[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any, bool, str]]:
    """Yields each param: its path in the section, value, whether it is set, and its meaning.

    A nested section comes before its own params, with itself as the value.
    """
    for name, field in type(section).model_fields.items():
        value, path = getattr(section, name), (*above, name)
        if hasattr(value, "model_dump"):
            yield path, value, name in given, one_line(value.__doc__ or "")
            yield from list_params(value, given.get(name, {}), path)
        else:
            yield path, value, name in given, one_line(field.description or "")


def render(name: str, section: "Section", given: Mapping[str, Any]) -> str:
    """One section as YAML, each param below its meaning."""
    lines = [*_comment(one_line(section.__doc__ or ""), 0), f"{name}:"]
    for path, value, is_set, meaning in list_params(section, given):
        nested = hasattr(value, "model_dump")
        shown = "" if nested else f" {_dump(value)}{f'  {SET}' if is_set else ''}"
        lines += _comment(meaning, len(path))
        lines.append(f"{'  ' * len(path)}{path[-1]}:{shown}")
    return "\n".join(lines) + "\n"


def _render_top(name: str, value: Any, *, is_set: bool) -> str:
    """A param that is no section."""
    shown = f"{name}: {_dump(value)}{f'  {SET}' if is_set else ''}"
    return "\n".join([*_comment(ABOUT_SOURCES, 0), shown]) + "\n"


def _comment(text: str, depth: int) -> list[str]:
    start = f"{'  ' * depth}# "
    lines = textwrap.wrap(text, WIDTH - len(start), break_on_hyphens=False)
    return [start + line for line in lines]


def _dump(value: Any) -> str:
    """A value as YAML in one line."""
    from ruamel.yaml import YAML

    yaml, out = YAML(typ="safe", pure=True), io.StringIO()
    yaml.default_flow_style, yaml.width = True, 10**6
    yaml.dump({"a": value}, out)
    return out.getvalue().strip().removeprefix("{a: ").removesuffix("}")
