"""What differs between two mappings."""

import pytest

from understudy.versioning.changes import Change, find_changes, flatten, is_number


def test_leaves_have_dotted_keys_and_lists_and_empty_mappings_are_leaves() -> None:
    nested = {"a": {"b": {"c": 1}, "d": []}, "e": {}, 3: None}
    assert dict(flatten(nested)) == {"a.b.c": 1, "a.d": [], "e": {}, "3": None}


def test_a_key_that_already_has_dots_stays_as_it_is() -> None:
    leaves = dict(flatten({"minimum": {"systems.t5.f1": 30}}))
    assert leaves == {"minimum.systems.t5.f1": 30}


def test_changed_added_and_removed_are_told_apart_from_null() -> None:
    changes = find_changes({"same": 1, "gone": None, "x": 1}, {"same": 1, "x": None, "new": None})
    assert changes == [
        Change("gone", "removed", None, None),
        Change("x", "changed", 1, None),
        Change("new", "added", None, None),
    ]


def test_nested_mappings_are_compared_key_by_key_and_new_ones_are_one_value() -> None:
    old = {"a": {"b": {"c": 1, "same": 0}, "d": {}}}
    new = {"a": {"b": {"c": 2, "same": 0}, "d": {"e": 1}}, "f": {"g": 1}}
    assert find_changes(old, new) == [
        Change("a.b.c", "changed", 1, 2),
        Change("a.d.e", "added", None, 1),
        Change("f", "added", None, {"g": 1}),
    ]


@pytest.mark.parametrize("value", [True, "1", None, [1], float("nan"), float("inf")])
def test_what_is_no_finite_number_is_no_metric(value: object) -> None:
    assert not is_number(value)
    assert is_number(2)
    assert is_number(0.5)
