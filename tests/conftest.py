"""Set before any test module loads torch; and the order in which files are run."""

import os

import pytest

# Two processes with two threads each are several times slower on two cores than with one each.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that run the project's commands go first: they take longest, and none may come last."""
    items.sort(key=lambda item: not hasattr(getattr(item, "module", None), "copy_project"))
