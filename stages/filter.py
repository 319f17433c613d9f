"""filter: keeps the pairs that the study keeps, and counts what is dropped and why.

In:  data/raw/{train,validation,test}.parquet, data/raw/source.json.
Out: data/gold/{train,validation,test}.parquet, the pairs of the real ("gold") source, or inputs
     whose highlights are null, with all columns of data/raw;
     data/gold/rejects.parquet with the id of each dropped row and its reason;
     metrics/dataset.json with the counts of the study's Table 1.
Run: python -m stages.filter
"""

from understudy.contract.params.filter import FilterParams
from understudy.core.errors import run
from understudy.core.params import load_section
from understudy.rows.filtering import filter_splits


def main() -> None:
    """Reads params.yaml and filters."""
    filter_splits(load_section("filter", FilterParams)).write()


if __name__ == "__main__":
    run(main)
