"""What differs between two mappings."""

import pytest

from understudy.versioning.changes import Change, find_changes, flatten, is_number


def test_leaves_have_dotted_keys_also_where_keys_have_dots_already() -> None:
    nested = {"a": {"b": {"c": 1}, "d": []}, "e": {}, 3: None}
    assert dict(flatten(nested)) == {"a.b.c": 1, "a.d": [], "e": {}, "3": None}
    leaves = dict(flatten({"minimum": {"systems.t5.f1": 30}}))
    assert leaves == {"minimum.systems.t5.f1": 30}


def test_mappings_are_compared_key_by_key_and_null_is_a_value() -> None:
    changes = find_changes({"same": 1, "gone": None, "x": 1}, {"same": 1, "x": None, "new": None})
    assert changes == [
        Change("gone", "removed", None, None),
        Change("x", "changed", 1, None),
        Change("new", "added", None, None),
    ]
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
