"""Labels: which answers make no pair, each rule off by default; and which of several does."""

from typing import Any

import pytest

from understudy.contract.params.label import LabelParams
from understudy.core.errors import ParamsError
from understudy.core.params import parse_section
from understudy.rows.labels import LabelRule, is_other_language

ARTICLE = "The council has approved the plan for the new bridge, but it will not be open in May."
GERMAN = "Der Rat hat den Plan für die neue Brücke gebilligt, aber sie wird nicht im Mai eröffnet."
SUMMARY = "The new bridge is approved."


def _params(**given: Any) -> LabelParams:
    return parse_section("label", LabelParams, {"label": given})


def _reason(text: str, article: str = ARTICLE, **given: Any) -> str | None:
    return LabelRule(_params(**given)).find_reason(article, text)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "too_short": ({"min_words": 3}, "Bridge approved"),
    "copy": ({"drop_copies": True}, f"  {ARTICLE.upper()}\n"),
    "refusal": ({"drop_refusals": True}, "Summary: I cannot help with that request."),
    "other_language": ({"same_language": True}, GERMAN),
    "longer": ({"drop_longer": True}, f"{ARTICLE} And more."),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_rule_drops_what_it_is_for_and_nothing_by_default(reason: str) -> None:
    given, text = BAD[reason]
    assert _reason(text, **given) == reason
    assert _reason(text) is None
    assert _reason(SUMMARY, **given) is None


@pytest.mark.parametrize("reason", BAD)
def test_a_reason_is_listed_where_its_rule_is_on(reason: str) -> None:
    given, _ = BAD[reason]
    assert set(_params(**given).reasons) - set(_params().reasons) == {reason}


def test_rules_of_all_texts_come_first() -> None:
    every = {key: value for given, _ in BAD.values() for key, value in given.items()}
    assert _reason("the same words again and again " * 20, **every) == "loop"
    assert _reason("Bridge</s>", **every) == "template_mark"
    own = "Please summarize the following ticket in one short sentence for the manager of the team"
    rule = LabelRule(_params(**every), own)
    assert rule.find_reason(ARTICLE, f"{own}: done") == "echo"
    assert rule.find_reason(ARTICLE, SUMMARY) is None


def test_as_many_words_as_the_limits_allow_pass() -> None:
    assert _reason("one two three", min_words=3) is None
    assert _reason("four three two one", "one two three four", drop_longer=True) is None


def test_a_label_that_is_too_short_to_tell_has_no_other_language() -> None:
    assert _reason("Rückerstattung", same_language=True) is None
    assert not is_other_language("hi", GERMAN)
    assert is_other_language(ARTICLE, GERMAN)


def test_the_sample_that_agrees_most_is_chosen() -> None:
    rule = LabelRule(_params(samples=3, min_agreement=0.5))
    texts = ["bread costs more", "the bridge opens late", "the bridge opens very late"]
    at, agreement = rule.choose(texts)
    assert at in (1, 2)
    assert rule.find_disagreement(agreement) == "disagree"
    assert rule.find_disagreement(0.5) is None
    assert rule.find_disagreement(rule.choose(texts[1:])[1]) is None


def test_samples_may_disagree_where_no_limit_is_set() -> None:
    assert LabelRule(_params(samples=3)).find_disagreement(0.0) is None


def test_limits_are_by_split() -> None:
    params = _params(limit=7, validation_limit=2)
    assert params.limits == {"train": 7, "validation": 2}
    assert _params().limits == {"train": None, "validation": None}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"samples": 17}, "label.samples = 17: expected"),
        ({"samples": 0}, "label.samples = 0: expected"),
        ({"samples": 2, "min_agreement": 1.1}, "label.min_agreement = 1.1: expected"),
        ({"samples": 1, "min_agreement": 0.5}, "with label.samples = 1"),
        ({"min_agreement": 0.5}, "with label.samples = 1"),
        ({"min_words": -1}, "label.min_words = -1: expected"),
        ({"drop_copies": 1}, "label.drop_copies = 1: expected true or false"),
    ],
)
def test_values_that_make_no_sense_are_refused(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(ParamsError) as caught:
        _params(**given)
    assert expected in str(caught.value)
