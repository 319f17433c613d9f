"""The command line `understudy`: every command explains itself, quickly."""

import importlib
import re
from functools import partial
from pathlib import Path

import pytest

from tests.imports import run_python
from understudy.core.errors import run
from understudy.tools import ledger
from understudy.tools.cli import COMMANDS, main

HEAVY = {"aiohttp", "datasets", "nltk", "numpy", "openai", "pandas", "pyarrow", "torch"}
LIGHT = ("calibrate", "check", "params", "plan", "review", "score", "predict", "serve")
ARGUMENTS = {
    "review": ["main"],
    "score": ["gold.jsonl", "out.jsonl"],
    "predict": ["--model", "model", "--input", "in.jsonl"],
    "serve": ["--model", "model"],
    "ledger": ["stats"],
    "inputs": ["log.jsonl"],
}
WITH_ARGUMENT = {
    "export": ("t5-gold", "13"),
    "predict": ("t5-gold", "--seed", "13"),
    **dict.fromkeys(("train_t5", "train_bart"), ("gold", "13")),
    **dict.fromkeys(("calibrate.__main__", "cards.__main__", "latency", "select"), ("t5-gold",)),
    "datacards.__main__": ("gold",),
}
STAGES = [
    "fetch",
    "filter",
    "generate",
    "label",
    "zeroshot",
    "evaluate.__main__",
    "worth",
    "report.__main__",
    *WITH_ARGUMENT,
]
EXIT_STATUS = re.compile(
    r"exit status:\n  0 +done\n  1 +a known failure, explained on stderr.*\n"
    r"  2 +a command line that cannot be read\n  130 +interrupted; run the same command again\n"
)


def leave(*arguments: str) -> int:
    """The exit status that a command line ends with."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    status = caught.value.code
    assert isinstance(status, int)
    return status


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example_and_its_exit_status(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leave(command, "--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: understudy {command}")
    assert re.search(rf"^Run: understudy {command}\b", shown, re.MULTILINE)
    assert EXIT_STATUS.search(shown)


@pytest.mark.parametrize("stage", WITH_ARGUMENT)
def test_a_stage_explains_itself_with_an_example_and_its_exit_status(stage: str) -> None:
    shown = run_python("-m", f"stages.{stage}", "--help", check=True).stdout
    module = stage.removesuffix(".__main__")
    assert shown.startswith(f"usage: python -m stages.{module} ")
    assert re.search(rf"^Run: python -m stages\.{module} \[?[A-Z]", shown, re.MULTILINE)
    assert EXIT_STATUS.search(shown)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_outside_the_project_ends_with_one_line(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert leave(command, *ARGUMENTS.get(command, ())) == 1
    assert re.fullmatch(r"error: .+\n", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_outside_the_project_ends_with_one_line(
    stage: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [stage, *WITH_ARGUMENT.get(stage, ())])
    family = stage.removeprefix("train_")
    main_ = importlib.import_module(f"stages.{stage}").main
    with pytest.raises(SystemExit) as caught:
        run(main_ if family == stage else partial(main_, family, None))
    assert caught.value.code == 1
    assert re.fullmatch(r"error: .+\n", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ledger.COMMANDS)
def test_every_command_of_the_ledger_explains_itself_too(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leave("ledger", name, "--help") == 0
    shown = capsys.readouterr().out
    assert re.search(rf"^Run: understudy ledger {name} \S+$", shown, re.MULTILINE)
    assert EXIT_STATUS.search(shown)


def test_without_a_command_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    listed = capsys.readouterr().out
    assert re.findall(r"^  ([a-z]+)  +\S.*", listed, re.MULTILINE) == list(COMMANDS)
    assert leave("--help") == 0
    assert capsys.readouterr().out == listed
    assert EXIT_STATUS.search(listed)


def test_the_nearest_command_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert leave("scroe", "--json") == 2
    assert "scroe: no such command; did you mean 'score'?" in capsys.readouterr().err
    assert leave("score", "one.txt") == 2
    assert "the following arguments are required: PREDICTIONS" in capsys.readouterr().err
    assert leave("qqqq") == 2
    assert f"expected one of {', '.join(COMMANDS)}" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["", *LIGHT])
def test_help_loads_no_heavy_library(command: str) -> None:
    code = (
        "import sys; from understudy.tools.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    words = [word for word in (command, "--help") if word]
    done = run_python("-c", code, *words, check=True)
    assert HEAVY.isdisjoint(done.stderr.split())
