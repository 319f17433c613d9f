"""Templates: what they may hold, and what filling them in does to a text."""

import re
from pathlib import Path

import pytest

from tests.stages.test_generate import highlights, row
from understudy.teacher.errors import PromptError
from understudy.teacher.prompts import Prompt

ROOT = Path(__file__).parents[2]


def fill(prompt: Prompt, text: str) -> str:
    """The one message, with the same text for each variable."""
    (message,) = prompt.fill(dict.fromkeys(prompt.variables, text))
    assert message["role"] == "user"
    return message["content"]


def test_every_shipped_prompt_is_a_valid_template_and_generates_is_the_studys() -> None:
    variables, said = {"generate": "highlights", "zeroshot": "article"}, {}
    for path in (ROOT / "prompts").glob("*.txt"):
        name = path.stem.split("-")[0]
        said[path.stem] = fill(Prompt(f"{name}.prompt", path, [variables[name]]), "A . B .")
        assert "A . B ." in said[path.stem]
    study = "Please write a news article based on the following news summary. 'A . B .'"
    assert said["generate"] == study
    assert said["zeroshot"].endswith("'A . B .'")


ABSENT = "not a readable prompt template"
CONFLICT = b"Do:\n<<<<<<< HEAD\n$article\n=======\n'$article'\n>>>>>>> b\n"
WRONG = [
    (b"Expand $article like $paper", r"found \$article, \$paper, expected just \$article"),
    (b"Write something", r"found no variable, expected just \$article"),
    *((text, r"write '\$\$'") for text in (b"$article for $5", b"$article $", b"a$-b $article")),
    (None, ABSENT),
    ("Zürich $article".encode("latin-1"), "line 1: the byte 0xfc is not UTF-8"),
    *(
        ("Sum up: $article".encode(encoding), "this is UTF-.*, expected UTF-8: `iconv -f UTF-")
        for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")
    ),
    (CONFLICT, "2: a merge conflict is not resolved "),
]


@pytest.mark.parametrize(("content", "said"), WRONG)
def test_what_is_no_template_is_an_error_with_the_param_and_the_file(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "prompt.txt"
    if content:
        path.write_bytes(content)
    with pytest.raises(PromptError, match=said) as caught:
        Prompt("zeroshot.prompt", path, ["article"])
    assert re.match(rf"zeroshot\.prompt(:| =) {path}:", str(caught.value))
    assert "\n" not in str(caught.value)


def test_a_folder_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=f"{tmp_path}: {ABSENT}"):
        Prompt("zeroshot.prompt", tmp_path, ["article"])


@pytest.mark.parametrize(
    ("content", "text", "sent"),
    [
        ("For $$5: ${article}!", "x", "For $5: x!"),
        ("$article / $article", "x", "x / x"),
        *(("<$article>", odd, f"<{odd}>") for odd in ("$article", "$$ ${article} $x", "{0} %s")),
        ('Answer as {"summary": ...}: $article', "x", 'Answer as {"summary": ...}: x'),
        ("Sum up $article\n", "x", "Sum up x"),
        ("Sum up $article", "a \n", "Sum up a \n"),
        ("\ufeffSum up: $article\r\nBriefly.\r\n", "x", "Sum up: x\nBriefly."),
        ("News\n=======\n$article\n", "x", "News\n=======\nx"),  # no merge conflict
    ],
)
def test_a_template_is_filled_in_to_the_letter(
    tmp_path: Path, content: str, text: str, sent: str
) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes(content.encode())
    assert fill(Prompt("zeroshot.prompt", path, ["article"]), text) == sent


# Questions


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_limit_takes_the_first_rows_of_its_split(tmp_path: Path, split: str) -> None:
    name = "limit" if split == "train" else "validation_limit"
    for limit, ids in ((2, [0, 1]), (None, range(5)), (99, range(5))):
        source = highlights(tmp_path, 5, 5, **{name: limit})
        rows = [question.row for question in source if question.split == split]
        assert rows == [row(f"{split}-{number}") for number in ids]


def test_there_is_one_prompt_a_row_split_by_split(tmp_path: Path) -> None:
    questions = list(highlights(tmp_path, 3, 2, limit=2))
    ids = ["train-0", "train-1", "validation-0", "validation-1"]
    assert [question.row["id"] for question in questions] == ids
    for question in questions:
        assert question.row == row(question.row["id"])
        assert question.row["highlights"] in question.text
        assert question.row["id"].startswith(question.split)


def test_prompts_can_be_read_again_and_half_read(tmp_path: Path) -> None:
    source = highlights(tmp_path, 3, 2)
    first = iter(source)
    assert next(first) == next(iter(source))
    assert list(source) == list(source) == [next(iter(source)), *first]
