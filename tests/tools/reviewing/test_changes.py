"""What differs between two mappings."""

import pytest

from understudy.tools.reviewing.changes import Change, find_changes, flatten, select_numbers


def test_leaves_have_dotted_keys_and_lists_and_empty_mappings_are_leaves() -> None:
    nested = {"a": {"b": {"c": 1}, "d": []}, "e": {}, 3: None}
    assert flatten(nested) == {"a.b.c": 1, "a.d": [], "e": {}, "3": None}


def test_a_key_that_already_has_dots_stays_as_it_is() -> None:
    assert flatten({"minimum": {"systems.t5.f1": 30}}) == {"minimum.systems.t5.f1": 30}


def test_changed_added_and_removed_are_told_apart_from_null() -> None:
    changes = find_changes({"same": 1, "gone": None, "x": 1}, {"same": 1, "x": None, "new": None})
    assert changes == [
        Change("gone", "removed", None, None),
        Change("x", "changed", 1, None),
        Change("new", "added", None, None),
    ]


@pytest.mark.parametrize("value", [True, "1", None, [1], float("nan"), float("inf")])
def test_what_is_no_finite_number_is_no_metric(value: object) -> None:
    assert select_numbers({"a": value, "b": 2, "c": 0.5}) == {"b": 2, "c": 0.5}
