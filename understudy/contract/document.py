"""JSON files that a stage wrote, read by another one in a typed form."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from understudy.core.errors import DataError
from understudy.core.files import AGAIN, read_json

T = TypeVar("T")


class Record(BaseModel):
    """An object in such a file; it may have keys that the reader does not need."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


def read_record(path: Path, form: TypeAdapter[T], key: str | None = None) -> T:
    """Reads a JSON file, or what it holds under a key.

    Raises:
        DataError: the file is absent, broken, or not of that form.
    """
    content: Any = read_json(path)
    if key is not None:
        if key not in content:
            raise DataError(f"{path}: no '{key}' in it; {AGAIN}")
        content = content[key]
    try:
        return form.validate_python(content)
    except ValidationError as problems:
        first = problems.errors()[0]
        place = ".".join(str(part) for part in (*((key,) if key else ()), *first["loc"]))
        problem = first["msg"].replace("Input should be", "expected", 1)
        raise DataError(f"{path}: {place}: {problem}; {AGAIN}") from None
