"""fetch: brings rows from the chosen source to data/raw, and says where they came from.

In:  the embedded sample, a dataset on the Hub, or the user's files (fetch.source): one per split,
     or one of inputs without outputs, shared out by a hash; names to replace, if any.
Out: data/raw/{train,validation,test}.parquet with id, input and output (null for inputs), and the
     columns that the input is made of where there are several; a label is one of task.labels;
     data/raw/rejects.parquet with each row that cannot be used and its reason;
     data/raw/source.json with revision or file hashes, counts, and how much personal data was
     replaced (fetch.redact).
Run: python -m stages.fetch
"""

from understudy.contract.label_reader import LabelReader
from understudy.contract.params.fetch import FetchParams
from understudy.contract.params.task import TaskParams
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.rows.fetching import fetch


def main() -> None:
    """Reads params.yaml and fetches."""
    task = load_section("task", TaskParams)
    fetch(load_section("fetch", FetchParams), labels=LabelReader.of(task.labels, task.synonyms))


if __name__ == "__main__":
    run(main)
