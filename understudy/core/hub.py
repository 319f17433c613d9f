"""Resolves a revision on the Hugging Face Hub, or on the server of `HF_ENDPOINT`, to its commit.

Makes one request without retries: the loading clients themselves retry for half a minute before
they report that nobody answers.
"""

import re
from typing import Literal

from understudy.core.errors import DataError, StudentError

COMMIT = re.compile(r"[0-9a-f]{40}")
ERRORS = {"dataset": DataError, "model": StudentError}
INSTEAD = {"dataset": "fetch.source to sample or files", "model": "model to tiny or a local folder"}


def resolve_commit(kind: Literal["dataset", "model"], name: str, revision: str | None) -> str:
    """Finds the commit of a dataset or model repository that a branch, tag or commit names.

    With HF_HUB_OFFLINE a full commit is returned as is, so that a warm cache is enough.

    Raises:
        DataError, StudentError: by kind; the Hub cannot be reached, or has no such repository
            or revision.
    """
    import httpx2
    from huggingface_hub import HfApi, constants
    from huggingface_hub.errors import (
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if constants.HF_HUB_OFFLINE and revision and COMMIT.fullmatch(revision):
        return revision
    ask = HfApi().dataset_info if kind == "dataset" else HfApi().model_info
    try:
        return str(ask(name, revision=revision, timeout=30).sha)
    except RevisionNotFoundError:
        problem = f"the {kind} {name} has no branch, tag or commit {revision!r}"
    except (RepositoryNotFoundError, HFValidationError):
        problem = (
            f"the Hub has no {kind} {name!r}, or it is private: check the name, or log in with "
            "`hf auth login`"
        )
    except (httpx2.HTTPError, OSError) as error:
        problem = (
            f"the Hub cannot be reached for the {kind} {name} ({first_line(error)}): check the "
            f"network and HF_ENDPOINT, or set {INSTEAD[kind]}"
        )
    raise ERRORS[kind](problem)


def first_line(error: BaseException) -> str:
    """An error's first line of text, or its type's name."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
