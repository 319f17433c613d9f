"""Templates: what they may hold, and what filling them in does to a text."""

from pathlib import Path

import pytest

from tests.stages.test_generate import highlights, row
from understudy.teacher.errors import PromptError
from understudy.teacher.prompts import Prompt

ROOT = Path(__file__).parents[2]


def template(folder: Path, text: str) -> Path:
    path = folder / "prompt.txt"
    path.write_text(text, encoding="utf-8")
    return path


def article_prompt(folder: Path, text: str) -> Prompt:
    return Prompt("zeroshot.prompt", template(folder, text), ["article"])


def fill(prompt: Prompt, text: str) -> str:
    """The one message, with the same text for each variable."""
    (message,) = prompt.fill(dict.fromkeys(prompt.variables, text))
    assert message["role"] == "user"
    return message["content"]


def test_the_shipped_generate_prompt_is_the_studys() -> None:
    prompt = Prompt("generate.prompt", ROOT / "prompts/generate.txt", ["highlights"])
    assert fill(prompt, "A . B .") == (
        "Please write a news article based on the following news summary. 'A . B .'"
    )


def test_the_shipped_zeroshot_prompt_holds_the_article() -> None:
    prompt = Prompt("zeroshot.prompt", ROOT / "prompts/zeroshot.txt", ["article"])
    assert fill(prompt, "It rained.").endswith("'It rained.'")


def test_every_shipped_prompt_is_a_valid_template() -> None:
    variables = {"generate": "highlights", "zeroshot": "article"}
    for path in (ROOT / "prompts").glob("*.txt"):
        name = path.stem.split("-")[0]
        assert "text" in fill(Prompt(f"{name}.prompt", path, [variables[name]]), "text")


def test_an_unknown_variable_is_named_with_the_param_the_file_and_the_expected_one(
    tmp_path: Path,
) -> None:
    path = template(tmp_path, "Expand $highlights in the style of $newspaper")
    with pytest.raises(PromptError) as caught:
        Prompt("generate.prompt", path, ["highlights"])
    assert str(caught.value).startswith(f"generate.prompt = {path}: ")
    assert "$newspaper" in str(caught.value)
    assert "expected just $highlights" in str(caught.value)


def test_a_template_without_its_variable_is_an_error(tmp_path: Path) -> None:
    path = template(tmp_path, "Write something")
    with pytest.raises(PromptError, match=r"found no variable, expected just \$article") as caught:
        Prompt("zeroshot.prompt", path, ["article"])
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["$highlights for $5", "$highlights $", "a$-b $highlights"])
def test_a_lone_dollar_sign_is_an_error_that_tells_how_to_write_it(
    tmp_path: Path, text: str
) -> None:
    path = template(tmp_path, text)
    with pytest.raises(PromptError, match=r"write '\$\$'") as caught:
        Prompt("generate.prompt", path, ["highlights"])
    assert str(path) in str(caught.value)


def test_two_dollar_signs_stand_for_one(tmp_path: Path) -> None:
    assert fill(article_prompt(tmp_path, "For $$5: ${article}!"), "x") == "For $5: x!"


def test_a_variable_may_stand_in_a_template_twice(tmp_path: Path) -> None:
    assert fill(article_prompt(tmp_path, "$article / $article"), "x") == "x / x"


@pytest.mark.parametrize("text", ["$article", "$$ ${article} $x", "{article} {0} %s %(article)s"])
def test_what_looks_like_a_variable_in_a_text_stays_text(tmp_path: Path, text: str) -> None:
    assert fill(article_prompt(tmp_path, "<$article>"), text) == f"<{text}>"


def test_braces_in_a_template_are_text(tmp_path: Path) -> None:
    path = template(tmp_path, 'Answer as {"summary": ...}: $article')
    assert (
        fill(Prompt("zeroshot.prompt", path, ["article"]), "x") == 'Answer as {"summary": ...}: x'
    )


def test_the_end_of_line_at_a_files_end_is_no_part_of_the_prompt(tmp_path: Path) -> None:
    assert fill(article_prompt(tmp_path, "Sum up $article\n"), "x") == "Sum up x"


def test_the_white_space_of_a_text_is_part_of_the_prompt(tmp_path: Path) -> None:
    assert fill(article_prompt(tmp_path, "Sum up $article"), "a \n") == "Sum up a \n"


def test_an_absent_file_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(
        PromptError, match=r"zeroshot\.prompt = .*absent\.txt: not a readable prompt template"
    ):
        Prompt("zeroshot.prompt", tmp_path / "absent.txt", ["article"])


def test_a_folder_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="not a readable prompt template") as caught:
        Prompt("zeroshot.prompt", tmp_path, ["article"])
    assert str(tmp_path) in str(caught.value)


def test_a_file_that_is_no_utf8_is_an_error_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes("Zürich $article".encode("latin-1"))
    with pytest.raises(PromptError, match=r": line 1: the byte 0xfc is not UTF-8") as caught:
        Prompt("zeroshot.prompt", path, ["article"])
    assert str(caught.value).startswith(f"zeroshot.prompt: {path}: ")


def test_a_byte_order_mark_is_no_part_of_what_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes(b"\xef\xbb\xbfSum up: $article\r\nBriefly.\r\n")
    assert fill(Prompt("zeroshot.prompt", path, ["article"]), "x") == "Sum up: x\nBriefly."


def test_a_prompt_in_utf_16_is_refused_without_a_nul_in_the_message(tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        path.write_bytes("Sum up: $article".encode(encoding))
        with pytest.raises(PromptError, match=r"this is UTF-.*, expected UTF-8: `iconv -f UTF-"):
            Prompt("zeroshot.prompt", path, ["article"])


def test_a_prompt_may_underline_but_holds_no_merge_conflict(tmp_path: Path) -> None:
    path = template(tmp_path, "News\n=======\n$article\n")
    assert fill(Prompt("zeroshot.prompt", path, ["article"]), "x") == "News\n=======\nx"
    path.write_text("Do:\n<<<<<<< HEAD\n$article\n=======\n'$article'\n>>>>>>> b\n", "utf-8")
    with pytest.raises(PromptError, match=r"prompt\.txt:2: a merge conflict is not resolved "):
        Prompt("zeroshot.prompt", path, ["article"])


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
