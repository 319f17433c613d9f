"""What scores mean: quality, or agreement with the teacher."""

from understudy.contract.kind import CLASSIFICATION, SUMMARIZATION
from understudy.rendering.references import AGREEMENT, name_references, plain


def test_gold_texts_are_called_gold_and_the_teachers_answers_are_not() -> None:
    assert name_references("gold", SUMMARIZATION) == "gold highlights"
    assert name_references("gold", CLASSIFICATION) == "gold labels"
    assert name_references("teacher", CLASSIFICATION) == "the teacher's own answers"


def test_the_note_denies_quality_with_and_without_markdown() -> None:
    assert "**agrees with the teacher**; none says how good it is." in AGREEMENT
    assert "agrees with the teacher; none says how good it is." in plain(AGREEMENT)
    assert "*" not in plain(AGREEMENT)
