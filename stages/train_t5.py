"""train-t5: trains a T5 student on one source of pairs.

In:  data/SOURCE/{train,validation}.parquet, SOURCE being gold or written.
Out: models/t5-SOURCE, a folder that `from_pretrained` loads, with settings.json;
     metrics/curves/t5-SOURCE.csv with training and validation loss.
Run: python -m stages.train_t5 SOURCE
"""

from understudy.core.errors import run
from understudy.students.training.stage import main

if __name__ == "__main__":
    run(lambda: main("t5", __doc__))
