"""generate: texts that are no article, and what is counted of the others."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stages.generate import Judge, write_articles
from tests.stages.labelling import answer, records
from tests.stages.test_generate import GOOD, highlights, params, reply, write
from understudy.contract.answered import Answered
from understudy.contract.params.generate import GenerateParams
from understudy.core.errors import DataError
from understudy.teacher.prompts import Prompt


def test_the_endpoints_words_and_stripped_reasoning_are_counted(out: Path) -> None:
    answers = [GOOD, answer("Half", finish_reason="error"), answer("Half", finish_reason=None)]
    counts = write(out, [*answers, answer(reading="stripped")], [answer(finish_reason="EOS")])
    assert counts["train"]["finish_reasons"] == {"error": 1, "null": 1, "stop": 2}
    assert (counts["train"]["dropped"]["cut_off"], counts["train"]["kept"]) == (2, 2)
    assert counts["train"]["reasoning_stripped"] == 1
    assert counts["validation"]["finish_reasons"] == {"eos": 1}


def kept(counts: Answered) -> int:
    """Training pairs."""
    return counts.splits["train"].kept


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
    judge = Judge(limits, source.prompt, source.folder)
    asked = list(reply(source, [answer(text), answer(NEWS)]))
    if reason is None:
        assert kept(write_articles(asked, judge, out / "answers.parquet")) == 1
    else:
        with pytest.raises(DataError, match=f"'{reason}': 1"):
            write_articles(asked, judge, out / "answers.parquet")
    off = params(max_characters=400)
    judge = Judge(off, source.prompt, source.folder)
    asked = list(reply(source, [answer(text), answer(NEWS)]))
    assert kept(write_articles(asked, judge, out / "answers.parquet")) == 1


def test_the_article_is_the_field_of_a_json_answer(out: Path) -> None:
    path = out.parent / "prompt.yaml"
    text = "messages: [{role: user, content: 'Expand $highlights'}]\nfield: article\n"
    path.write_text(text, encoding="utf-8")
    prompt = Prompt("generate.prompt", path, ["highlights"])
    source = replace(highlights(out.parent / "gold", 5, 1), prompt=prompt)
    good, long = (json.dumps({"article": text}) for text in (NEWS, "x" * 100))
    texts = [good, NEWS, '{"text": "x"}', long, f"```json\n{good}\n```", good]
    asked = reply(source, map(answer, texts))
    counts = write_articles(asked, Judge(params(), prompt), out / "answers.parquet")
    assert kept(counts) == 2
    dropped = {name: n for name, n in counts.splits["train"].dropped.items() if n}
    assert dropped == {"not_json": 1, "no_field": 1, "too_long": 1}
    assert [row["article"] for row in records(out / "train.parquet")] == [NEWS, NEWS]
    assert [row["text"] for row in records(out / "answers.parquet")] == texts


def test_only_a_prompt_for_json_counts_answers_that_are_none(out: Path) -> None:
    assert "not_json" not in write(out, [GOOD], [GOOD])["train"]["dropped"]
