"""Both engines tell the same, and say what is wrong with a folder that they cannot use."""

import contextlib
import json
import shutil
from pathlib import Path

import pytest

from tests.students import (
    as_writer,
    export_taught,
    save,
    summarize,
    taught,
    taught_engine,
    toy_pairs,
)
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.params.export import CHECK, CONVERTED
from understudy.core.errors import StudentError
from understudy.students.decoding.engines import CTranslate2, Transformers, open_engine
from understudy.students.decoding.generation import write_generation_config
from understudy.students.model.families import FAMILIES

ARTICLES = list(toy_pairs(40, seed=9)["article"])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Model folders with converted models; tests that break one take a copy."""
    base = tmp_path_factory.mktemp("exported")
    return {family: export_taught(family, base / family) for family in FAMILIES}


@pytest.fixture
def broken(exported: dict[str, Path], tmp_path: Path) -> Path:
    """A copy to break."""
    return shutil.copytree(exported["t5"], tmp_path / "model")


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize(
    ("beams", "length_penalty", "no_repeat_ngram"),
    [(1, 1.0, 0), (1, 1.0, 3), (4, 0.0, 0), (4, 1.0, 0), (4, 2.0, 0), (4, 1.0, 3), (4, 2.0, 3)],
)
def test_both_engines_write_the_same_summaries(
    family: str,
    beams: int,
    length_penalty: float,
    no_repeat_ngram: int,
    exported: dict[str, Path],
) -> None:
    converted = open_engine(exported[family], "ctranslate2")
    assert isinstance(converted, CTranslate2)
    several = [
        summarize(
            engine,
            ARTICLES,
            beams=beams,
            length_penalty=length_penalty,
            no_repeat_ngram=no_repeat_ngram,
            tokens_per_batch=1000,
        )
        for engine in (converted, taught_engine(family))
    ]
    equal = sum(one == other for one, other in zip(*several, strict=True))
    assert equal >= 0.95 * len(ARTICLES)
    assert len(set(several[0])) > 10


@pytest.mark.parametrize("tokens", [1, 100, 10_000])
def test_batches_do_not_change_what_ctranslate2_writes(
    tokens: int, exported: dict[str, Path]
) -> None:
    engine = open_engine(exported["t5"], "ctranslate2")
    alone = [summarize(engine, [article])[0] for article in ARTICLES[:9]]
    assert summarize(engine, ARTICLES[:9], tokens_per_batch=tokens) == alone


def test_a_summary_of_ctranslate2_has_at_most_max_tokens(exported: dict[str, Path]) -> None:
    engine = open_engine(exported["t5"], "ctranslate2")
    cut = summarize(engine, ARTICLES, max_tokens=4)
    lengths = [
        len(ids) for ids in as_writer(engine).tokenizer(cut, add_special_tokens=False)["input_ids"]
    ]
    assert 2 < max(lengths) <= 4


def test_an_empty_article_gets_some_text_from_ctranslate2(exported: dict[str, Path]) -> None:
    engine = open_engine(exported["bart"], "ctranslate2")
    found = summarize(engine, [ARTICLES[0], "", ARTICLES[1]])
    assert [found[0], found[2]] == summarize(engine, ARTICLES[:2])


def test_a_folder_that_was_not_exported_decodes_with_transformers_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = save(taught("t5"), tmp_path / "model")
    assert isinstance(open_engine(folder, "ctranslate2"), Transformers)
    assert capsys.readouterr().err == (
        f"{folder}: decoding with transformers, since there is no converted model: the stage "
        "`export` makes it\n"
    )


def test_asking_for_transformers_says_nothing(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(open_engine(broken, "transformers"), Transformers)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("content", ["{", "", "\xff", "[]", '"passed"', "null"])
def test_a_broken_check_is_told_and_transformers_decodes(
    content: str, broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (broken / CONVERTED / CHECK).write_bytes(content.encode("latin-1"))
    assert isinstance(open_engine(broken, "ctranslate2"), Transformers)
    assert "check.json is not as the stage `export` writes it" in capsys.readouterr().err


def test_a_check_without_the_quantization_is_no_traceback(broken: Path) -> None:
    (broken / CONVERTED / CHECK).write_text(json.dumps({"passed": True}), encoding="utf-8")
    with contextlib.suppress(StudentError):
        open_engine(broken, "ctranslate2")


@pytest.mark.parametrize("kept", [None, 0, 50, 100_000])
def test_a_converted_model_that_is_damaged_is_one_clear_error(
    kept: int | None, broken: Path
) -> None:
    weights = broken / CONVERTED / "model.bin"
    content = weights.read_bytes()
    weights.unlink()
    if kept is not None:
        weights.write_bytes(content[:kept])
    with pytest.raises(StudentError) as caught:
        open_engine(broken, "ctranslate2")
    message = str(caught.value)
    assert message.startswith(f"{broken / CONVERTED}: not a usable model (")
    assert "export@" in message
    assert "\n" not in message


def test_a_missing_tokenizer_is_one_clear_error(broken: Path) -> None:
    (broken / "tokenizer.json").unlink()
    with pytest.raises(StudentError) as caught:
        open_engine(broken, "ctranslate2")
    assert str(broken) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StudentError, match=r"no such folder; expected config\.json, weights"):
        open_engine(tmp_path / "none", "ctranslate2")


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_transformers_alone_decodes_an_exported_folder(
    family: str, exported: dict[str, Path]
) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    folder = exported[family]
    write_generation_config(folder, DecodingParams(beams=2, max_tokens=8))
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    assert len(model.get_decoder().block if family == "t5" else model.get_decoder().layers) == 2
    encoded = AutoTokenizer.from_pretrained(folder)(["A text."], return_tensors="pt")
    ids = model.generate(encoded["input_ids"], attention_mask=encoded["attention_mask"])
    assert ids.shape[1] > 1
