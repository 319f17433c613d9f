"""understudy predict: which command lines it takes. What it writes: tests/students/decoding."""

from pathlib import Path

import pytest

from understudy.core.errors import DataError
from understudy.tools.predict import main
from understudy.tools.summarize import summarize_file


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "required: --model, --input"),
        (("--model", "models/t5-gold"), "required: --input"),
        (("--input", "a.txt"), "required: --model"),
        (("--model", "m", "--input", "-", "t5-gold"), "lines from stdin are one input"),
        (("--model", "m", "--input", "-", "--shard", "1/2"), "lines from stdin are one input"),
        (("--model", "m", "--input", "a.txt", "b.txt"), "--output is required for several files"),
        (("--model", "m", "--input", "s3://b/a.txt"), "--output is required for several files"),
        (("--model", "m", "--input", "a*.txt"), "--output is required for several files"),
        (("--model", "m", "--input", "."), "--output is required for several files"),
        (("--model", "m", "--input", ".", "--shard", "0/2"), "0/2: expected a shard and their"),
        (("--model", "m", "--input", ".", "--shard", "3/2"), "3/2: expected a shard and their"),
        (("--model", "m", "--input", ".", "--shard", "2"), "2: expected a shard and their number"),
        (("--model", "m", "--input", ".", "--engine", "x"), "invalid choice: 'x'"),
        (("--model", "m", "--input", "-", "--tokens-per-batch", "0"), "0: expected a whole number"),
        (("--model", "m", "--input", "-", "--tokens-per-batch", "-1"), "-1: expected a whole num"),
        (("--model", "m", "--input", "-", "--tokens-per-batch", "x"), "x: expected a whole number"),
    ],
)
def test_a_command_line_that_cannot_be_used_exits_with_2(
    arguments: tuple[str, ...], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert problem in capsys.readouterr().err


def test_a_damaged_file_is_refused_before_the_model_is_loaded(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text('article\nNews.\n"Never closed\nMore news.\n', "utf-8")
    with pytest.raises(DataError, match=r"in\.csv:3: a quote that begins in column 'article' is"):
        summarize_file(tmp_path / "no model", source, None, "article", 8192)
