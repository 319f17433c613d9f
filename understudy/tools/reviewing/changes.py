"""What differs between two mappings, by dotted key."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

_ABSENT = object()


@dataclass(frozen=True)
class Change:
    """One dotted key whose value differs."""

    key: str
    state: Literal["changed", "added", "removed"]
    old: Any
    """None where added."""
    new: Any
    """None where removed."""


def flatten(nested: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Leaves by dotted keys; lists and empty mappings are leaves."""
    return dict(_leaves(nested, prefix))


def _leaves(nested: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in nested.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, key)
        else:
            yield key, value


def select_numbers(leaves: Mapping[str, Any]) -> dict[str, float]:
    """Those leaves that are finite numbers."""
    return {key: value for key, value in leaves.items() if is_number(value)}


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def find_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The changes from one flat mapping to another, in the order of the keys."""
    changes = []
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key, _ABSENT), new.get(key, _ABSENT)
        if before is _ABSENT:
            changes.append(Change(key, "added", None, after))
        elif after is _ABSENT:
            changes.append(Change(key, "removed", before, None))
        elif before != after:
            changes.append(Change(key, "changed", before, after))
    return changes
