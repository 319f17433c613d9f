"""JSON files that one part writes and another reads: typed, checked, written atomically."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from understudy.core.errors import DataError, say_expected
from understudy.core.files import AGAIN, read_json, write_json

T = TypeVar("T")

Count = Annotated[int, Field(ge=0)]
Figure = Annotated[float, AfterValidator(lambda figure: round(float(figure), 4))]
"""As metrics hold it: points, percent, words or probabilities, rounded to 4 digits."""


class Record(BaseModel):
    """An object in such a file; a reader ignores keys that it does not know."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


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

    def __contains__(self, key: str) -> bool:
        return key in self.__pydantic_extra__

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
    content = read_json(path)
    try:
        return form.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        location = ".".join(map(str, first["loc"]))
        raise DataError(f"{path}: {location}: {say_expected(first)}; {AGAIN}") from None
