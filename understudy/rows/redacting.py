"""Takes personal data out of rows, before anything of them is kept."""

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from understudy.contract.origin import Redacted
from understudy.contract.params.fetch import NO_FILE, RedactParams
from understudy.core.errors import DataError
from understudy.core.reading import read_text
from understudy.rows.fields import join_fields
from understudy.texts.redaction import Redactor


def open_redactor(params: RedactParams) -> Redactor | None:
    """What replaces personal data in a text, before serving too; None where nothing is to be.

    Raises:
        DataError: the file of names cannot be read, or has none.
    """
    if not params.is_on:
        return None
    names = [] if params.names == NO_FILE else read_names(Path(params.names))
    return Redactor(emails=params.emails, phones=params.phones, cards=params.cards, names=names)


def read_names(path: Path) -> list[str]:
    """The lines of a text file that are not blank.

    Raises:
        DataError: the file is absent, is not UTF-8, or has no name.
    """
    hint = "give a text file with a name a line in fetch.redact.names"
    try:
        names = [line.strip() for line in read_text(path).split("\n") if line.strip()]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; {hint}") from None
    except OSError as error:
        raise DataError(f"{path}: not a readable file ({error.strerror}); {hint}") from None
    if not names:
        raise DataError(f"{path}: no name in it; {hint}, or {NO_FILE} for none")
    return names


def redact_values(
    values: Mapping[str, Any], fields: Collection[str], redactor: Redactor
) -> tuple[dict[str, Any], Counter[str]]:
    """Takes personal data out of a row.

    Args:
        values: `id`, `article`, maybe `highlights`, and others that stay as they are.
        fields: columns that the article is made of, if any.
        redactor: what is replaced.

    Returns:
        The row, and how much of each kind was replaced. An id with personal data becomes None: as
        [EMAIL], it would be that of other rows too.
    """
    found, counts = dict(values), Counter[str]()
    for name in ("id", "highlights", *(fields or ["article"])):
        if found.get(name) is not None:
            found[name], replaced = redactor.redact(found[name])
            counts += replaced
    if fields:
        found["article"] = join_fields([found[name] for name in fields])
    if found.get("id") != values.get("id"):
        found["id"] = None
    return found, counts


def count_redacted(counts: Counter[str]) -> Redacted:
    """The counts as data/raw/source.json holds them."""
    return Redacted(**{kind: counts[kind] for kind in Redacted.model_fields})
