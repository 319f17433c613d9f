"""What commands and the server know of labels."""

from pathlib import Path
from typing import Any

import pytest

from tests.core.documents import write_document
from tests.imports import ROOT
from understudy.core.params import read_params
from understudy.tools.check import find_unnamed_labels
from understudy.tools.escalating.extension import open_compare
from understudy.tools.hosting import TaskPrompt

SAMPLE = ROOT / "classification"
LISTED = "One of\n$labels\nfor '$text'"


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Those of the sample, with a prompt in the working folder."""
    monkeypatch.chdir(tmp_path)
    found = read_params(SAMPLE / "params.yaml")
    found["zeroshot"] = {"prompt": "prompt.txt"}
    Path("prompt.txt").write_text(LISTED, encoding="utf-8")
    write_document(found)
    return found


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        (LISTED, None),
        ("Billing or Delivery? '$text'", "it does not name 'returns and refunds' and 5 more"),
        (f"{(SAMPLE / 'prompts/zeroshot.json.yaml').read_text('utf-8')}", None),
    ],
)
def test_a_prompt_that_leaves_out_labels_is_told(
    params: dict[str, Any], text: str, warned: str | None
) -> None:
    params["zeroshot"] = {"prompt": "prompt.yaml" if "messages:" in text else "prompt.txt"}
    Path(params["zeroshot"]["prompt"]).write_text(text, encoding="utf-8")
    write_document(params)
    lines = find_unnamed_labels()
    assert [warned in line for line in lines] == [True] if warned else not lines


def test_a_served_label_is_compared_as_a_whole(params: dict[str, Any]) -> None:
    compare = open_compare()
    assert compare("product question", "product question") == 100
    assert compare("product question", "question of a product") == 0


@pytest.mark.parametrize("has_params", [True, False])
def test_the_server_knows_labels_of_params_or_of_the_model(
    params: dict[str, Any], has_params: bool
) -> None:
    if not has_params:
        Path("params.yaml").unlink()
    task = TaskPrompt.load(Path("prompt.txt"), None, ["billing", "delivery"])
    listed = params["task"]["labels"] if has_params else ["billing", "delivery"]
    asked = "One of\n" + "\n".join(f"- {label}" for label in listed) + "\nfor 'Pay?'"
    assert task.match([{"role": "user", "content": asked}]) == {"text": "Pay?"}
    assert task.labels is not None
    assert task.labels.read("Payment.") == ("billing" if has_params else None)
