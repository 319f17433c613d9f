"""A toy classification: a label's own words among others."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from stages.train_bert import open_bert
from stages.train_gbdt import open_gbdt
from stages.train_lstm import open_lstm
from understudy.contract.pairs import seed_folder
from understudy.contract.params.classifying import BertRun, GbdtRun, LstmRun
from understudy.students.training.stage import train_on_source

LABELS = ["billing, invoices", "Rückgabe & Umtausch", "other", "never seen"]
"""With a space, commas, an umlaut; the last one has no example."""
OWN = ("invoice charge payment card", "parcel return exchange back", "thanks hours store opening")
FILLER = "please the my is not for you still can it when we had and"
RUNS: dict[str, Any] = {
    "gbdt": GbdtRun(rounds=20, folds=3, threads=1),
    "lstm": LstmRun(
        epochs=6.0, batch_size=16, width=32, states=32, learning_rate=0.01, threads=1, validations=3
    ),
    "bert": BertRun(
        epochs=4.0, batch_size=16, learning_rate=0.002, threads=1, validations=2,
        precision="float32", max_input_tokens=64,
    ),
}  # fmt: skip
"""Params with which each learns the toy in a second or two."""


def toy_texts(count: int, seed: int, labels: int = 3) -> pd.DataFrame:
    """Rows with the columns id, text, label."""
    draw, rows = random.Random(seed), []
    for number in range(count):
        label = number % labels
        words = [*draw.choices(OWN[label].split(), k=2), *draw.choices(FILLER.split(), k=6)]
        draw.shuffle(words)
        rows.append((f"{seed}-{number}", " ".join(words), LABELS[label]))
    return pd.DataFrame(rows, columns=["id", "text", "label"])


def learn(family: str, params: Any) -> Path:
    """Trains on the gold pairs of the project in the working folder; tells the model folder."""
    opening: Any = {"gbdt": open_gbdt, "lstm": open_lstm, "bert": open_bert}[family]
    train_on_source(family, "gold", params, opening)
    return seed_folder(f"{family}-gold", params.seed)


def make_task(folder: Path, labels: Sequence[str] = LABELS) -> Path:
    """A project of this task with gold pairs; one text is far too long."""
    gold = folder / "data" / "gold"
    gold.mkdir(parents=True)
    train = toy_texts(90, 1)
    train["text"] = [train["text"][0] + " and" * 25_000, *train["text"][1:]]
    for split, rows in (
        ("train", train), ("validation", toy_texts(30, 2)), ("test", toy_texts(30, 3))
    ):  # fmt: skip
        rows.to_parquet(gold / f"{split}.parquet", index=False)
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").write_text("[core]\n    no_scm = True\n", encoding="utf-8")
    task = {"kind": "classification", "labels": list(labels)}
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump({"task": task, "sources": ["gold"]}, file)
    return folder
