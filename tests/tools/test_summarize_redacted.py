"""understudy predict: a model's inputs lose the personal data that its training texts had lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.students import export_taught, toy_pairs
from understudy.contract.personal import ReplacedKinds
from understudy.students.decoding.generation import FILE
from understudy.tools.predict import main

ARTICLES = list(toy_pairs(4, seed=11)["article"])
NONE = ReplacedKinds(emails=False, phones=False, cards=False, names=False)
SOME = ReplacedKinds(emails=True, phones=False, cards=True, names=True)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = export_taught("t5", tmp_path_factory.mktemp("models") / "t5-gold")
    (folder / FILE).write_text('{"num_beams": 1, "max_new_tokens": 24}', "utf-8")
    return folder


@pytest.fixture
def model(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder says what was replaced; there is no project in the current one."""
    monkeypatch.chdir(tmp_path)
    SOME.write(ReplacedKinds.path_in(exported))
    yield exported
    NONE.write(ReplacedKinds.path_in(exported))


def predict(model: Path, articles: list[str], *options: str, **more: object) -> None:
    """Summarizes articles whose ids have personal data in them."""
    rows = [{"id": f"a@b.example {n}", "article": one} | more for n, one in enumerate(articles)]
    Path("in.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    main(["--model", str(model), "--input", "in.jsonl", *options])


def test_inputs_are_redacted_as_in_training(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("names.txt").write_text("Zebulon\n", "utf-8")
    planted = [f"4111 1111 1111 1111, a@b.example, Zebulon: {one}" for one in ARTICLES]
    predict(model, planted, "--redact-names", "names.txt")
    found = capsys.readouterr()
    NONE.write(ReplacedKinds.path_in(model))
    predict(model, [f"[CARD], [EMAIL], [NAME]: {one}" for one in ARTICLES])
    assert found.out == capsys.readouterr().out
    assert "note: " not in found.err


def test_without_the_names_it_says_so_and_goes_on(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predict(model, ARTICLES)
    said = capsys.readouterr()
    found = [json.loads(line)["id"] for line in said.out.splitlines()]
    assert found == [f"a@b.example {number}" for number in range(len(ARTICLES))]  # ids stay
    assert said.err.startswith(
        f"note: {model}: names were replaced in its training texts, and are not in these: give the "
        "list with --redact-names FILE\n"
    )


def test_what_is_said_of_a_row_has_no_personal_data(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predict(model, ARTICLES[:1], id=4111111111111111000.0)
    said = capsys.readouterr()
    assert "in.jsonl: row 1: its id is a float too large for its last digits" in said.err
    assert "111111" not in said.out + said.err
