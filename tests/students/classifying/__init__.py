"""A toy classification: a label's own words among others, hardly ever another label's."""

import random
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from understudy.contract.params.classifying import BertRun, GbdtRun, LstmRun

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


def make_task(folder: Path, **sections: Any) -> Path:
    """A project of this task with gold pairs; one text is far too long."""
    gold = folder / "data" / "gold"
    gold.mkdir(parents=True)
    train = toy_texts(90, 1)
    train.loc[0, "text"] += " and" * 25_000
    for split, rows in (
        ("train", train), ("validation", toy_texts(30, 2)), ("test", toy_texts(30, 3))
    ):  # fmt: skip
        rows.to_parquet(gold / f"{split}.parquet", index=False)
    (folder / ".dvc").mkdir()
    (folder / ".dvc" / "config").write_text("[core]\n    no_scm = True\n", encoding="utf-8")
    task = {"kind": "classification", "labels": LABELS}
    with (folder / "params.yaml").open("w", encoding="utf-8") as file:
        YAML().dump({"task": task, "sources": ["gold"], **sections}, file)
    return folder
