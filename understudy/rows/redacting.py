"""Takes personal data out of rows, before anything of them is kept, and out of a model's inputs."""

import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from understudy.contract.kind import this_kind
from understudy.contract.origin import Redacted
from understudy.contract.params.fetch import NO_FILE, FetchParams, RedactParams
from understudy.contract.personal import ReplacedKinds
from understudy.core.errors import DataError, ParamsError
from understudy.core.params import PARAMS, load_section
from understudy.core.reading import read_text
from understudy.rows.fields import join_fields
from understudy.texts.redaction import Redactor, count_marks

NAMES_PARAM, NAMES_OPTION = "fetch.redact.names", "--redact-names"


def open_redactor(params: RedactParams) -> Redactor | None:
    """What replaces personal data in a text; None where nothing is to be replaced.

    Raises:
        DataError: the file of names cannot be read, or has none.
    """
    if not params.is_on:
        return None
    names = [] if params.names == NO_FILE else read_names(Path(params.names))
    return Redactor(emails=params.emails, phones=params.phones, cards=params.cards, names=names)


def open_model_redactor(model: Path, names: Path | None = None) -> Redactor | None:
    """What replaces personal data in a model's inputs as it was replaced in its training texts.

    Where training replaced names, and there is no list of them, a note on stderr says so.

    Args:
        model: a model folder; its redact.json, if it has one, says which kinds were replaced.
        names: a text file with a name a line; None for the one that params.yaml names, where
            training replaced names.

    Raises:
        DataError: redact.json or the file of names cannot be used.
    """
    path = ReplacedKinds.path_in(model)
    replaced = ReplacedKinds.load(path) if path.exists() else ReplacedKinds.of(RedactParams())
    if names is None and replaced.names:
        names = _find_own_names()
        if names is None:
            print(
                f"note: {model}: names were replaced in its training texts, and are not in these: "
                f"give the list with {NAMES_OPTION} FILE",
                file=sys.stderr,
            )
    chosen = replaced.model_dump(include={"emails", "phones", "cards"})
    if names is None and not any(chosen.values()):
        return None
    return Redactor(**chosen, names=[] if names is None else read_names(names, NAMES_OPTION))


def _find_own_names() -> Path | None:
    """The file of names of the project in the current folder, if that is one."""
    try:
        params = load_section("fetch", FetchParams).redact if PARAMS.exists() else RedactParams()
    except ParamsError:  # of another program: many have a params.yaml
        return None
    return None if params.names == NO_FILE else Path(params.names)


def read_names(path: Path, given_in: str = NAMES_PARAM) -> list[str]:
    """The lines of a text file that are not blank.

    Args:
        path: the file.
        given_in: the param or the option that names it, for messages.

    Raises:
        DataError: the file is absent, is not UTF-8, or has no name.
    """
    hint = f"give a text file with a name a line in {given_in}"
    try:
        names = [line.strip() for line in read_text(path).split("\n") if line.strip()]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; {hint}") from None
    except OSError as error:
        raise DataError(f"{path}: not a readable file ({error.strerror}); {hint}") from None
    if not names:
        none = f", or {NO_FILE} for none" if given_in == NAMES_PARAM else ""
        raise DataError(f"{path}: no name in it; {hint}{none}")
    return names


@contextmanager
def clean_errors(redactor: Redactor | None) -> Iterator[None]:
    """Takes personal data out of data errors: one may quote the header of a file that has none."""
    try:
        yield
    except DataError as error:
        if redactor is None:
            raise
        raise DataError(redactor.redact(str(error))[0]) from None


def redact_values(
    values: Mapping[str, Any], fields: Collection[str], redactor: Redactor
) -> tuple[dict[str, Any], Counter[str]]:
    """Takes personal data out of a row.

    Args:
        values: `id`, the input, maybe the output, and others that stay as they are; a label
            does, too.
        fields: columns that the input is made of, if any.
        redactor: what is replaced.

    Returns:
        The row, and how much of each kind was replaced, be it before: `understudy inputs` does so.
        An id with personal data becomes None: as [EMAIL], it would be that of other rows too.
    """
    kind, found, counts = this_kind(), dict(values), Counter[str]()
    outputs = () if kind.has_labels else (kind.output,)
    for name in ("id", *outputs, *(fields or [kind.input])):
        if found.get(name) is not None:
            found[name], _ = redactor.redact(found[name])
            counts += count_marks(found[name])
    if fields:
        found[kind.input] = join_fields([found[name] for name in fields])
    if found.get("id") != values.get("id"):
        found["id"] = None
    return found, counts


def count_redacted(counts: Counter[str]) -> Redacted:
    """The counts as data/raw/source.json holds them."""
    return Redacted(**{kind: counts[kind] for kind in Redacted.model_fields})
