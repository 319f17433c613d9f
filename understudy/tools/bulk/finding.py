"""Which files the command line means, and the names that their outputs get.

A name is relative to the folder that is given, to what stands before a glob's first wildcard, or
to the folder that all inputs have in common where there are several. So a/x.jsonl and b/x.jsonl
never get the same output.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from understudy.core.errors import DataError
from understudy.rows.reader import READERS
from understudy.tools.bulk.storage import S3, Folder, Stat

WILDCARDS = frozenset("*?[")
HIDDEN = (".", "_")
"""How names begin that Spark, Hive and pyarrow leave out too: _SUCCESS, ._temporary, .crc."""
SHOWN = 3
KINDS = ", ".join(READERS)


@dataclass
class Inputs:
    """Files to summarize, under one folder."""

    folder: Folder
    files: dict[str, Stat]
    problems: list[str] = field(default_factory=list)
    """One line for each input that is not there."""
    others: list[str] = field(default_factory=list)
    """Files in folders that are of no kind we read."""

    def describe_others(self) -> str | None:
        """A line about the files that were left out, if there are any."""
        if not self.others:
            return None
        shown = ", ".join(self.others[:SHOWN]) + (", …" if len(self.others) > SHOWN else "")
        return f"{len(self.others):,} files are of no kind that is read ({KINDS}): {shown}"


@dataclass(frozen=True)
class _Place:
    """One input of the command line."""

    given: str
    path: str
    """As the file system knows it."""
    kind: str
    """file, folder, glob or absent."""

    @property
    def base(self) -> str:
        """The folder that names are relative to."""
        if self.kind == "glob":
            parts = self.path.split("/")
            fixed = next(at for at, part in enumerate(parts) if WILDCARDS & set(part))
            folder = "/".join(parts[:fixed])
        elif self.kind == "file" or (self.kind == "absent" and _is_readable(self.path)):
            folder = self.path.rpartition("/")[0]
        else:
            return self.path
        return folder or ("/" if self.path.startswith("/") else "")

    @property
    def is_deep(self) -> bool:
        """Whether it may mean files in folders below its base."""
        parts = self.path.removeprefix(self.base)
        deep = "**" in parts or bool(WILDCARDS & set(parts.rpartition("/")[0]))
        return self.kind == "folder" or (self.kind == "glob" and deep)


def find_inputs(given: Sequence[str], output: Folder) -> Inputs:
    """Finds the files that are meant.

    Args:
        given: files, folders and globs, all local or all on S3.
        output: the folder of outputs, which must not be in an input.

    Raises:
        DataError: there is no file, inputs are on both, or outputs would be among the inputs.
    """
    is_local = {not one.startswith(S3) for one in given}
    if len(is_local) > 1:
        raise DataError(
            f"--input {' '.join(given)}: some are local and some on S3; give them in two runs"
        )
    scheme = "" if is_local.pop() else S3
    places = [_classify(one, Folder(one)) for one in given]
    inputs = Inputs(Folder(scheme + os.path.commonpath([place.base for place in places])), {})
    for place in places:
        _add(inputs, place, Folder(scheme + place.base))
    _check_output(inputs, places, output)
    if not inputs.files:
        rest = inputs.describe_others()
        raise DataError("; ".join([*inputs.problems, *([rest] if rest else [])]))
    return inputs


def choose_shard(files: Iterable[str], shard: tuple[int, int]) -> Iterator[str]:
    """Names that fall into shard 1 to n of n, by a hash: the same on every machine."""
    number, count = shard
    for name in files:
        drawn = int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest())
        if drawn % count == number - 1:
            yield name


def is_glob(text: str) -> bool:
    """Whether a text has wildcards and is not the name of a local file or folder."""
    return bool(WILDCARDS & set(text)) and not os.path.lexists(text)


def _classify(given: str, place: Folder) -> _Place:
    with place.explained():
        if place.files.isfile(place.root):
            return _Place(given, place.root, "file")
        if place.files.isdir(place.root):
            return _Place(given, place.root, "folder")
    return _Place(given, place.root, "glob" if WILDCARDS & set(given) else "absent")


def _add(inputs: Inputs, place: _Place, base: Folder) -> None:
    """Adds the files of one input."""
    if place.kind == "absent":
        inputs.problems.append(f"{place.given}: no such file or folder")
        return
    if place.kind == "file" and not _is_readable(place.path):
        inputs.problems.append(f"{place.given}: expected a file ending in {KINDS}")
        return
    if place.kind == "folder":
        found = base.list()
    elif place.kind == "glob":
        found = base.match(base.name_of(place.path))
    else:
        stat = base.stat(base.name_of(place.path))
        found = {base.name_of(place.path): stat} if stat else {}
    seen = {name: stat for name, stat in found.items() if place.kind == "file" or _is_shown(name)}
    for name, stat in seen.items():
        ours = inputs.folder.name_of(base.locate(name))
        if _is_readable(name):
            inputs.files[ours] = stat
        else:
            inputs.others.append(ours)
    if not seen:
        problem = "nothing matches" if place.kind == "glob" else "no file in it"
        inputs.problems.append(f"{place.given}: {problem}; expected files ending in {KINDS}")


def _check_output(inputs: Inputs, places: Sequence[_Place], output: Folder) -> None:
    """Refuses outputs that would replace inputs, or be inputs of the next run."""
    if inputs.folder.is_local != output.is_local:
        return
    real = os.path.realpath if output.is_local else str
    out = real(output.root)
    for place in places:
        if place.kind != "absent" and place.is_deep and _is_inside(out, real(place.base)):
            raise DataError(
                f"{output.address()}: this is in the input {place.given}, so that outputs would be "
                "inputs of the next run; name a folder beside it with --output"
            )
    root = PurePosixPath(real(inputs.folder.root))
    ours = {root / name: name for name in inputs.files}
    for name in inputs.files:
        if other := ours.get(PurePosixPath(out) / name):
            raise DataError(
                f"{output.address()}: the output of {name} would replace the input {other}; name "
                "another folder with --output"
            )


def _is_readable(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in READERS


def _is_shown(name: str) -> bool:
    return not any(part.startswith(HIDDEN) for part in PurePosixPath(name).parts)


def _is_inside(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)
