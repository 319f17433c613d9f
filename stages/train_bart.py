"""train-bart: trains a BART student on one source of pairs, with one seed.

In:  data/SOURCE/{train,validation}.parquet, SOURCE being gold, written or labelled.
Out: models/seeds/bart-SOURCE/SEED, a folder that `from_pretrained` loads, with settings.json
     and the learning curve (curve.csv); SEED.json beside it, what training took.
Run: python -m stages.train_bart SOURCE SEED
"""

from understudy.core.errors import run
from understudy.students.training.stage import main

if __name__ == "__main__":
    run(lambda: main("bart", __doc__))
