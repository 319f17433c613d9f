"""train-gbdt: trains gradient-boosted trees on one source of pairs, with one seed.

In:  data/SOURCE/{train,validation}.parquet, SOURCE being gold, written or labelled.
Out: models/seeds/gbdt-SOURCE/SEED with model.txt, linear.safetensors and vocabulary.json,
     settings.json and the learning curve (curve.csv); SEED.json beside it, what training took.
Run: python -m stages.train_gbdt SOURCE SEED
"""

from understudy.core.errors import run
from understudy.students.training.stage import main

if __name__ == "__main__":
    run(lambda: main("gbdt", __doc__))
