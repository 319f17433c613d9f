"""predict --input: a file that lost rows stops before the model is loaded."""

from pathlib import Path

import pytest

from understudy.core.errors import DataError
from understudy.tools.summarize import summarize_file


def test_a_damaged_file_is_refused_before_the_model_is_loaded(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text('article\nNews.\n"Never closed\nMore news.\n', "utf-8")
    with pytest.raises(DataError, match=r"in\.csv:3: a quote that begins in column 'article' is"):
        summarize_file(tmp_path / "no model", source, None, "article", 8192)
