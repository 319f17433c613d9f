"""What a tokenizer cannot spell is counted, text by text, and told where it is much."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.students import decoding_params, tiny, toy_pairs, train_params, write_pairs
from understudy.students.decoding.decoding import decode
from understudy.students.decoding.engines import Writer
from understudy.students.decoding.hypotheses import Hypothesis
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import Student
from understudy.students.model.spelling import Spelling, describe_losses, warn_of_losses
from understudy.students.model.tokens import encode_pairs, encode_texts
from understudy.students.training.trainer import train

KNOWN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?'\"()-/%$=>é’"
REAL = Path(__file__).parents[4] / "shared" / "data" / "tokenizers" / "t5" / "tokenizer.json"


def narrow_tokenizer() -> Any:
    """As T5's: no { } < ~, NFKC, and spaces for line breaks."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    tokenizer = Tokenizer(models.Unigram([*special, *((c, -3.0) for c in "▁" + KNOWN)], unk_id=2))
    breaks = normalizers.Replace("\n", " ")
    tokenizer.normalizer = normalizers.Sequence([breaks, normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )


def count(tokenizer: Any, *texts: str, max_tokens: int = 500) -> dict[str, int | str]:
    spelling = Spelling(tokenizer)
    encode_texts(tokenizer, texts, max_tokens, "say: ", spelling)
    assert spelling.texts == len(texts)
    return spelling.to_json()


def lost(*figures: int | str) -> dict[str, int | str]:
    names = ("unknown", "line_breaks", "changed", "characters")
    return dict(zip(names, figures, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Set {limit} < 5 ~ then", lost(1, 0, 0, "< { } ~")),
        ("one line\nand another", lost(0, 1, 0, "")),
        ("one line\u2028and another", lost(1, 1, 0, "")),
        ("a bell\a rings", lost(1, 0, 0, "U+0007")),
        ("fine 😀 day 中", lost(1, 0, 0, "中 😀")),
        ("and so on…", lost(0, 0, 1, "…")),
        ("Ｗide and ﬁne", lost(0, 0, 1, "ﬁ Ｗ")),
        ("Anna’s café (50%) > 3", lost(0, 0, 0, "")),
        ("cafe\u0301 and no\u00a0break", lost(0, 0, 0, "")),
        ("", lost(0, 0, 0, "")),
    ],
)
def test_what_a_narrow_vocabulary_loses_is_counted(
    text: str, expected: dict[str, int | str]
) -> None:
    assert count(narrow_tokenizer(), text) == expected


def test_texts_are_counted_once_and_characters_by_how_many_texts_lose_them() -> None:
    found = count(narrow_tokenizer(), "{{{ ~", "{", "~ {\n\n", "none")
    assert found == lost(3, 1, 0, "{ ~")


def test_only_what_the_student_sees_counts() -> None:
    text = "one two three {four}\n"
    assert count(narrow_tokenizer(), text, max_tokens=12) == lost(0, 0, 0, "")
    assert count(narrow_tokenizer(), text) == lost(1, 1, 0, "{ }")


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_byte_level_vocabulary_loses_nothing(family: str) -> None:
    text = "Set {limit} < 5 ~\n\tthen… 😀 中 ﬁ\u2028\r\nend"
    assert count(tiny(family).tokenizer, text) == lost(0, 0, 0, "")


@pytest.mark.skipif(not REAL.exists(), reason="needs T5's own tokenizer")
def test_t5s_own_tokenizer_loses_braces_and_line_breaks() -> None:
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(REAL), unk_token="<unk>", pad_token="<pad>", eos_token="</s>"
    )
    assert count(tokenizer, "Set {x} < 5 ~ now\nthen | stop") == lost(1, 1, 0, "< { } ~")
    assert count(tokenizer, "It’s “fine” – à Zürich, £5…") == lost(0, 0, 1, "…")


def test_one_percent_is_silent_and_more_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert describe_losses("articles", 400, lost(4, 4, 4, "{")) == []
    phrases = describe_losses("articles", 4000, lost(41, 1200, 40, "{ } < ~"))
    warn_of_losses("train-t5@gold", phrases)
    [line] = capsys.readouterr().err.splitlines()
    assert line == (
        "warning: train-t5@gold: 41 of 4,000 articles have characters that the tokenizer does not "
        "know ({ } < ~), 1,200 of 4,000 articles lose their line breaks: the student neither reads "
        "nor writes them; spell them otherwise in the data, or train one whose tokenizer has them, "
        "as BART's"
    )
    warn_of_losses("train-t5@gold", [])
    assert capsys.readouterr().err == ""


def narrow_student() -> Student:
    tokenizer = narrow_tokenizer()
    from transformers import AutoModelForSeq2SeqLM

    model = AutoModelForSeq2SeqLM.from_config(FAMILIES["t5"].tiny_config(len(tokenizer)))
    return Student(model, tokenizer, FAMILIES["t5"])


def with_braces(count: int) -> pd.DataFrame:
    """Pairs; the first five articles and the first two highlights have braces."""
    pairs = toy_pairs(count)
    pairs["highlights"] = pairs["highlights"].str.replace("\n", " ")
    pairs.loc[:4, "article"] += " {x}"
    pairs.loc[:1, "highlights"] += " ~"
    return pairs


def test_training_counts_and_tells_what_articles_and_highlights_lose(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    splits = write_pairs(tmp_path, with_braces(24), toy_pairs(8, seed=1))
    params = train_params(max_steps=1, max_input_tokens=200, max_target_tokens=100)
    trained = train(narrow_student(), splits, params, tmp_path, "train-t5@gold")
    assert trained.lost is not None
    assert trained.lost.train.model_dump() == {
        "inputs": lost(5, 0, 0, "{ }"),
        "outputs": lost(2, 0, 0, "~"),
    }
    assert trained.lost.validation.outputs.line_breaks == 8
    [line] = [line for line in capsys.readouterr().err.splitlines() if "warning: " in line]
    assert "train-t5@gold: 5 of 24 articles have characters" in line
    assert "2 of 24 highlights have characters that the tokenizer does not know (~)" in line


def test_counts_are_kept_with_the_encoded_pairs(tmp_path: Path) -> None:
    splits = write_pairs(tmp_path, with_braces(9), with_braces(9))
    for _ in range(2):
        found = encode_pairs(
            narrow_student(), splits["train"], (200, 100), tmp_path / "ids", "test"
        )
        assert found.lost["inputs"] == lost(5, 0, 0, "{ }")


def test_predict_tells_what_it_could_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    class Silent(Writer):
        tokenizer, family, device = narrow_tokenizer(), FAMILIES["t5"], "cpu"

        def decode(self, encoded: Any, params: Any, *, scored: bool = False) -> Any:
            return ((index, Hypothesis([1])) for index in range(len(encoded)))

    articles = ["Set {x}\nnow", "fine", *["{y}"] * 2]
    params = decoding_params(max_input_tokens=60)
    list(decode(Silent(), articles, params, "predict t5-gold", None))
    out, told = capsys.readouterr()
    assert out == ""
    assert "warning: predict t5-gold: 3 of 4 articles have characters that the" in told
    assert "({ } x)" not in told
    assert "1 of 4 articles lose their line breaks" in told
