"""train-lstm: trains a bidirectional LSTM on one source of pairs, with one seed.

In:  data/SOURCE/{train,validation}.parquet, SOURCE being gold, written or labelled.
Out: models/seeds/lstm-SOURCE/SEED with model.onnx, check.json and a tokenizer,
     settings.json and the learning curve (curve.csv); SEED.json beside it, what training took.
Run: python -m stages.train_lstm SOURCE SEED
"""

from collections.abc import Sequence
from pathlib import Path

from understudy.contract.params.classifying import LstmRun
from understudy.core.errors import run
from understudy.students.training.stage import Learner, main


def open_lstm(params: LstmRun, _: Path, labels: Sequence[str]) -> Learner:
    """The student before its training; imported here, when threads are set."""
    from understudy.students.classifying.networks import NetworkLearner

    return NetworkLearner(params, labels)


if __name__ == "__main__":
    run(lambda: main("lstm", __doc__, open_lstm))
