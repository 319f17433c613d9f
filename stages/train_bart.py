"""train-bart: trains a BART student on one source of pairs.

In:  data/SOURCE/{train,validation}.parquet, SOURCE being gold or written.
Out: models/bart-SOURCE, a folder that `from_pretrained` loads, with settings.json;
     metrics/curves/bart-SOURCE.csv with training and validation loss.
Run: python -m stages.train_bart SOURCE
"""

from understudy.core.errors import run
from understudy.students.training.stage import main

if __name__ == "__main__":
    run(lambda: main("bart", __doc__))
