"""Personal data in fetched rows: nothing that fetch writes has any of it."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.rows.writing import Row, read_splits
from understudy.contract.origin import load_origin
from understudy.contract.pairs import SPLITS
from understudy.contract.params.fetch import NO_FILE, FetchParams, RedactParams
from understudy.contract.personal import ReplacedKinds
from understudy.core.errors import DataError
from understudy.core.params import parse_section
from understudy.rows.fetching import fetch
from understudy.rows.redacting import open_model_redactor, open_redactor
from understudy.texts.redaction import Redactor

pytestmark = pytest.mark.usefixtures("here")
ON = {"emails": True, "phones": True, "cards": True}
PLANTED = "planted@example.com"
ROW = {"id": "a", "article": f"Ask {PLANTED}.", "highlights": "Call +49 30 1234567 ."}


def _fetch(rows: list[Row], redact: Row | None = None, **changed: Any) -> list[Row]:
    """Fetches the rows as every split; returns those of train."""
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    files = dict.fromkeys(SPLITS, "rows.jsonl") | changed.pop("files", {})
    section = {"source": "files", "files": files, "redact": redact or ON, **changed}
    fetch(parse_section("fetch", FetchParams, {"fetch": section}), Path("raw"))
    return _table("train")


def _table(name: str) -> list[Row]:
    return read_splits("raw", name)[name]


def _redacted() -> Row | None:
    found: Row | None = json.loads(Path("raw/source.json").read_text("utf-8")).get("redacted")
    return found


def test_texts_lose_personal_data_and_it_is_counted() -> None:
    assert _fetch([ROW]) == [{"id": "a", "article": "Ask [EMAIL].", "highlights": "Call [PHONE] ."}]
    assert _redacted() == {"emails": 3, "phones": 3, "cards": 0, "names": 0}
    assert load_origin(Path("raw/source.json")).redacted is not None


def test_nothing_is_replaced_by_default() -> None:
    files = dict.fromkeys(SPLITS, "rows.jsonl")
    Path("rows.jsonl").write_text(json.dumps(ROW), "utf-8")
    fetch(FetchParams.model_validate({"source": "files", "files": files}), Path("raw"))
    assert _table("train") == [ROW]
    assert _redacted() is None


def test_looking_in_vain_is_told_from_not_looking() -> None:
    _fetch([{**ROW, "article": "x", "highlights": "y"}])
    assert _redacted() == {"emails": 0, "phones": 0, "cards": 0, "names": 0}


@pytest.mark.parametrize("identity", [PLANTED, f"ticket {PLANTED}/7", 4111111111111111])
def test_an_id_with_personal_data_becomes_the_number_of_its_row(identity: object) -> None:
    rows: list[Row] = [{**ROW, "id": given} for given in (identity, "b", identity)]
    assert [row["id"] for row in _fetch(rows)] == ["train-000001", "b", "train-000003"]


def test_columns_of_the_input_are_redacted_and_counted_once() -> None:
    rows = [{"title": f"From {PLANTED}", "body": "Hello", "highlights": "h"}]
    files = {"columns": {"article": ["title", "body"]}}
    [row] = _fetch(rows, files=files)
    assert row["article"] == "From [EMAIL]\n\nHello"
    assert row["title"] == "From [EMAIL]"
    assert _redacted() == {"emails": 3, "phones": 0, "cards": 0, "names": 0}


def test_names_come_from_a_file() -> None:
    Path("names.txt").write_text("Anna Smith\n\n  Jones \n", "utf-8")
    row = {**ROW, "article": "anna smith met Jones’s dog."}
    [found] = _fetch([row], {"names": "names.txt"})
    assert found["article"] == "[NAME] met [NAME]’s dog."
    assert _redacted() == {"emails": 0, "phones": 0, "cards": 0, "names": 6}


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "no such file"), (" \n", "no name in it"), ("\xff".encode("latin-1"), "not UTF-8")],
)
def test_a_file_of_names_that_cannot_be_used_is_an_error(
    content: bytes | str | None, problem: str
) -> None:
    if content is not None:
        Path("names.txt").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=f"^names.txt: .*{problem}"):
        _fetch([ROW], {"names": "names.txt"})
    assert not Path("raw").exists()


def test_nothing_that_is_written_or_said_holds_a_planted_address(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows: list[Row] = [
        ROW,
        {**ROW, "id": PLANTED},
        {**ROW, "id": "a"},
        {**ROW, "id": 4111111111111111000.0},
        {**ROW, "id": f"{PLANTED}\ud800"},
        {**ROW, "article": 5},
        {"id": PLANTED, "highlights": PLANTED},
    ]
    with pytest.raises(DataError) as caught:
        _fetch(rows, max_rejected=0.1)
    _fetch(rows, max_rejected=0.9)
    written = [pq.read_table(path).to_pylist() for path in Path("raw").glob("*.parquet")]
    everything = f"{written}{Path('raw/source.json').read_text('utf-8')}{caught.value}"
    output = capsys.readouterr()
    for secret in (PLANTED, "planted", "1234567", "1111111"):
        assert secret not in everything + output.out + output.err
    assert len(_table("train")) == 2
    assert len(_table("rejects")) == 15


def test_inputs_that_differ_in_personal_data_alone_land_in_one_split() -> None:
    rows = [{"article": f"Please answer user{number}@example.com"} for number in range(30)]
    rows += [{"article": f"Ticket number {number}."} for number in range(60)]
    files = {"inputs": "rows.jsonl", **dict.fromkeys(SPLITS, NO_FILE)}
    files["split"] = {"validation": 0.2, "test": 0.2}  # type: ignore[assignment]
    _fetch(rows, files=files)
    holds = [any("[EMAIL]" in row["article"] for row in _table(split)) for split in SPLITS]
    assert sum(holds) == 1


@pytest.mark.parametrize(("redact", "expected"), [(ON, 6), (None, None)])
def test_what_was_replaced_before_is_counted_too(redact: Row | None, expected: int | None) -> None:
    row = {**ROW, "article": f"Ask [EMAIL] or {PLANTED}.", "highlights": "x"}
    _fetch([row], redact or {"emails": False})
    assert (_redacted() or {}).get("emails") == expected


def test_a_header_that_is_a_row_is_not_quoted_with_its_personal_data() -> None:
    Path("rows.csv").write_text(f"7,Ask {PLANTED},Call +49 30 1234567\n", "utf-8")
    section = {"source": "files", "files": dict.fromkeys(SPLITS, "rows.csv"), "redact": ON}
    with pytest.raises(DataError) as caught:
        fetch(FetchParams.model_validate(section), Path("raw"))
    assert "it has 7, Ask [EMAIL], Call [PHONE]: set fetch.files.columns" in str(caught.value)


def test_the_redactor_of_params_that_replace_nothing_is_none() -> None:
    assert open_redactor(RedactParams()) is None
    redactor = open_redactor(RedactParams(phones=True))
    assert redactor is not None
    assert redactor.redact("a@b.org, +49 30 1234567")[0] == "a@b.org, [PHONE]"


def _model(**kinds: bool) -> Path:
    known = dict.fromkeys(("emails", "phones", "cards", "names"), False) | kinds
    ReplacedKinds(**known).write(Path("model/redact.json"))
    return Path("model")


def _replace(redactor: Redactor | None) -> str:
    text = f"Ask {PLANTED} or Anna, +49 30 1234567."
    return redactor.redact(text)[0] if redactor else text


def test_a_models_inputs_lose_what_its_training_texts_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = _model(emails=True)
    assert _replace(open_model_redactor(model)) == "Ask [EMAIL] or Anna, +49 30 1234567."
    Path("names.txt").write_text("anna\n", "utf-8")
    both = open_model_redactor(model, Path("names.txt"))
    assert _replace(both) == "Ask [EMAIL] or [NAME], +49 30 1234567."
    assert capsys.readouterr().err == ""


def test_a_model_whose_folder_says_nothing_loses_the_given_names_alone() -> None:
    Path("names.txt").write_text("Anna\n", "utf-8")
    for model in (Path("elsewhere"), _model()):
        assert open_model_redactor(model) is None
        redactor = open_model_redactor(model, Path("names.txt"))
        assert _replace(redactor) == f"Ask {PLANTED} or [NAME], +49 30 1234567."


def test_names_are_those_of_the_project_here(capsys: pytest.CaptureFixture[str]) -> None:
    Path("names.txt").write_text("Anna\n", "utf-8")
    Path("params.yaml").write_text("fetch: {redact: {names: names.txt}}", "utf-8")
    assert "[NAME]" in _replace(open_model_redactor(_model(names=True)))
    assert "Anna" in _replace(open_model_redactor(_model(emails=True)))
    assert capsys.readouterr().err == ""
    Path("names.txt").unlink()
    with pytest.raises(DataError, match=r"names.txt: no such file; .* in --redact-names$"):
        open_model_redactor(_model(names=True))


@pytest.mark.parametrize(
    "params", [None, "fetch: {redact: {emails: true}}", "fetch: [7]", "fetch: {url: x}", "{"]
)
def test_without_names_a_note_says_how_to_give_them(
    params: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if params:
        Path("params.yaml").write_text(params, "utf-8")
    redactor = open_model_redactor(_model(names=True, phones=True))
    assert _replace(redactor) == f"Ask {PLANTED} or Anna, [PHONE]."
    assert capsys.readouterr().err == (
        "note: model: names were replaced in its training texts, and are not in these: give the "
        "list with --redact-names FILE\n"
    )
    assert open_model_redactor(_model(names=True)) is None


def test_a_list_or_a_folder_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(DataError, match=r"^none.txt: no such file; .* in --redact-names$"):
        open_model_redactor(_model(), Path("none.txt"))
    Path("names.txt").write_text("\n", "utf-8")
    with pytest.raises(DataError, match=r"^names.txt: no name in it; .* in --redact-names$"):
        open_model_redactor(_model(), Path("names.txt"))
    Path("model/redact.json").write_text("{}", "utf-8")
    with pytest.raises(DataError, match=r"^model/redact.json: emails: Field required"):
        open_model_redactor(Path("model"))
