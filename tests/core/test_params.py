"""params.yaml: what cannot be used is refused before any work, in one line with a hint."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.documents import KINDS, SAMPLE, Document, write_document
from understudy.contract.params.teacher import TeacherParams
from understudy.core.errors import ParamsError
from understudy.core.params import load_section, read_params

Location = tuple[str, ...]

JARGON = re.compile(r"valid|instance|Input|Params|String|dictionary|integer|boolean")
NO_IMPOSSIBLE_VALUE = (bool, dict)
NUMBERS_OR_NULL = (
    "limit", "validation_limit", "max_steps", "max_cost_usd", "requests_per_minute",
    "tokens_per_minute", "near_duplicates", "near_test", "max_copied",
)  # fmt: skip


def _leaves(tree: Document, above: Location = ()) -> Iterator[tuple[Location, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


LEAVES = dict(_leaves(SAMPLE))
_EVERY_KEY = pytest.mark.parametrize("location", LEAVES, ids=".".join)


def _parent(document: Document, location: Location) -> Document:
    for key in location[:-1]:
        document = document[key]
    return document


def _refusal(section: str, document: Document) -> str:
    """The one line with which a section of a document is refused."""
    write_document({section: document[section]} if section in document else document)
    with pytest.raises(ParamsError) as caught:
        load_section(section, KINDS[section])
    line = str(caught.value)
    assert "\n" not in line
    return line


def _impossible(location: Location, value: object) -> object:
    """A value of the right type that the key can never have."""
    if location[-1] == "length_penalty":
        return float("nan")
    if isinstance(value, int | float) or location[-1] in NUMBERS_OR_NULL:
        return -1
    return ""


@_EVERY_KEY
def test_for_a_misspelt_key_the_right_one_is_suggested(
    document: Document, location: Location
) -> None:
    name = f"{location[-1]}_"
    parent = _parent(document, location)
    parent[name] = parent.pop(location[-1])
    dotted = ".".join((*location[:-1], name))
    assert _refusal(location[0], document) == (
        f"params.yaml: {dotted} = {parent[name]!r}: unknown key; did you mean '{location[-1]}'?"
    )


@pytest.mark.parametrize("section", tuple(KINDS))
def test_for_a_key_like_no_other_those_there_are_are_told(document: Document, section: str) -> None:
    known = ", ".join(document[section])
    document[section]["qqqq"] = 1
    expected = f"params.yaml: {section}.qqqq = 1: unknown key; expected one of {known}"
    assert _refusal(section, document) == expected


@_EVERY_KEY
def test_a_wrong_type_is_refused_and_what_is_expected(
    document: Document, location: Location
) -> None:
    value = LEAVES[location]
    wrong: list[object] = [[7] if location[-1] in ("article", "labels") else ["a"]]
    no_number = location[-1] == "max_cost_usd" or isinstance(value, int | float)
    wrong += ["7"] if no_number else [7] if value is not None else [1.5]
    for replacement in wrong:
        _parent(document, location)[location[-1]] = replacement
        line = _refusal(location[0], document)
        named, shown = ".".join(location), replacement
        if isinstance(value, list) and isinstance(replacement, list):
            named, shown = f"{named}.0", replacement[0]
        start = f"params.yaml: {named} = {shown!r}: expected "
        assert line.startswith(start)
        assert JARGON.search(line.removeprefix(start)) is None


@_EVERY_KEY
def test_an_impossible_value_is_refused_by_its_key(document: Document, location: Location) -> None:
    if isinstance(LEAVES[location], NO_IMPOSSIBLE_VALUE):
        pytest.skip("every value of this type is possible")
    value = _impossible(location, LEAVES[location])
    _parent(document, location)[location[-1]] = value
    line = _refusal(location[0], document)
    assert re.match(rf"params\.yaml: {re.escape('.'.join(location))} = {value!r}: expected .", line)


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_number_that_is_not_finite_is_refused(document: Document, value: float) -> None:
    locations = [location for location, leaf in LEAVES.items() if isinstance(leaf, float)]
    assert len(locations) > 10
    for location in locations:
        changed = copy.deepcopy(document)
        _parent(changed, location)[location[-1]] = value
        assert f"{'.'.join(location)} = {value!r}: expected" in _refusal(location[0], changed)


def test_a_key_that_stands_deeper_is_told_where(document: Document) -> None:
    document["train-t5"] = {"seeds": [1], "epochs": 4}
    assert _refusal("train-t5", document) == (
        "params.yaml: train-t5.epochs = 4: unknown key; it is train-t5.settings.epochs"
    )


@pytest.mark.parametrize(
    ("seeds", "told"),
    [
        ([], "train-t5.seeds = []: expected a list that is not empty"),
        ([1, 2, 1], "train-t5.seeds = [1, 2, 1]: expected each seed once"),
        ([-1], "train-t5.seeds.0 = -1: expected"),
        ([True], "train-t5.seeds.0 = True: expected a whole number"),
        (13, "train-t5.seeds = 13: expected a list such as [1, 2]"),
    ],
)
def test_impossible_seeds_are_refused(document: Document, seeds: object, told: str) -> None:
    document["train-t5"]["seeds"] = seeds
    assert _refusal("train-t5", document).startswith(f"params.yaml: {told}")


def test_each_of_several_problems_has_its_line(document: Document) -> None:
    document["fetch"].update(source="moon", limit=0)
    document["fetch"]["sample"]["seed"] = -1
    write_document(document)
    with pytest.raises(ParamsError) as caught:
        load_section("fetch", KINDS["fetch"])
    keys = [line.split(": ")[1].split(" = ")[0] for line in str(caught.value).splitlines()]
    assert keys == ["fetch.source", "fetch.limit", "fetch.sample.seed"]


@pytest.mark.parametrize(
    ("request_", "name"),
    [({"n": 2}, "n"), ({"messages": []}, "messages"), ({"model": "a"}, "model")],
)
def test_the_request_cannot_override_what_the_pipeline_sets(
    document: Document, request_: Document, name: str
) -> None:
    document["teacher"]["request"] = request_
    expected = f"teacher.request = {request_!r}: expected no '{name}' here"
    assert expected in _refusal("teacher", document)


def test_the_request_takes_any_other_key(document: Document) -> None:
    document["teacher"]["request"] = {"temperature": 0, "response_format": {"type": "text"}}
    write_document(document)
    load_section("teacher", KINDS["teacher"])


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens"])
@pytest.mark.parametrize("limit", ["100", 1.5, 0, -1, True, [9]])
def test_an_odd_limit_of_tokens_is_refused(document: Document, name: str, limit: object) -> None:
    document["teacher"]["request"] = {name: limit}
    expected = f"teacher.request = {{{name!r}: {limit!r}}}: expected a positive whole number as"
    assert f"{expected} '{name}'" in _refusal("teacher", document)


@pytest.mark.parametrize(
    "request_", [{}, {"temperature": 0}, {"max_tokens": None}, {"max_completion_tokens": None}]
)
def test_a_cap_that_an_answer_could_exceed_is_refused(
    document: Document, request_: Document
) -> None:
    document["teacher"] |= {"request": request_, "max_cost_usd": 5}
    line = _refusal("teacher", document)
    assert line.startswith("params.yaml: teacher.max_cost_usd = 5: ")
    assert "a cap needs teacher.request.max_completion_tokens" in line


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens"])
def test_a_cap_is_taken_with_a_limit_of_output_tokens(document: Document, name: str) -> None:
    document["teacher"] |= {"request": {name: 100}, "max_cost_usd": 5}
    write_document(document)
    teacher = load_section("teacher", TeacherParams)
    assert (teacher.max_cost_usd, teacher.max_output_tokens) == (5, 100)


@pytest.mark.parametrize("value", [0, -1.5])
def test_a_cap_of_nothing_is_refused(document: Document, value: float) -> None:
    document["teacher"] |= {"request": {"max_tokens": 100}, "max_cost_usd": value}
    assert f"teacher.max_cost_usd = {value}: expected" in _refusal("teacher", document)


@pytest.mark.parametrize(
    ("key", "value"), [("max_failed", 1.01), ("concurrency", 1025), ("mode", "batches")]
)
def test_a_setting_out_of_its_range_is_refused(document: Document, key: str, value: object) -> None:
    document["teacher"][key] = value
    assert f"teacher.{key} = {value!r}: expected" in _refusal("teacher", document)


@pytest.mark.parametrize("section", tuple(KINDS))
def test_a_section_that_is_no_section_is_refused(document: Document, section: str) -> None:
    for value in (None, 3, ["a"]):
        document[section] = value
        expected = f"expected keys such as {next(iter(KINDS[section].model_fields))}: …"
        assert _refusal(section, document) == f"params.yaml: {section} = {value!r}: {expected}"


def test_a_part_of_a_section_that_is_no_section_is_refused(document: Document) -> None:
    document["teacher"]["prices"] = 3
    assert _refusal("teacher", document) == (
        "params.yaml: teacher.prices = 3: expected keys such as input: …"
    )


def test_a_missing_file_is_named_with_the_command_that_writes_it(document: Document) -> None:
    with pytest.raises(ParamsError, match=r"^params\.yaml: no such file; `make profile NAME=\w+`"):
        load_section("fetch", KINDS["fetch"])


@pytest.mark.parametrize(
    "content",
    [b"fetch: [", b"fetch:\n\tlimit: 3", b"fetch: 1\nfetch: 2", b"fetch: \x00", b"a: *b"],
    ids=["open bracket", "tab", "key twice", "control character", "no anchor"],
)
def test_invalid_yaml_is_one_line(document: Document, content: bytes) -> None:
    Path("params.yaml").write_bytes(content)
    with pytest.raises(ParamsError) as caught:
        read_params()
    assert str(caught.value).startswith("params.yaml: not valid YAML: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "text", "- fetch\n- filter\n", "3"])
def test_a_file_without_sections_is_refused(document: Document, content: str) -> None:
    Path("params.yaml").write_text(content, "utf-8")
    with pytest.raises(ParamsError, match=r"^params\.yaml: expected sections such as 'fetch:'"):
        read_params()


def test_values_do_not_change_after_reading(document: Document) -> None:
    write_document(document)
    section = load_section("filter", KINDS["filter"])
    with pytest.raises(ValueError, match="frozen"):
        section.max_characters = 3  # type: ignore[attr-defined]
