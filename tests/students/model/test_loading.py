"""Students made tiny, loaded from folders; and what is said when that fails."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.students import tiny, toy_pairs
from understudy.core.errors import StudentError
from understudy.students.model.families import DECODER_LAYERS, FAMILIES
from understudy.students.model.loading import Student, load_student, open_student

EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))


def weights(student: Student) -> dict[str, Any]:
    state: dict[str, Any] = student.model.state_dict()
    return state


def equal(first: Student, second: Student) -> bool:
    pairs = zip(weights(first).values(), weights(second).values(), strict=True)
    return all(one.equal(other) for one, other in pairs)


def logits(student: Student, text: str) -> Any:
    inputs = student.tokenizer(text, return_tensors="pt")
    labels = student.tokenizer("Anna was in Rome .", return_tensors="pt")["input_ids"]
    return student.model.eval()(**inputs, labels=labels).logits.detach()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A saved tiny model of each family; tests that break one take a copy."""
    base = tmp_path_factory.mktemp("students")
    for name in FAMILIES:
        student = tiny(name)
        student.model.save_pretrained(base / name)
        student.tokenizer.save_pretrained(base / name)
    return {name: base / name for name in FAMILIES}


def load_error(name: str | Path, family: str | None = None) -> str:
    """Return the error of a load that must fail with one line that names the model."""
    with pytest.raises(StudentError) as caught:
        load_student(str(name), None, FAMILIES[family] if family else None)
    message = str(caught.value)
    assert "\n" not in message
    assert str(name) in message
    return message


@pytest.mark.parametrize(
    ("family", "architecture", "start"),
    [("t5", "T5ForConditionalGeneration", ""), ("bart", "BartForConditionalGeneration", "<s>")],
)
def test_a_tiny_student_has_its_familys_architecture_and_special_tokens(
    family: str, architecture: str, start: str
) -> None:
    student = open_student("tiny", None, FAMILIES[family], list(toy_pairs(32)["article"]), seed=3)
    tokenizer, config = student.tokenizer, student.model.config
    assert type(student.model).__name__ == architecture
    assert (config.model_type, student.family.name, student.commit) == (family, family, None)
    assert config.vocab_size == len(tokenizer)
    assert "ĠBoris" in tokenizer.get_vocab()
    special = student.family.special_tokens
    assert tuple(tokenizer.convert_ids_to_tokens(range(len(special)))) == special
    pad_and_eos = (special.index(student.family.pad), special.index(student.family.eos))
    assert (config.pad_token_id, config.eos_token_id) == pad_and_eos
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id) == pad_and_eos
    text = tokenizer.decode(tokenizer("Anna")["input_ids"])
    assert text.replace(" ", "") == f"{start}Anna</s>"


@EACH_FAMILY
@pytest.mark.parametrize(
    "text",
    [
        "Anna was in Rome .\nIt was Monday .",
        "Zoë paid 3,50 € at a café — “cheap”, she said.",
        "東京で地震 🦊 मुंबई",
        "two  spaces,\ta tab, and\n\nan empty line",
        "it 's n't 5 % .",
    ],
)
def test_a_text_comes_back_from_its_tokens_unchanged(family: str, text: str) -> None:
    tokenizer = tiny(family).tokenizer
    ids = tokenizer(text)["input_ids"]
    assert tokenizer.unk_token_id not in ids
    assert tokenizer.decode(ids, skip_special_tokens=True).strip() == text


@EACH_FAMILY
def test_equal_seeds_give_equal_weights_and_other_seeds_others(family: str) -> None:
    assert equal(tiny(family, seed=5), tiny(family, seed=5))
    assert not equal(tiny(family, seed=5), tiny(family, seed=6))


@EACH_FAMILY
def test_cross_attention_starts_by_handing_on_what_it_attends_to(family: str) -> None:
    import torch

    model, endings = tiny(family).model, FAMILIES[family].cross_attention
    found = {name: p for name, p in model.named_parameters() if name.endswith(endings)}
    assert len(found) == 2 * DECODER_LAYERS
    assert all("decoder" in name for name in found)
    for name, parameter in found.items():
        assert parameter.equal(torch.eye(len(parameter))), name
    modules = dict(model.named_modules())
    signal = torch.randn(3, model.config.d_model, generator=torch.Generator().manual_seed(0))
    for name in found:
        assert modules[name.removesuffix(".weight")](signal).equal(signal), name


