"""understudy score: any two files, and a third to compare with."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import ValidationError

from tests.imports import run_python
from understudy.contract.params.evaluate import EvaluateParams
from understudy.core.errors import DataError
from understudy.rows.texts import Texts, align, read_texts
from understudy.tools.score import main

REFERENCES = {"a": "the cat sat on the mat", "b": "dogs bark", "c": "it rained in Rome"}
PREDICTIONS = {"c": "it rained", "a": "the cat was on the mat today", "b": ""}


def write_jsonl(path: Path, texts: dict[str, str], column: str) -> Path:
    lines = [json.dumps({"id": key, column: text}) + "\n" for key, text in texts.items()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


class Score:
    """Runs the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> str:
        main([str(argument) for argument in arguments])
        return self._capsys.readouterr().out

    def json(self, *arguments: object) -> Any:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def score(capsys: pytest.CaptureFixture[str]) -> Score:
    return Score(capsys)


def test_rows_go_together_by_their_ids(tmp_path: Path, score: Score) -> None:
    references = write_jsonl(tmp_path / "gold.jsonl", REFERENCES, "highlights")
    predictions = write_jsonl(tmp_path / "out.jsonl", PREDICTIONS, "prediction")
    found = score.json(references, predictions, "--no-stemmer")
    assert found["rows"] == 3
    # 5 of 6, none of 2 and 2 of 4 words of the references
    assert found["rouge1"]["recall"] == pytest.approx(100 * (5 / 6 + 0 + 2 / 4) / 3, abs=1e-4)
    assert found["rouge1"]["f1_low"] <= found["rouge1"]["f1"] <= found["rouge1"]["f1_high"]


def test_parquet_with_named_columns(tmp_path: Path, score: Score) -> None:
    for name in ("gold", "out"):
        pd.DataFrame({name: ["one two", "three"]}).to_parquet(tmp_path / f"{name}.parquet")
    options = ("--reference-column", "gold", "--prediction-column", "out")
    files = (tmp_path / "gold.parquet", tmp_path / "out.parquet")
    assert score.json(*files, *options)["rouge1"]["f1"] == 100


def test_the_table_shows_every_type_and_the_verdict_beside_another_system(
    tmp_path: Path, score: Score
) -> None:
    references = write_lines(tmp_path / "gold.txt", *(["the cat sat"] * 30))
    good = write_lines(tmp_path / "good.txt", *(["the cat sat"] * 30))
    bad = write_lines(tmp_path / "bad.txt", *(["a dog sat"] * 30))
    shown = score(references, good, "--against", bad)
    for name in ("ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum"):
        assert shown.count(f"\n{name} ") == 2
    assert "100.00 [100.00, 100.00]" in shown
    assert "better" in shown
    found = score.json(references, bad, "--against", good)
    verdict = found["predictions-minus-others"]["rouge1"]
    assert (verdict["verdict"], verdict["better"], verdict["f1"]) == ("worse", -1, -66.6667)


SILENT = ("", " ", "…")


