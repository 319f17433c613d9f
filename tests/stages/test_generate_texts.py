"""generate: texts that are no article, and what is counted of the others."""

from pathlib import Path

import pytest

from stages.generate import Judge, write_pairs
from tests.stages.test_generate import GOOD, answer, highlights, params, write
from understudy.contract.params.generate import GenerateParams
from understudy.core.errors import DataError


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "written"


def test_the_endpoints_words_and_stripped_reasoning_are_counted(out: Path) -> None:
    answers = [GOOD, answer("Half", finish_reason="error"), answer("Half", finish_reason=None)]
    counts = write(out, [*answers, answer(reading="stripped")], [answer(finish_reason="EOS")])
    assert counts["train"]["finish_reasons"] == {"error": 1, "null": 1, "stop": 2}
    assert (counts["train"]["dropped"]["cut_off"], counts["train"]["kept"]) == (2, 2)
    assert counts["train"]["reasoning_stripped"] == 1
    assert counts["validation"]["finish_reasons"] == {"eos": 1}


NEWS = "Two hours after dawn a tug brought the ferry back, and nobody was hurt, the harbour said."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (NEWS, None),
        (f"{NEWS}<|im_end|>", "template_mark"),
        ("Please write a news article based on the following news summary.", "echo"),
        (f"The mayor opened it. {'The bridge has been a symbol of hope for years. ' * 5}", "loop"),
        ("The bridge is open.", "too_short"),
    ],
)
def test_a_text_that_is_no_article_makes_no_pair(out: Path, text: str, reason: str | None) -> None:
    source = highlights(out.parent / "gold", 1, 1)
    limits = GenerateParams(max_characters=400)
    judge = Judge(limits, source.folder, source.prompt.fill(""))
    asked = zip(source, [answer(text), answer(NEWS)], strict=True)
    if reason is None:
        assert write_pairs(asked, judge, out).train.kept == 1
    else:
        with pytest.raises(DataError, match=f"'{reason}': 1"):
            write_pairs(asked, judge, out)
    off = params(max_characters=400)
    judge = Judge(off, source.folder, source.prompt.fill(""))
    asked = zip(source, [answer(text), answer(NEWS)], strict=True)
    assert write_pairs(asked, judge, out).train.kept == 1
