"""train-gbdt: trains gradient-boosted trees on one source of pairs, with one seed.

In:  data/SOURCE/{train,validation}.parquet, SOURCE being gold, written or labelled.
Out: models/seeds/gbdt-SOURCE/SEED with model.txt, linear.safetensors and vocabulary.json,
     settings.json and the learning curve (curve.csv); SEED.json beside it, what training took.
Run: python -m stages.train_gbdt SOURCE SEED
"""

from collections.abc import Sequence
from pathlib import Path

from understudy.contract.params.classifying import GbdtRun
from understudy.core.errors import run
from understudy.students.training.stage import Learner, main


def open_gbdt(params: GbdtRun, _: Path, labels: Sequence[str]) -> Learner:
    """The student before its training; imported here, when threads are set."""
    from understudy.students.classifying.boosting import GbdtLearner

    return GbdtLearner(params, labels)


if __name__ == "__main__":
    run(lambda: main("gbdt", __doc__, open_gbdt))
