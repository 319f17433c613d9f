"""Templates: what they may hold, and what filling them in does to a text."""

from pathlib import Path

import pytest

from understudy.teacher.errors import PromptError
from understudy.teacher.prompts import Prompt

ROOT = Path(__file__).parents[2]


def template(folder: Path, text: str) -> Path:
    path = folder / "prompt.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_generate_prompt_is_the_studys() -> None:
    prompt = Prompt(ROOT / "prompts/generate.txt", "highlights")
    assert prompt.fill("A . B .") == (
        "Please write a news article based on the following news summary. 'A . B .'"
    )


def test_the_shipped_zeroshot_prompt_holds_the_article() -> None:
    prompt = Prompt(ROOT / "prompts/zeroshot.txt", "article")
    assert prompt.fill("It rained.").endswith("'It rained.'")


def test_every_shipped_prompt_is_a_valid_template() -> None:
    variables = {"generate": "highlights", "zeroshot": "article"}
    for path in (ROOT / "prompts").glob("*.txt"):
        assert "text" in Prompt(path, variables[path.stem.split("-")[0]]).fill("text")


def test_an_unknown_variable_is_named_with_the_file_and_the_expected_one(tmp_path: Path) -> None:
    path = template(tmp_path, "Expand $highlights in the style of $newspaper")
    with pytest.raises(PromptError) as caught:
        Prompt(path, "highlights")
    assert str(path) in str(caught.value)
    assert "$newspaper" in str(caught.value)
    assert "expected just $highlights" in str(caught.value)


def test_a_template_without_its_variable_is_an_error(tmp_path: Path) -> None:
    path = template(tmp_path, "Write something")
    with pytest.raises(PromptError, match=r"found no variable, expected just \$article") as caught:
        Prompt(path, "article")
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["$highlights for $5", "$highlights $", "a$-b $highlights"])
def test_a_lone_dollar_sign_is_an_error_that_tells_how_to_write_it(
    tmp_path: Path, text: str
) -> None:
    path = template(tmp_path, text)
    with pytest.raises(PromptError, match=r"write '\$\$'") as caught:
        Prompt(path, "highlights")
    assert str(path) in str(caught.value)


def test_two_dollar_signs_stand_for_one(tmp_path: Path) -> None:
    assert Prompt(template(tmp_path, "For $$5: ${article}!"), "article").fill("x") == "For $5: x!"


def test_a_variable_may_stand_in_a_template_twice(tmp_path: Path) -> None:
    assert Prompt(template(tmp_path, "$article / $article"), "article").fill("x") == "x / x"


@pytest.mark.parametrize("text", ["$article", "$$ ${article} $x", "{article} {0} %s %(article)s"])
def test_what_looks_like_a_variable_in_a_text_stays_text(tmp_path: Path, text: str) -> None:
    assert Prompt(template(tmp_path, "<$article>"), "article").fill(text) == f"<{text}>"


def test_braces_in_a_template_are_text(tmp_path: Path) -> None:
    path = template(tmp_path, 'Answer as {"summary": ...}: $article')
    assert Prompt(path, "article").fill("x") == 'Answer as {"summary": ...}: x'


def test_the_end_of_line_at_a_files_end_is_no_part_of_the_prompt(tmp_path: Path) -> None:
    assert Prompt(template(tmp_path, "Sum up $article\n"), "article").fill("x") == "Sum up x"


def test_the_white_space_of_a_text_is_part_of_the_prompt(tmp_path: Path) -> None:
    assert Prompt(template(tmp_path, "Sum up $article"), "article").fill("a \n") == "Sum up a \n"


def test_an_absent_file_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"absent\.txt: not a readable prompt template"):
        Prompt(tmp_path / "absent.txt", "article")


def test_a_folder_is_an_error_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="not a readable prompt template") as caught:
        Prompt(tmp_path, "article")
    assert str(tmp_path) in str(caught.value)


def test_a_file_that_is_no_utf8_is_an_error_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes("Zürich $article".encode("latin-1"))
    with pytest.raises(PromptError, match="not a readable prompt template") as caught:
        Prompt(path, "article")
    assert str(path) in str(caught.value)
