"""Rows from a dataset on the Hugging Face Hub, or on any server that `HF_ENDPOINT` names."""

from collections.abc import Iterator
from typing import Any

from understudy.contract.kind import this_kind
from understudy.contract.pairs import SPLITS
from understudy.core.errors import DataError
from understudy.core.hub import first_line, resolve_commit
from understudy.core.progress import in_terminal
from understudy.rows.raw import RawRow

HINT = "set fetch.hub.dataset to one with {} and {} in train, validation and test"


def open_hub(dataset: str, config: str, revision: str) -> tuple[dict[str, Iterator[RawRow]], str]:
    """Downloads a dataset into the client's own cache.

    Returns:
        Rows by split, and the commit that `revision` names.

    Raises:
        DataError: the Hub cannot be reached, or has no such dataset, revision, config, split
            or column.
    """
    import datasets
    from huggingface_hub.utils.tqdm import disable_progress_bars

    datasets.disable_progress_bars()
    if not in_terminal():
        disable_progress_bars()
    commit = resolve_commit("dataset", dataset, revision)
    try:
        found = datasets.load_dataset_builder(dataset, config, revision=commit).hash
        if found != commit:
            # When the connection breaks, the client silently falls back to any cached commit.
            raise DataError(
                f"{dataset}: the client offers commit {found} from its cache instead of {commit}: "
                "check the network and run again"
            )
        loaded = datasets.load_dataset(dataset, config, revision=commit)
    except ValueError as error:
        raise DataError(f"fetch.hub.config = {config!r}: {first_line(error)}") from None
    except (OSError, datasets.exceptions.DatasetsError) as error:
        raise DataError(f"fetch.hub.dataset = {dataset!r}: {first_line(error)}") from None
    hint = HINT.format(*this_kind().columns[1:])
    for split in SPLITS:
        if split not in loaded:
            raise DataError(f"{dataset}: no split '{split}'; it has {', '.join(loaded)}; {hint}")
        names = loaded[split].column_names
        for name in this_kind().columns[1:]:
            if name not in names:
                found = f"no column '{name}'; it has {', '.join(names)}"
                raise DataError(f"{dataset}, split {split}: {found}; {hint}")
    return {split: _iterate(dataset, split, loaded[split]) for split in SPLITS}, commit


def _iterate(dataset: str, split: str, rows: Any) -> Iterator[RawRow]:
    output = this_kind().output
    wanted = [name for name in this_kind().columns if name in rows.column_names]
    classes = getattr(rows.features[output], "names", None)
    for number, values in enumerate(rows.select_columns(wanted), start=1):
        if classes and values[output] is not None:  # a number; -1 stands for none
            values[output] = classes[values[output]] if values[output] >= 0 else None
        yield RawRow(f"{dataset}/{split}", number, values)
