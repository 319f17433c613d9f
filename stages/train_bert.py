"""train-bert: trains an encoder such as BERT on one source of pairs, with one seed.

In:  data/SOURCE/{train,validation}.parquet, SOURCE being gold, written or labelled.
Out: models/seeds/bert-SOURCE/SEED with model.onnx, check.json and all that `from_pretrained` loads,
     settings.json and the learning curve (curve.csv); SEED.json beside it, what training took.
Run: python -m stages.train_bert SOURCE SEED
"""

from understudy.core.errors import run
from understudy.students.training.stage import main

if __name__ == "__main__":
    run(lambda: main("bert", __doc__))
