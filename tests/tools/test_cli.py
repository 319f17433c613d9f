"""The command line `understudy`: every command explains itself, quickly."""

import re
import subprocess
import sys

import pytest

from tests.imports import ROOT
from understudy.tools import ledger
from understudy.tools.cli import COMMANDS, main

HEAVY = {"aiohttp", "datasets", "nltk", "numpy", "openai", "pandas", "pyarrow", "torch"}
LIGHT = ("check", "params", "plan", "review", "score", "predict")
EXIT_STATUS = re.compile(
    r"exit status:\n  0 +done\n  1 +a known failure, in one line on stderr.*\n"
    r"  2 +a command line that cannot be read\n  130 +interrupted.*\n"
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
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert HEAVY.isdisjoint(done.stderr.split())


def test_a_command_line_that_cannot_be_read_exits_with_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "understudy.tools", "score", "one.txt"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "the following arguments are required: PREDICTIONS" in done.stderr