@EACH_FAMILY
def test_a_saved_student_loads_by_the_auto_classes_as_it_was(
    family: str, folders: dict[str, Path]
) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    original = tiny(family)
    model = AutoModelForSeq2SeqLM.from_pretrained(folders[family])
    tokenizer = AutoTokenizer.from_pretrained(folders[family])
    loaded = Student(model, tokenizer, FAMILIES[family])
    text = "Anna arrived in Rome.\nZoë — 東京."
    assert tokenizer(text)["input_ids"] == original.tokenizer(text)["input_ids"]
    assert equal(loaded, original)
    assert logits(loaded, text).equal(logits(original, text))


@EACH_FAMILY
def test_a_folder_loads_with_the_family_that_its_config_names(
    family: str, folders: dict[str, Path]
) -> None:
    student = load_student(str(folders[family]), None)
    assert student.family is FAMILIES[family]
    assert student.commit is None
    assert equal(student, tiny(family))


@pytest.mark.parametrize(("found", "wanted"), [("bart", "t5"), ("t5", "bart")])
def test_a_folder_of_the_other_family_is_refused(
    found: str, wanted: str, folders: dict[str, Path]
) -> None:
    message = load_error(folders[found], wanted)
    assert message.endswith(f"its family is '{found}', expected {wanted}")


def config(**changes: Any) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")

    return edit


def without(pattern: str) -> Callable[[Path], object]:
    def remove(folder: Path) -> None:
        for path in folder.glob(pattern):
            path.unlink()

    return remove


def cut(kept: int) -> Callable[[Path], object]:
    def shorten(folder: Path) -> None:
        path = folder / "model.safetensors"
        path.write_bytes(path.read_bytes()[:kept])

    return shorten


@EACH_FAMILY
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (config(model_type="gpt2"), "its family is 'gpt2', expected t5 or bart"),
        (config(model_type="strange"), "`strange`"),
        (without("config.json"), "config.json"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json"),
        *((cut(kept), "cannot be loaded") for kept in (0, 100, 200_000)),
        *((without(name), "cannot be loaded") for name in ("model.safetensors", "tokenizer.json")),
        (without("tokenizer*"), "copy the tokenizer's files (tokenizer.json"),
        (config(d_model=64), "cannot be loaded"),
        (config(vocab_size=999), "cannot be loaded"),
        (config(d_model="wide"), "cannot be loaded"),
    ],
)
def test_a_folder_that_lacks_something_or_does_not_fit_is_one_clear_error(
    family: str,
    spoil: Callable[[Path], object],
    told: str,
    folders: dict[str, Path],
    tmp_path: Path,
) -> None:
    folder = shutil.copytree(folders[family], tmp_path / "broken")
    spoil(folder)
    assert told in load_error(folder)


def test_a_tokenizer_that_is_a_sentencepiece_model_alone_is_read(tmp_path: Path) -> None:
    # As T5 v1.1 stands on the Hub: spiece.model, and no tokenizer.json.
    import sentencepiece
    from transformers import T5Config, T5ForConditionalGeneration

    pairs = toy_pairs(256)
    texts = [*pairs["article"], *pairs["highlights"]]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_prefix=str(tmp_path / "spiece"),
        vocab_size=70,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    (tmp_path / "spiece.vocab").unlink()
    settings = {"tokenizer_class": "T5Tokenizer", "extra_ids": 100, "model_max_length": 512}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    shape = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2}
    T5ForConditionalGeneration(T5Config(vocab_size=170, **shape)).save_pretrained(tmp_path)

    found = load_student(str(tmp_path), None, FAMILIES["t5"]).tokenizer
    expected = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "spiece.model"))
    for text in texts[:20]:
        assert found(text)["input_ids"] == [*expected.encode(text), 1]
    found.save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / "tokenizer.json").is_file()
