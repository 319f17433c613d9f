"""Templates with $labels, and with values that each row draws."""

from collections import Counter
from pathlib import Path

import pytest

from tests.classifying import LABELS, PROMPTS, write_params
from understudy.teacher.errors import PromptError
from understudy.teacher.prompts import Prompt

LISTED = "- billing\n- late delivery\n- Rückgabe, Umtausch"
VARY = """
vary: {tone: [polite, angry, terse], way: ["a $5 letter", chat]}
messages: [{role: user, content: 'In a $tone tone by ${way}: $text.'}]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_params()
    return tmp_path


def prompt(text: str, name: str = "prompt.txt", labels: list[str] | None = None) -> Prompt:
    Path(name).write_text(text, encoding="utf-8")
    return Prompt("zeroshot.prompt", name, ["text"], labels)


@pytest.mark.parametrize("path", sorted(PROMPTS.iterdir()), ids=lambda path: path.name)
def test_every_shipped_prompt_can_be_filled_in(path: Path) -> None:
    kind = path.name.partition(".")[0]
    column = {"zeroshot": "text", "generate": "label"}[kind]
    shipped = Prompt(f"{kind}.prompt", path, [column])
    said = "\n".join(message["content"] for message in shipped.fill({"id": "1", column: "Hm $5"}))
    assert "Hm $5" in said
    assert (LISTED in said) == (kind == "zeroshot")


def test_the_list_of_labels_is_the_templates_own_text_in_what_was_logged() -> None:
    labels = ["$5 off", "Größe, Farbe"]
    given = prompt("One of:\n${labels}\n\nor $$: '$text'", labels=labels)
    (message,) = given.fill({"text": "$labels?"})
    assert message["content"] == "One of:\n- $5 off\n- Größe, Farbe\n\nor $: '$labels?'"
    assert given.variables == ("text",)
    assert given.match([message]) == {"text": "$labels?"}
    other = {**message, "content": message["content"].replace("$5", "$6")}
    assert given.match([other]) is None


def test_a_schema_lists_the_labels_and_all_else_of_it_is_sent_as_it_is() -> None:
    text = "messages: [{role: user, content: $text}]\nresponse_format: "
    sent = prompt(f"{text}{{a: [{{enum: $labels}}], b: 'my $labels', c: 1}}", "p.yaml").settings
    assert sent == {"response_format": {"a": [{"enum": LABELS}], "b": "my $labels", "c": 1}}


def test_each_row_draws_by_its_id_whatever_other_rows_there_are() -> None:
    given = prompt(VARY, "p.yaml")
    rows = [{"id": f"r{number}", "text": "Hm"} for number in range(300)]
    filled = [given.fill(row) for row in rows]
    assert filled == [given.fill(row) for row in rows]
    counts = Counter(message["content"] for (message,) in filled)
    assert len(counts) == 6
    assert min(counts.values()) > 25
    assert all("by a $5 letter: Hm." in said or "by chat: Hm." in said for said in counts)
    assert given.variables == ("text",)
    assert [given.match(messages) for messages in filled[:3]] == [{"text": "Hm"}] * 3
    unlike = [{"role": "user", "content": "In a merry tone by chat: Hm."}]
    assert given.match(unlike) is None


@pytest.mark.parametrize(
    ("vary", "problem"),
    [
        ("{tone: []}", "vary.tone = []: expected"),
        ("{tone: [1]}", "vary.tone.0 = 1: expected"),
        ("{tone: [a], other: [b]}", "vary.other: write $other in a message, or drop it"),
        ("{text: [a], tone: [b]}", "vary.text: rows have this column; rename it"),
    ],
)
def test_what_cannot_be_drawn_is_refused(vary: str, problem: str) -> None:
    with pytest.raises(PromptError) as caught:
        prompt(f"vary: {vary}\nmessages: [{{role: user, content: $tone $text}}]", "p.yaml")
    assert problem in str(caught.value)
