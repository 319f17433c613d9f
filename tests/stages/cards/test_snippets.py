"""The code in a model card does what `predict` does."""

from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from stages.cards.card import build_card
from tests.stages.cards.examples import facts_of, snippets
from tests.students import tiny, toy_pairs
from understudy.contract.conversion import ConversionCheck
from understudy.students.model.families import FAMILIES


def test_the_prefix_of_the_family_stands_in_both_snippets() -> None:
    for snippet in snippets(build_card(facts_of("t5-written")), "python"):
        assert 'tokenizer("summarize: " + article, truncation=True, max_length=512' in snippet
    for snippet in snippets(build_card(facts_of("bart-written")), "python"):
        assert "tokenizer(article, truncation=True, max_length=512" in snippet


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_snippets_write_what_predict_would(
    family: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from understudy.contract.params.export import CONVERTED, ExportParams
    from understudy.students.decoding.conversion import convert
    from understudy.students.decoding.engines import Writer, open_engine

    folder, pairs = tmp_path / "models" / f"{family}-gold", toy_pairs(4)
    student = tiny(family)
    student.model.save_pretrained(folder)
    student.tokenizer.save_pretrained(folder)
    params = ExportParams(quantization="float32", limit=0.1, rows=4)
    out = folder / CONVERTED
    convert(folder, list(pairs["article"]), list(pairs["highlights"]), (64, 32), params, out)
    check = ConversionCheck.load(ConversionCheck.path_in(folder))
    assert check.passed, check.why
    search = facts_of().decoding.model_copy(
        update={"beams": 3, "max_tokens": 7, "max_input_tokens": 9}
    )
    article = pairs["article"][0]
    engine = open_engine(folder, "transformers")
    assert isinstance(engine, Writer)
    encoded, _ = engine.encode([article], search)
    [(_, found)] = engine.decode(encoded, search)
    expected = found.ids
    special = set(engine.tokenizer.all_special_ids)
    words = [token for token in expected if token not in special]
    capsys.readouterr()
    text = build_card(facts_of(f"{family}-gold", decoding=search, check=check))
    shown = snippets(text, "python")
    made: list[dict[str, Any]] = [{}, {}]
    with chdir(tmp_path):
        for snippet, names in zip(shown, made, strict=True):
            exec(snippet.replace('"..."', repr(article)), names)
    assert made[0]["output"][0].tolist() == expected
    # at the longest, one library counts the end token that BART is made to end with, one does not
    converted = [token for token in made[1]["ids"] if token not in special]
    assert words
    assert converted[: len(words)] == words
    summary = engine.tokenizer.decode(expected, skip_special_tokens=True).strip()
    assert capsys.readouterr().out.startswith(f"{summary}\n{summary}")
