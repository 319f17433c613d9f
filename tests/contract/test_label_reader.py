"""Labels in answers and files: read where they are one, and never guessed."""

import pytest
from pydantic import ValidationError

from understudy.contract.label_reader import LabelReader
from understudy.contract.params.task import TaskParams

LABELS = ["billing", "late delivery", "Rückgabe, Umtausch", "etc.", '"quoted"', "don't know"]
READER = LabelReader(LABELS, {"invoice": "billing", "Too late!": "late delivery"})


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("billing", "billing"),
        (" Billing.\n", "billing"),
        ("'BILLING'", "billing"),
        ("“billing.”", "billing"),
        ("`billing`.", "billing"),
        ("late\n  Delivery", "late delivery"),
        ("„RÜCKGABE, Umtausch“", "Rückgabe, Umtausch"),
        ("Ru\u0308ckgabe, Umtausch", "Rückgabe, Umtausch"),
        ("etc.", "etc."),
        ("'etc.'", "etc."),
        ('"Quoted"', '"quoted"'),
        ("Don't know.", "don't know"),
        ("invoice", "billing"),
        ('"Invoice."', "billing"),
        ("too late!", "late delivery"),
        *((text, None) for text in ("", " ", ".", '"', "''", "bill", "billing!", "etc", "quoted")),
        *((text, None) for text in ("billing, late delivery", "The label is billing.", "delivery")),
        *((text, None) for text in ("''billing''", '"billing', "billing'", "label: billing")),
    ],
)
def test_a_text_is_a_label_in_full_or_none(text: str, label: str | None) -> None:
    assert READER.read(text) == label


def test_each_of_500_labels_is_found() -> None:
    labels = [f"Größe {number}, rot" for number in range(500)]
    reader = LabelReader(labels, {})
    assert [reader.read(f'"{label.upper()}".') for label in labels] == labels
    assert reader.read("x" * 100_000) is None
    assert LabelReader.of([], {}) is None


def test_labels_that_a_reader_could_not_tell_apart_are_refused() -> None:
    with pytest.raises(ValidationError, match="each label once"):
        TaskParams(kind="classification", labels=["R\u00fcckgabe", "Ru\u0308ckgabe"])
