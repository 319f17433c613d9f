"""What English words lose of some texts, and when that is an error or a warning."""

import pytest

from understudy.core.errors import DataError
from understudy.scoring.letters import check_letters, share_lost

HINT = "set evaluate.words: unicode"


@pytest.mark.parametrize(
    ("texts", "share"),
    [
        (["The cat sat on 3.5 mats.", ""], 0), (["café"], 1 / 4), (["cafe\u0301"], 0),
        (["мост", "bridge"], 4 / 10), (["大桥 opens"], 2 / 7), (["1 2 3 …"], 0), ([], 0),
    ],
)  # fmt: skip
def test_lost_letters_are_counted_over_all_texts(texts: list[str], share: float) -> None:
    assert share_lost(texts) == share


def test_texts_in_another_script_are_an_error_that_shows_some_and_says_what_to_set() -> None:
    texts = {
        "gold": ["The bridge opens"] * 3,
        "t5.parquet": ["It rained", "Вчера прошёл дождь"] * 2,
    }
    expected = (
        r"^t5\.parquet: ROUGE's English words lose 67% of the letters, such as those of "
        r"'Вчера прошёл дождь', so scores would mean nothing; set evaluate\.words: unicode$"
    )
    with pytest.raises(DataError, match=expected):
        check_letters(texts, "english", HINT)
    check_letters(texts, "unicode", HINT)


def test_one_odd_text_among_many_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    check_letters({"gold": ["The bridge opens for cars"] * 99 + ["Мост"]}, "english", HINT)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "text",
    [
        "Die Brücke ist seit Montag wieder offen, sagte der Sprecher der Stadt am Abend in Bonn",
        "El alcalde dijo que el puente estaba abierto desde el lunes y que nadie sufrió daños",
        "Le pont est ouvert depuis lundi, a dit le maire de la ville, et personne n’est blessé",
    ],
)
def test_few_accents_pass_in_silence(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    check_letters({"gold": [text]}, "english", HINT)
    assert capsys.readouterr().err == ""


def test_many_accents_are_a_warning_of_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    texts = ["Most se znovu otevřel", "Žluťoučký kůň pěl ďábelské ódy"]
    check_letters({"gold": texts, "others": ["It rained"]}, "english", HINT)
    warning = capsys.readouterr().err
    assert warning.startswith("warning: gold: ROUGE's English words lose 27% of the letters, such")
    assert warning.endswith("'Žluťoučký kůň pěl ďábelské ódy'; to keep them, " + HINT + "\n")
    assert warning.count("\n") == 1
