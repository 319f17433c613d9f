"""Personal data in fetched rows: nothing that fetch writes has any of it."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from understudy.contract.origin import load_origin
from understudy.contract.pairs import SPLITS
from understudy.contract.params.fetch import NO_FILE, FetchParams, RedactParams
from understudy.core.errors import DataError
from understudy.core.params import parse_section
from understudy.rows.fetching import fetch
from understudy.rows.redacting import open_redactor

Row = dict[str, Any]
ON = {"emails": True, "phones": True, "cards": True}
PLANTED = "planted@example.com"
ROW = {"id": "a", "article": f"Ask {PLANTED}.", "highlights": "Call +49 30 1234567 ."}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _fetch(rows: list[Row], redact: Row | None = None, **changed: Any) -> list[Row]:
    """Fetches the rows as every split; returns those of train."""
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    files = dict.fromkeys(SPLITS, "rows.jsonl") | changed.pop("files", {})
    section = {"source": "files", "files": files, "redact": redact or ON, **changed}
    fetch(parse_section("fetch", FetchParams, {"fetch": section}), Path("raw"))
    return _table("train")


def _table(name: str) -> list[Row]:
    found: list[Row] = pq.read_table(f"raw/{name}.parquet").to_pylist()
    return found


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
    for secret in (PLANTED, "planted", "1234567", "41111111"):
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


def test_the_redactor_of_params_that_replace_nothing_is_none() -> None:
    assert open_redactor(RedactParams()) is None
    redactor = open_redactor(RedactParams(phones=True))
    assert redactor is not None
    assert redactor.redact("a@b.org, +49 30 1234567")[0] == "a@b.org, [PHONE]"