@pytest.mark.parametrize(
    ("predictions", "others", "verdict"),
    [
        (("the cat", "a dog", "it"), ("The cat.", "a  dog", "IT!"), "identical, word for word"),
        (SILENT, ("", "", ""), "void, both are empty"),
        (("xx", "yy", "zz"), SILENT, "void, the second is empty"),
        (("xx", "yy", "zz"), ("yy", "yy", "zz"), "void, both score 0"),
        (SILENT * 4, ("the cat", "a dog", "it rained") * 4, "worse, the first is empty"),
    ],
)
def test_systems_that_wrote_nothing_or_the_same_are_not_equivalent(
    predictions: tuple[str, ...],
    others: tuple[str, ...],
    verdict: str,
    tmp_path: Path,
    score: Score,
) -> None:
    gold = ("the cat", "a dog", "it rained") * (len(others) // 3)
    files = (
        write_lines(tmp_path / "gold.txt", *gold),
        write_lines(tmp_path / "a.txt", *predictions),
    )
    other = write_lines(tmp_path / "b.txt", *others)
    found = score.json(*files, "--against", other)
    assert found["predictions-minus-others"]["rouge1"]["verdict"] == verdict
    assert score(*files, "--against", other).count(f"  {verdict}\n") >= 3


def test_texts_in_another_script_ask_for_words_of_all_scripts(tmp_path: Path, score: Score) -> None:
    gold = write_lines(tmp_path / "gold.txt", *(["大桥重新开放通车。明天天气晴朗。"] * 8))
    others = write_lines(tmp_path / "others.txt", *(["面包涨价了。"] * 8))
    with pytest.raises(DataError, match=r"gold\.txt: .* lose 100% .*'大桥.*; add --words unicode$"):
        score(gold, gold, "--against", others)
    found = score.json(gold, gold, "--against", others, "--words", "unicode")
    assert found["rougelsum"]["f1"] == 100
    assert found["others"]["rouge1"]["f1"] == 0
    assert found["predictions-minus-others"]["rouge2"]["verdict"] == "better"


def test_predictions_in_another_script_than_their_references_are_named(
    tmp_path: Path, score: Score
) -> None:
    gold = write_lines(tmp_path / "gold.txt", "the bridge is open", "it rained")
    out = write_lines(tmp_path / "out.txt", "мост открыт", "прошёл дождь")
    with pytest.raises(DataError, match=r"out\.txt: ROUGE's English words lose 100% "):
        score(gold, out)


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ({"a": "x", "b": "y"}, "1 rows have no prediction, such as 'c'; 3 references, 2 pred"),
        ({**PREDICTIONS, "d": "z"}, "1 rows have no reference, such as 'd'"),
    ],
)
def test_rows_without_a_partner_are_an_error_that_names_one(
    predictions: dict[str, str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        align(of_ids(REFERENCES), of_ids(predictions))


def of_ids(texts: dict[str, str]) -> Texts:
    return Texts(Path("out.jsonl"), list(texts.values()), list(texts))


def test_rows_go_by_their_order_where_one_file_has_no_ids(tmp_path: Path, score: Score) -> None:
    references = write_jsonl(tmp_path / "gold.jsonl", REFERENCES, "highlights")
    predictions = write_lines(tmp_path / "out.txt", *REFERENCES.values())
    assert score.json(references, predictions)["rouge1"]["f1"] == 100
    some = write_lines(
        tmp_path / "some.jsonl",
        *(json.dumps({"prediction": text}) for text in REFERENCES.values()),
    )
    some.write_text(some.read_text("utf-8").replace("{", '{"id": "z", ', 1), "utf-8")
    assert score.json(references, some)["rouge1"]["f1"] == 100
    with pytest.raises(DataError, match=r"2 predictions for 3 references; expected as many"):
        score(references, write_lines(tmp_path / "few.txt", "one", "two"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['{"id": 1, "prediction": "x"}', '{"id": 1, "prediction": "y"}'], "row 2: id '1' was"),
        (['{"id": 1, "prediction": null}'], "row 1: expected text in 'prediction', found nothing"),
        (['{"id": 1, "prediction": 7}'], "found int; name its column with --column"),
        (['{"summary": "x", "title": "y"}'], "it has summary, title; name its column with --col"),
        (['{"id": true, "prediction": "x"}'], "row 1: id: neither text nor a whole number"),
        (['{"id": 1, "prediction": "x"}', "{"], "row 2: row: not valid JSON"),
    ],
)
def test_a_row_that_cannot_be_used_is_an_error_that_names_it(
    lines: list[str], message: str, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "out.jsonl", *lines)
    with pytest.raises(DataError, match=message):
        read_texts(path, "prediction", "--column")


def test_a_missing_file_is_one_line_and_exits_with_1(tmp_path: Path) -> None:
    done = run_python("-m", "understudy.tools", "score", "none.jsonl", tmp_path / "none.txt")
    assert done.returncode == 1
    assert done.stdout == ""
    kinds = "a .jsonl, .csv, .parquet or .txt file"
    assert done.stderr == f"error: none.jsonl: no such file; give the path of {kinds}\n"


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--resamples", "99", "a whole number from 100"),
        ("--seed", "x", "a whole number from 0"),
        ("--seed", "-1", "a whole number from 0"),
        ("--margin", "-1", "a number above 0, up to 100"),
        ("--margin", "nan", "a number above 0, up to 100"),
        ("--margin", "wide", "a number above 0, up to 100"),
    ],
)
def test_settings_that_params_refuse_are_refused_with_what_was_expected(
    option: str, value: str, expected: str, score: Score, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValidationError):
        EvaluateParams.model_validate_json(f'{{"{option[2:]}": {value}}}')
    with pytest.raises(SystemExit):
        score("gold.txt", "out.txt", option, value)
    assert f"argument {option}: {value}: expected {expected}\n" in capsys.readouterr().err


