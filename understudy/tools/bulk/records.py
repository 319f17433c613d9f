"""Which outputs are finished: a record beside each of them says what they were made of.

OUTPUT/.understudy/done/NAME.json is written when NAME is in its place, and is removed before NAME
is replaced. So a record is never older than its output, and a run that was killed in between
leaves an output without one, which the next run makes again.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from understudy.contract.document import Record
from understudy.core.errors import DataError
from understudy.rows.reader import hash_file
from understudy.tools.bulk.storage import Folder, Stat

OURS = ".understudy"
"""In the folder of outputs; those who read that folder leave out names that begin with a dot."""
DONE = f"{OURS}/done"
DESCRIPTIONS = {"README.md", "settings.json"}
"""Files of a model folder that change nothing in what it says."""


class File(Record):
    """A file as it was."""

    size: int
    version: str
    sha256: str | None = None
    """None on S3."""

    @classmethod
    def of(cls, folder: Folder, name: str, stat: Stat) -> "File":
        """Reads a file of a folder."""
        return cls(size=stat.size, version=stat.version, sha256=folder.hash(name))

    def is_still(self, folder: Folder, name: str, stat: Stat) -> bool:
        """Whether a file is as it was. It is only read if its size is the same and its time not."""
        if self.size != stat.size:
            return False
        known = self.sha256 is not None
        return self.version == stat.version or (known and self.sha256 == folder.hash(name))


class Recipe(Record):
    """Everything but the input that an output depends on."""

    model: str
    """Hash of the model folder's files."""
    column: str
    tokens_per_batch: int
    names: str | None
    """Hash of the list of names that are replaced."""


class Finished(Record):
    """A finished output."""

    input: File
    output: File
    recipe: Recipe


def hash_model(model: Path) -> str:
    """SHA-256 of the files of a model folder, but for those that only describe it."""
    digest = hashlib.sha256()
    for path in sorted(model.rglob("*")):
        if path.is_file() and path.name not in DESCRIPTIONS:
            found = hash_file(path)
            digest.update(f"{path.relative_to(model).as_posix()}\n{found}\n".encode())
    return digest.hexdigest()


def find_finished(
    inputs: Folder, output: Folder, files: Mapping[str, Stat], recipe: Recipe
) -> set[str]:
    """Names of inputs whose outputs are whole, and made of them as they are by this recipe.

    Raises:
        DataError: a folder cannot be read.
    """
    made, recorded = output.list(), output.list(f"{DONE}/")
    return {
        name
        for name, source in files.items()
        if name in made
        and _path(name) in recorded
        and is_finished(inputs, output, name, source, made[name], recipe)
    }


def is_finished(
    inputs: Folder, output: Folder, name: str, source: Stat, made: Stat, recipe: Recipe
) -> bool:
    """Whether the record of an output fits it, its input and the recipe.

    What cannot be read is not finished: whoever does it then says why it cannot be.
    """
    try:
        record = _read(output, name)
        return (
            record is not None
            and record.recipe == recipe
            and record.input.is_still(inputs, name, source)
            and record.output.is_still(output, name, made)
        )
    except DataError:
        return False


def finish(output: Folder, name: str, out: Path, source: File, recipe: Recipe) -> None:
    """Moves a finished output to its place, and records it.

    Args:
        output: the folder of outputs.
        name: of the input and the output.
        out: the output, in a scratch folder of the same storage.
        source: the input, as it was read.
        recipe: how it was made.

    Raises:
        DataError: it cannot be written.
    """
    digest = hash_file(out) if output.is_local else None
    output.delete(_path(name))
    made = output.put(out, name)
    written = File(size=made.size, version=made.version, sha256=digest)
    record = Finished(input=source, output=written, recipe=recipe)
    _put(output, _path(name), record, out)


def write_recipe(output: Folder, scratch: Path, recipe: Recipe) -> None:
    """Leaves the recipe of the last run beside the outputs: they can be written, before any work.

    Raises:
        DataError: they cannot.
    """
    _put(output, f"{OURS}/recipe.json", recipe, scratch / "recipe.json")


def _put(output: Folder, name: str, record: Record, scratch: Path) -> None:
    content = json.dumps(record.model_dump(mode="json"), indent=2)
    with output.explained(name):
        scratch.write_text(f"{content}\n", encoding="utf-8")
    output.put(scratch, name)


def _path(name: str) -> str:
    return f"{DONE}/{name}.json"


def _read(output: Folder, name: str) -> Finished | None:
    """The record of an output; None where there is none, or none that can be read."""
    content = output.read(_path(name))
    if content is None:
        return None
    try:
        return Finished.model_validate_json(content)
    except ValidationError:
        return None
