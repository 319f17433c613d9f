"""Which model an endpoint serves under a name: noticed when it changes, and kept apart.

Local servers tell it in their list of models. The first model that is seen under a name has the
requests' usual keys, and so every answer that is there already. Another one has keys of its own:
`#` and a hash of what it is are part of its endpoint's name. A line of the kind `model` in the
ledger says which one was served last. Endpoints that tell nothing change nothing.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import one_line
from understudy.teacher.completion import as_object
from understudy.teacher.ledger import Ledger
from understudy.teacher.records import encode
from understudy.teacher.requests import canonical, content_key, teacher_identity

TOLD = (
    *("size", "n_params", "parameters", "parameter_size", "n_vocab", "n_embd"),
    *("quantization", "quantization_level", "digest", "root"),
)
"""What only another model changes, by the names of llama.cpp, vLLM and Ollama."""
Identity = dict[str, str]


class OtherModelError(Exception):
    """The endpoint serves another model than the one whose answers were looked up."""


def read_identity(model: Mapping[str, Any]) -> Identity:
    """What an entry of a list tells of its model; mostly nothing."""
    parts = (as_object(model.get("details")), as_object(model.get("meta")), model)
    told = {name: part[name] for part in parts for name in TOLD if part.get(name)}
    if told.get("root") == model.get("id"):
        told.pop("root", None)
    return {
        name: one_line(value)
        for name, value in told.items()
        if isinstance(value, str | int | float)
    }


def as_last_served(params: TeacherParams, ledger: Ledger) -> TeacherParams:
    """The section `teacher` for the model that was last seen under its name."""
    seen = _seen(params, ledger)
    return params.for_variant(_name(_variants(seen), seen[-1])) if seen else params


def note_served(model: Mapping[str, Any] | None, params: TeacherParams, ledger: Ledger) -> None:
    """Records which model is served.

    Raises:
        OtherModelError: it is not the one that the params are for; a warning says so.
    """
    identity, seen = read_identity(model or {}), _seen(params, ledger)
    if not identity or (seen and seen[-1] == identity):
        return
    teacher = teacher_identity(params.for_variant(""))
    key = content_key({"teacher": teacher})
    ledger.append([encode("model", key, {"teacher": teacher, "served": identity})])
    if not seen or _name(_variants([*seen, identity]), identity) == params.variant:
        return
    changes = ", ".join(
        f"{name} {seen[-1][name]}, now {identity[name]}" for name in _differing(seen[-1], identity)
    )
    print(
        f"warning: teacher.model = {params.model}: the endpoint serves another model under this "
        f"name than before ({changes}); its answers are kept apart from the earlier ones",
        file=sys.stderr,
    )
    raise OtherModelError


def _seen(params: TeacherParams, ledger: Ledger) -> list[Identity]:
    """The models under a name, in the order in which they were seen."""
    teacher = teacher_identity(params.for_variant(""))
    contents = [record.content for record in ledger.models()]
    return [as_object(one.get("served")) for one in contents if one.get("teacher") == teacher]


def _differing(one: Identity, other: Identity) -> list[str]:
    """What both tell, and differently."""
    return [name for name in one if name in other and one[name] != other[name]]


def _variants(seen: list[Identity]) -> list[Identity]:
    """The different ones, in order; one that tells more later is the same."""
    found: list[Identity] = []
    for identity in seen:
        if all(_differing(known, identity) for known in found):
            found.append(identity)
    return found


def _name(variants: list[Identity], identity: Identity) -> str:
    """What tells a model's requests from those of the first one, whose name is empty."""
    same = next(known for known in variants if not _differing(known, identity))
    return "" if same is variants[0] else content_key(canonical(same))[7:19]


class Fingerprints:
    """Versions that answers say they come from; more than one is worth a warning, and no money."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def take(self, completion: Any) -> None:
        """Counts an answer by its body."""
        body = as_object(completion)
        told = (body.get("model"), body.get("system_fingerprint"))
        self._counts[one_line(" ".join(part for part in told if isinstance(part, str)))] += 1

    def describe(self) -> str | None:
        """The counts, if there is more than one version."""
        if len(self._counts) < 2:
            return None
        listed = ", ".join(f"{count} {name or '-'}" for name, count in self._counts.most_common(5))
        return f"its answers come from {len(self._counts)} versions ({listed})"
