"""What the stage `report` reads, of any size."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stages.report.records import MEASURES
from tests.imports import ROOT
from understudy.contract.names import COLUMNS, LEAD, QUESTIONS, SYSTEMS, TITLES, TRAINED, ZEROSHOT

VOCABULARY = (
    "the of a in to was said people city river storm houses damaged fire crew mayor winner film "
    "festival Oslo Rome Anna Boris Monday Friday 12 3.5 1,250 lighthouse prize bridge closed "
    "opened after before with two three hundred metres repairs cost crowns women's team beat"
).split()
MARGIN_PAIRS = [pair for pairs in QUESTIONS.values() for pair in pairs]
TEACHER = "embedded-rules-f055d0f53e22f30a"

Articles = list[dict[str, str]]


def make_articles(count: int, words: int = 60, seed: int = 3) -> Articles:
    """Rows with id, article, highlights and a summary under each system but lead-3."""
    generator = np.random.default_rng(seed)

    def write(length: int) -> str:
        chosen = [VOCABULARY[at] for at in generator.integers(len(VOCABULARY), size=length)]
        sentences = [" ".join(chosen[start : start + 12]) for start in range(0, length, 12)]
        return "".join(f"{sentence.capitalize()}. " for sentence in sentences).strip()

    return [
        {
            "id": f"test-{number:06}",
            "article": write(words),
            "highlights": write(20),
            **{system: write(22) for system in TRAINED},
            ZEROSHOT: write(40),
        }
        for number in range(count)
    ]


def make_long_articles(count: int) -> Articles:
    """Articles of 2,047 characters, highlights and summaries as long as those of the study."""
    rows = make_articles(count, words=420)
    for row in rows:
        row["article"] = row["article"][:2047].ljust(2047, "x")
        for name in ("highlights", *TRAINED):
            row[name] = f"{row[name]}\n{row[name][::-1]}"
    return rows


def make_points(articles: Articles, seed: int = 4) -> dict[str, pd.DataFrame]:
    """Random scores of every system, COLUMNS of each article."""
    generator = np.random.default_rng(seed)
    return {
        system: pd.DataFrame(
            generator.uniform(0, 100, (len(articles), len(COLUMNS))), columns=list(COLUMNS)
        )
        for system in SYSTEMS
    }


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def write_project(
    folder: Path, articles: Articles, points: Mapping[str, pd.DataFrame] | None = None
) -> None:
    """Everything that the stage reads, with params.yaml of the sample."""
    for name, content in make_metrics(len(articles)).items():
        write_json(folder / name, content)
    write_texts(folder / "data", articles, points or make_points(articles))
    write_plots(folder / "metrics")
    shutil.copy(ROOT / "profiles" / "sample.yaml", folder / "params.yaml")


def write_texts(folder: Path, articles: Articles, points: Mapping[str, pd.DataFrame]) -> None:
    """Articles, predictions and scores."""
    for name in ("gold", "predictions"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(articles)
    table[["id", "article", "highlights"]].to_parquet(folder / "gold" / "test.parquet")
    for system in (*TRAINED, ZEROSHOT):
        written = table[["id"]].assign(prediction=table[system])
        written.to_parquet(folder / "predictions" / f"{system}.parquet")
    scores = [
        pd.DataFrame({"id": table["id"], "system": system, **points[system].to_dict("list")})
        for system in SYSTEMS
    ]
    pd.concat(scores).to_parquet(folder / "scores.parquet", index=False)


def write_plots(folder: Path) -> None:
    """Learning curves and lengths."""
    for name in ("curves", "plots"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, system in enumerate(TRAINED):
        rows = [[100 * n, n / 2, 5 / n + number / 10, 4 / n + number / 10] for n in (1, 2, 3, 4)]
        columns = ["step", "epoch", "train_loss", "validation_loss"]
        path = folder / "curves" / f"{system}.csv"
        pd.DataFrame(rows, columns=columns).to_csv(path, index=False)
    bins = [
        (source, text, low, low + 10, 3 + low // 10)
        for text in ("article", "highlights")
        for source in ("gold", "written")
        for low in (0, 10, 20)
    ]
    columns = ["source", "text", "words_from", "words_to", "pairs"]
    pd.DataFrame(bins, columns=columns).to_csv(folder / "plots" / "lengths.csv", index=False)


def make_metrics(articles: int) -> dict[str, Any]:
    """The JSON files by their paths."""
    return {
        "data/raw/source.json": {"source": "sample", "seed": 1},
        "metrics/systems.json": make_systems(),
        "metrics/gap.json": {"-minus-".join(pair): make_pair(pair) for pair in MARGIN_PAIRS},
        "metrics/texts.json": {
            name: make_traits(at) for at, name in enumerate((*SYSTEMS, "reference"))
        },
        "metrics/length.json": make_length(),
        "metrics/teacher.json": {"generate": make_calls(1.25), "zeroshot": make_calls(0.0125)},
        "metrics/dataset.json": make_dataset(articles),
        "metrics/generated.json": {
            "train": {"asked": 90, "kept": 80, "dropped": {"failed": 0, "too_long": 10}},
            "validation": {"asked": 9, "kept": 9, "dropped": {"failed": 0, "too_long": 0}},
        },
        "metrics/data.json": make_data(),
    }


def make_systems() -> dict[str, Any]:
    """metrics/systems.json."""
    systems: dict[str, Any] = {"reference": {"words": 20.0, "empty": 0}}
    for place, system in enumerate(SYSTEMS):
        value = 40.0 + 5 * place
        measures = {
            measure + end: value + offset + shift
            for shift, measure in enumerate(MEASURES)
            for end, offset in (("", 0.0), ("_low", -2.0), ("_high", 2.5))
        }
        systems[system] = {**dict.fromkeys(TITLES, measures), "words": 22.0 + place, "empty": 0}
    return systems


def make_difference(verdict: str, f1: float = 3.0) -> dict[str, Any]:
    """One ROUGE type of a pair in metrics/gap.json, with the verdict that is asked for."""
    found: dict[str, Any] = {
        "recall": f1 + 1, "precision": f1 - 1, "f1": f1, "f1_low": f1 - 1.5, "f1_high": f1 + 1.5,
        "p": 0.013, "p_equivalent": 1.0, "better": 0, "equivalent": 0,
    }  # fmt: skip
    if verdict == "equivalent":
        found |= {"equivalent": 1, "p": 0.8, "p_equivalent": 0.0004}
    elif verdict == "undecided":
        found |= {"p": 0.4, "articles_needed": 1683}
    else:
        found["better"] = 1 if verdict == "better" else -1
    return found


def make_pair(pair: Sequence[str], verdict: str = "") -> dict[str, Any]:
    """A pair of metrics/gap.json."""
    usual = {"t5-written": ("worse", -12.9), "bart-written": ("equivalent", 0.2)}
    chosen, f1 = usual.get(pair[0], ("better", 4.0))
    return dict.fromkeys(TITLES, make_difference(verdict or chosen, f1))


def make_traits(place: int) -> dict[str, float]:
    """A system in metrics/texts.json."""
    names = [f"novel{size}" for size in (1, 2, 3, 4)]
    names += ["coverage", "repeated", "unsupported_numbers", "unsupported_names"]
    traits = {name: 10.0 + place + 5 * at for at, name in enumerate(names)}
    return {"words": 20.0 + place, "compression": 2.5, "density": 4.25, "empty": 1, **traits}


def make_length() -> dict[str, Any]:
    """metrics/length.json."""
    lead = {"recall": -9.0, "precision": 21.0, "f1": 8.0, "f1_low": 6.0, "f1_high": 10.0}
    cut = {"recall": 3.0, "precision": 5.0, "f1": 4.0, "f1_low": 2.5, "f1_high": 5.5}
    found = {"words": 22.0, "zeroshot_words": 40.0, "as_is": lead, "cut": cut}
    return {name: {**found, "explained": 50.0, "correlation": 0.31} for name in TRAINED}


def make_calls(cost: float) -> dict[str, Any]:
    """One use of the teacher in metrics/teacher.json."""
    return {
        "model": TEACHER, "calls": 100, "unusable": 3, "failed": 1, "batch": 0,
        "prompt_tokens": 8000, "cached_tokens": 0, "completion_tokens": 30000, "cost_usd": cost,
    }  # fmt: skip


def make_dataset(articles: int) -> dict[str, Any]:
    """metrics/dataset.json."""
    dropped = {"too_long": 7, "duplicate": 2, "in_test": 1}
    split = {"read": 100, "rejected": 0, "fetched": 100, "under_limit": 93, "kept": 90}
    test = {"read": articles, "rejected": 0, "fetched": articles, "under_limit": articles}
    nothing = dict.fromkeys(dropped, 0)
    return {
        "train": {**split, "dropped": dropped},
        "validation": {**split, "dropped": dropped},
        "test": {**test, "kept": articles, "dropped": nothing},
    }


def make_data() -> dict[str, Any]:
    """metrics/data.json."""
    spread = {"mean": 80.5, "p5": 55.0, "median": 78.0, "p95": 115.0, "max": 135}
    lengths = {"words": spread, "characters": spread}
    split = {"pairs": 1396, "article": lengths, "highlights": lengths}
    source = {
        "train": split,
        "vocabulary": {"words": 112887, "distinct": 2302, "type_token": 48.4, "once": 4.4},
        "leakage": {"coverage": 87.3, "density": 6.7, "longest": 11.2, "copied": 79.5},
    }
    answers = {name: {"refused": 0.0, "too_long": 7.9} for name in ("train", "validation")}
    return {
        "gold": {**source, "test": split},
        "written": {**source, "answers": answers},
        "between": {"pairs": 4, "same_id": 3},
    }


def lead_of(article: str) -> str:
    """What the system lead-3 says of an article."""
    from understudy.texts.sentences import lead

    return lead(article)


def score(articles: Articles) -> dict[str, pd.DataFrame]:
    """The true scores, as the stage `evaluate` gives them."""
    from understudy.scoring.rows import score_rows

    points = {}
    for system in SYSTEMS:
        texts = [row[system] if system != LEAD else lead_of(row["article"]) for row in articles]
        rows = score_rows(texts, [row["highlights"] for row in articles], stemmer=True)
        columns = {
            f"{kind}_{measure}": values
            for kind, measures in rows.items()
            for measure, values in measures.items()
        }
        points[system] = pd.DataFrame(columns)
    return points
