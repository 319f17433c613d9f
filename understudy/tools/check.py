"""Checks every section of params.yaml, so that no stage stops an hour into a run.

Says on stderr which of its files another copy of the repository would lack, which labels the prompt
does not name, and where samples would be paid for in vain.

Run: understudy check, or make check
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from understudy.core.errors import ParamsError, suggest
from understudy.core.parser import command_parser


def check() -> None:
    """Raises ParamsError with one line per problem of any section, or then of several together."""
    from understudy.contract.params.sections import list_sections
    from understudy.contract.params.sources import KEY
    from understudy.core.params import PARAMS, load_section, read_params

    known = list_sections()
    problems = [
        f"{PARAMS}: {name}: unknown section{suggest(str(name), (KEY, *known))}"
        for name in read_params()
        if name not in (KEY, *known)
    ]
    problems += find_source_problems()
    for name, kind in known.items():
        try:
            load_section(name, kind)
        except ParamsError as error:
            problems.append(str(error))
    problems = problems or [*find_unmade_source(), *find_prompt_problems()]
    if problems:
        raise ParamsError("\n".join(dict.fromkeys(problems)))


def find_source_problems() -> list[str]:
    """One line per problem of the list `sources`; where it is missing, DVC does not explain it."""
    from understudy.contract.params.sources import KEY, load_sources
    from understudy.core.params import PARAMS, PIPELINE, find_missing, read_params

    try:
        load_sources()
    except ParamsError as error:
        return [str(error)]
    return [
        f"{PARAMS}: {name}: this key is missing; {PIPELINE} names it, and DVC knows no defaults: "
        f"`understudy params {name}` has it"
        for name in find_missing(KEY, read_params())
    ]


def find_unmade_source() -> list[str]:
    """One line where evaluate.source is not among `sources`: its stage would say so at the end."""
    from understudy.contract.params.evaluate import EvaluateParams
    from understudy.contract.params.sources import load_sources
    from understudy.core.params import PARAMS, load_section

    problem = load_section("evaluate", EvaluateParams).find_problem(load_sources())
    return [f"{PARAMS}: {problem}"] if problem else []


def find_prompt_problems() -> list[str]:
    """One line per prompt's template that is there and cannot be used.

    Which columns `zeroshot` may ask about is known when the rows are there: the stage tells.
    """
    from understudy.contract.kind import this_kind
    from understudy.contract.params.generate import GenerateParams
    from understudy.contract.params.teacher import TeacherParams
    from understudy.contract.params.zeroshot import ZeroshotParams
    from understudy.core.params import load_section
    from understudy.teacher.errors import PromptError
    from understudy.teacher.prompt_files import read_prompt_file
    from understudy.teacher.prompts import Prompt
    from understudy.teacher.requests import check_settings

    teacher, problems = load_section("teacher", TeacherParams), []
    named = {
        "generate.prompt": load_section("generate", GenerateParams).prompt,
        "zeroshot.prompt": load_section("zeroshot", ZeroshotParams).prompt,
    }
    for param, path in named.items():
        try:
            if Path(path).is_file():  # DVC names one that is absent
                check_settings(read_prompt_file(param, path).settings, teacher)
                if param == "generate.prompt":
                    Prompt(param, path, [this_kind().output])
        except PromptError as error:
            problems.append(str(error))
    return problems


def find_unnamed_labels() -> list[str]:
    """A line where the task's prompt does not name every label, which no answer will be then."""
    from understudy.contract.label_reader import plain
    from understudy.contract.params.task import TaskParams
    from understudy.contract.params.zeroshot import ZeroshotParams
    from understudy.core.params import load_section
    from understudy.teacher.prompts import Prompt

    labels = load_section("task", TaskParams).labels
    path = load_section("zeroshot", ZeroshotParams).prompt
    if not labels or not Path(path).is_file():
        return []
    prompt = Prompt("zeroshot.prompt", path)
    asked = plain(f"{prompt.own_text} {json.dumps(prompt.settings, ensure_ascii=False)}")
    lost = [label for label in labels if plain(label) not in asked]
    if not lost:
        return []
    more = f" and {len(lost) - 1} more of task.labels" if lost[1:] else ""
    return [
        f"zeroshot.prompt = {path}: it does not name {lost[0]!r}{more}; write $labels where the "
        "list of all belongs"
    ]


def find_alike_samples() -> list[str]:
    """A line where the samples of label would be the same text each time, all of them paid for."""
    from understudy.contract.params.label import LabelParams
    from understudy.contract.params.sources import load_sources
    from understudy.contract.params.teacher import EMBEDDED, TeacherParams
    from understudy.core.params import load_section

    label, teacher = load_section("label", LabelParams), load_section("teacher", TeacherParams)
    count, request = label.samples, teacher.request
    if count == 1 or "labelled" not in load_sources() or teacher.base_url == EMBEDDED:
        return []
    if request.get("temperature") == 0:
        cause, way = "teacher.request.temperature = 0", "set it higher"
    elif request.get("seed") is not None:
        cause, way = f"teacher.request.seed = {request['seed']}", "delete it"
    else:
        return []
    same = f"the samples will be the same text, paid {count} times"
    return [f"label.samples = {count} with {cause}: {same}; {way}, or set label.samples: 1"]


def find_untaken_files(root: Path = Path()) -> list[str]:
    """One line on files of params.yaml outside of the repository, and on those it does not track.

    `dvc exp run --temp` works in a copy of the repository, as a clone is: what Git or DVC tracks.
    """
    from understudy.contract.params.fetch import NO_FILE
    from understudy.contract.params.sections import list_sections
    from understudy.core.params import load_section
    from understudy.versioning.revisions import find_untracked

    known = list_sections()
    fetch = load_section("fetch", known["fetch"]).model_dump()
    named = {
        f"{section}.prompt": load_section(section, known[section]).model_dump()["prompt"]
        for section in ("generate", "zeroshot")
    }
    if fetch["source"] == "files":
        names = ("train", "validation", "test", "inputs")
        named |= {f"fetch.files.{name}": fetch["files"][name] for name in names}
    named["fetch.redact.names"] = fetch["redact"]["names"]
    named = {key: path for key, path in named.items() if path != NO_FILE}
    here = root.resolve()
    top = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    far = {
        key: path for key, path in named.items() if not (here / path).resolve().is_relative_to(top)
    }
    near = {key: path for key, path in named.items() if key not in far and Path(path).is_file()}
    untracked = find_untracked([Path(path) for path in near.values()])
    loose = {key: path for key, path in near.items() if Path(path) in untracked}
    own = "put data in data/own, prompts in prompts/, and track them: `dvc add data/own`, `git add`"
    lost = "a clone lacks it, and `dvc exp run --temp` too if the path is relative"
    lines = []
    if far:
        lines.append(f"{_list(far)}: outside of the repository: {lost}; {own}")
    if loose:
        lost = "a clone and `dvc exp run --temp` lack it"
        lines.append(f"{_list(loose)}: tracked by neither Git nor DVC: {lost}; {own}")
    return lines


def _list(files: Mapping[str, str]) -> str:
    return ", ".join(f"{key} = {path}" for key, path in files.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """Checks params.yaml, and prints nothing on stdout where it can be used."""
    command_parser("understudy check", __doc__).parse_args(arguments)
    check()
    for line in (*find_unnamed_labels(), *find_alike_samples(), *find_untaken_files()):
        print(f"warning: {line}", file=sys.stderr)