def test_lines_go_together_in_their_order_and_the_smallest_settings_are_taken(
    tmp_path: Path, score: Score
) -> None:
    EvaluateParams(resamples=100, seed=0)
    references = write_lines(tmp_path / "gold.txt", "the cat", "dogs bark")
    predictions = write_lines(tmp_path / "out.txt", "the cat", "")
    found = score.json(references, predictions, "--resamples", "100", "--seed", "0")
    assert (found["rows"], found["rougel"]["f1"]) == (2, 50)


def write_table(path: Path, table: pd.DataFrame, sep: str = ",") -> None:
    if path.suffix == ".csv":
        table.to_csv(path, index=False, sep=sep)
    elif path.suffix == ".jsonl":
        table.to_json(path, orient="records", lines=True)
    else:
        table.to_parquet(path)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_the_only_column_of_texts_needs_no_option(
    suffix: str, tmp_path: Path, score: Score
) -> None:
    table = pd.DataFrame({"id": [1, 2], "answer": ["one two", "three"], "words": [2, 1]})
    path = tmp_path / f"out.{suffix}"
    write_table(path, table[["id", "answer"]] if suffix == "csv" else table, sep=";")
    assert score.json(path, path)["rouge1"]["f1"] == 100


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_row_that_predict_could_not_use_counts_as_an_empty_prediction_and_is_told(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.DataFrame({"id": ["a", "b"], "prediction": ["one two", None]})
    path = tmp_path / f"out.{suffix}"
    write_table(path, table)
    gold = write_jsonl(tmp_path / "gold.jsonl", {"a": "one two", "b": "three"}, "highlights")
    main([str(gold), str(path), "--json"])
    printed = capsys.readouterr()
    assert json.loads(printed.out)["rouge1"]["f1"] == 50
    assert printed.err == f"{path}: 1 of 2 predictions are empty\n"
    gold.write_text(gold.read_text("utf-8").replace('"three"', "null"), "utf-8")
    with pytest.raises(DataError, match="row 2: expected text in 'highlights', found nothing"):
        main([str(gold), str(path)])


def test_characters_that_only_look_like_line_ends_keep_rows_together(
    tmp_path: Path, score: Score
) -> None:
    odd = "one\u2028two\u2029three\x85four\x0bfive\x0csix\x1cseven\x1deight\x1enine\rten"
    plain = "one two three four five six seven eight nine ten"
    gold, out = tmp_path / "gold.txt", tmp_path / "out.txt"
    gold.write_bytes(f"first\n{odd}\r\nlast\n".encode())
    write_lines(out, "first", plain, "last")
    assert score.json(gold, out)["rouge1"]["f1"] == 100
    with pytest.raises(DataError, match="2 predictions for 3 references"):
        score(gold, write_lines(out, "first", plain))


def test_labels_are_scored_over_rows_and_over_classes(tmp_path: Path, score: Score) -> None:
    gold = write_lines(tmp_path / "gold.txt", "a", "a", "a", "a", "b c", "Ä")
    # 4 of 6; 2/4, 1 and 1 of the classes
    said = write_lines(tmp_path / "said.txt", "A", "a ", "b  c", "nothing", "B C", "ä")
    others = write_lines(tmp_path / "others.txt", *"aaaaaa")
    shared = (gold, said, "--against", others, "--labels")
    found = score.json(*shared)
    assert (found["rows"], found["unlisted"]) == (6, 1)
    assert found["labels"]["accuracy"] == pytest.approx(400 / 6, abs=0.01)
    assert found["labels"]["balanced"] == pytest.approx(250 / 3, abs=0.01)
    assert found["labels"]["macro_f1"] == pytest.approx(100 * (2 / 3 + 2 / 3 + 1) / 3, abs=0.01)
    assert found["others"]["balanced"] == pytest.approx(100 / 3, abs=0.01)
    pair = found["predictions-minus-others"]
    assert (pair["accuracy"], pair["first_only"], pair["second_only"]) == (0.0, 2, 2)
    assert (pair["mcnemar"], pair["verdict"].partition(",")[0]) == (1.0, "undecided")
    assert "balanced accuracy" in score(*shared)
