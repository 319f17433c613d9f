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


def find_changes(old: Mapping[Any, Any], new: Mapping[Any, Any], prefix: str = "") -> list[Change]:
    """The changes from one mapping to another; a mapping that only one side has is one value."""
    changes = []
    for name in dict.fromkeys([*old, *new]):
        key, before, after = f"{prefix}{name}", old.get(name, _ABSENT), new.get(name, _ABSENT)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            changes += find_changes(before, after, f"{key}.")
        elif before is _ABSENT:
            changes.append(Change(key, "added", None, after))
        elif after is _ABSENT:
            changes.append(Change(key, "removed", before, None))
        elif before != after:
            changes.append(Change(key, "changed", before, after))
    return changes


def flatten(nested: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yields leaves with their dotted keys; lists and empty mappings are leaves."""
    for name, value in nested.items():
        if isinstance(value, Mapping) and value:
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a finite number and not a bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
