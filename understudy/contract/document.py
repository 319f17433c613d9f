"""JSON and CSV files that one part writes and another reads: typed, checked, written atomically."""

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, ValidationInfo
from pydantic.functional_validators import AfterValidator, model_validator

from understudy.core.errors import DataError, one_line, say_expected
from understudy.core.files import AGAIN, absent, read_json, replacing, write_json
from understudy.core.reading import read_text

T = TypeVar("T")
R = TypeVar("R", bound="Record")

READING = "reading"
"""The context in which a file's content is validated: keys that a model lacks are then ignored."""

Count = Annotated[int, Field(ge=0)]
Figure = Annotated[float, AfterValidator(lambda figure: round(float(figure), 4))]
"""As metrics hold it: points, percent, words or probabilities, rounded to 4 digits."""


class Record(BaseModel):
    """An object in such a file; a key without a field is an error in code, ignored in a file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _ignore_unknown(cls, content: Any, info: ValidationInfo) -> Any:
        strict = info.context != READING or cls.model_config.get("extra") == "allow"
        if strict or not isinstance(content, dict):
            return content
        return {name: value for name, value in content.items() if name in cls.model_fields}


class Document(Record):
    """A whole file."""

    PATH: ClassVar[Path]
    """Where it lies, from the project's root; files of a model folder have no fixed place."""

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Reads the file.

        Raises:
            DataError: it is absent, broken, or lacks a key; names the file, the key and a way out.
        """
        return read_record(path or cls.PATH, TypeAdapter(cls))

    def to_json(self) -> dict[str, Any]:
        """Plain values, in the order of the fields."""
        return self.model_dump(mode="json")

    def write(self, path: Path | None = None) -> None:
        """Writes the file, indented for reading in a diff."""
        write_json(path or self.PATH, self.to_json())


class Metrics(Document):
    """A file under metrics/; figures that are None are left out, since DVC drops nulls silently."""

    def to_json(self) -> dict[str, Any]:
        """Plain values without what is None."""
        return self.model_dump(mode="json", exclude_none=True)


class KeyedMetrics(Metrics, Generic[T]):
    """A metrics file with one object for each system, or for each pair of systems."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, T]

    def __getitem__(self, key: str) -> T:
        """The object under a key.

        Raises:
            DataError: the file has no such key.
        """
        if key not in self.__pydantic_extra__:
            raise DataError(f"{self.PATH}: no '{key}' in it; {AGAIN}")
        return self.__pydantic_extra__[key]

    def items(self) -> Iterator[tuple[str, T]]:
        """Keys and objects, in the order of the file."""
        yield from self.__pydantic_extra__.items()

    def to_json(self) -> dict[str, Any]:
        """Plain values; the named fields come last."""
        content = super().to_json()
        named = {name: content.pop(name) for name in type(self).model_fields if name in content}
        return {**content, **named}


def read_record(path: Path, form: TypeAdapter[T]) -> T:
    """Reads a JSON file of one form, or of one of several.

    Raises:
        DataError: the file is absent, broken, or not of that form.
    """
    return _validate(path, read_json(path), form)


def write_csv(path: Path, lines: Iterable[Record]) -> None:
    """Writes a CSV file whose columns are the fields of its lines."""
    import pandas as pd

    with replacing(path) as partial:
        pd.DataFrame([line.model_dump() for line in lines]).to_csv(partial, index=False)


def read_csv(path: Path, form: type[R]) -> list[R]:
    """Reads the lines that `write_csv` wrote.

    Raises:
        DataError: the file is absent, broken or has no rows, or a line is not of that form.
    """
    import pandas as pd

    # texts as they stand, since a label may be NA, or 1
    texts = [name for name, field in form.model_fields.items() if field.annotation is str]
    empty = {name: ["", "nan"] for name in form.model_fields if name not in texts}
    try:
        table = pd.read_csv(
            io.StringIO(read_text(path)),
            dtype=dict.fromkeys(texts, "str"),
            keep_default_na=False,
            na_values=empty,
        )
    except FileNotFoundError:
        raise DataError(absent(path)) from None
    except DataError as error:
        raise DataError(f"{error}; {AGAIN}") from None
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: not a readable CSV file: {one_line(error)}; {AGAIN}") from None
    if table.empty:
        raise DataError(f"{path}: no rows in it; {AGAIN}")
    lines = {f"line {at}": values for at, values in enumerate(table.to_dict("records"), start=2)}
    return list(_validate(path, lines, TypeAdapter(dict[str, form])).values())  # type: ignore[valid-type]


def _validate(path: Path, content: Mapping[str, Any], form: TypeAdapter[T]) -> T:
    try:
        return form.validate_python(content, context=READING)
    except ValidationError as error:
        first = error.errors()[0]
        keys = (str(part) for part in first["loc"])
        location = ".".join(key for key in keys if not key.startswith("("))  # forms of an object
        raise DataError(f"{path}: {location}: {say_expected(first)}; {AGAIN}") from None
