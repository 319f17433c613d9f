"""Decoding: our engine against transformers' generate, and what 1,000 summaries take.

Run: python -m tests.benchmarks.decoding [FOLDER …]; make bench runs it on the project's own models,
and on T5-small's and BART-base's real sizes with random weights, whose text means nothing: there
speed and size count alone. Each way is a process of its own, on the same articles with the same
beam search.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.benchmarks.contest import (
    describe_machine,
    peak_megabytes,
    read_own_pairs,
    read_pairs,
    run_child,
    write_table,
)
from tests.benchmarks.training import build
from tests.imports import ROOT

WAYS = ("transformers", "float32", "int8")
SINGLE = 50
"""Articles that are summarized one at a time, at most."""
SIZES = ("t5-small", "bart-base")
REAL_ARTICLES = 32
"""Real articles under 2,048 characters, for the real sizes."""
INPUT_PRICE, OUTPUT_PRICE = 0.10, 0.50
"""Dollars per million tokens of profiles/paper.yaml's teacher."""
CHARACTERS_PER_TOKEN = 4


def read_test(folder: Path) -> list[dict[str, str]]:
    """The pairs that a model is measured on."""
    pairs = read_pairs("test") if folder.name in SIZES else read_own_pairs("test")
    return pairs[:REAL_ARTICLES] if folder.name in SIZES else pairs


def prepare(way: str, folder: Path, copy: Path) -> None:
    """Copies a model's folder, converted for a way. Its memory does not count as decoding's."""
    from understudy.contract.params.export import ExportParams
    from understudy.students.decoding.conversion import convert

    copy.mkdir(parents=True)
    for file in folder.iterdir():
        if file.is_file():
            (copy / file.name).symlink_to(file.absolute())
    if way != "transformers":
        pair = read_test(folder)[0]
        export = ExportParams(quantization=way, limit=1.0, rows=1)  # type: ignore[arg-type]
        out = copy / "ctranslate2"
        texts = [pair["article"]], [pair["highlights"]]
        checked = convert(copy, *texts, (512, 96), export, out)
        assert checked.passed, checked.why
    print(json.dumps({}))


def child(way: str, folder: Path) -> None:
    """Decodes the test articles; prints the figures and the summaries."""
    from understudy.contract.params.decoding import DecodingParams
    from understudy.core.params import load_section
    from understudy.students.decoding.decoding import decode
    from understudy.students.decoding.engines import open_engine

    articles = [pair["article"] for pair in read_test(folder)]
    params = load_section("predict", DecodingParams)
    converted = way != "transformers"
    weights = folder / ("ctranslate2/model.bin" if converted else "model.safetensors")
    engine = open_engine(folder, "ctranslate2" if converted else "transformers")
    list(decode(engine, articles[:2], params, "warm", None))
    started = time.perf_counter()
    texts = list(decode(engine, articles, params, way, len(articles)))
    seconds = time.perf_counter() - started
    alone = []
    for article in articles[:SINGLE]:
        started = time.perf_counter()
        list(decode(engine, [article], params, "one", 1))
        alone.append(1000 * (time.perf_counter() - started))
    print(
        json.dumps(
            {
                "articles": len(articles) / seconds,
                "p50": median(alone),
                "p95": quantiles(alone, n=20)[-1],
                "megabytes": peak_megabytes(),
                "size": weights.stat().st_size / 2**20,
                "texts": texts,
            }
        )
    )


def score(texts: list[str], references: list[str]) -> dict[str, float]:
    """ROUGE F1 in points."""
    from rouge_score import rouge_scorer

    names = ("rouge1", "rouge2", "rougeL")
    scorer = rouge_scorer.RougeScorer(names, use_stemmer=True)
    rows = [scorer.score(*pair) for pair in zip(references, texts, strict=True)]
    return {name: 100 * sum(row[name].fmeasure for row in rows) / len(rows) for name in names}


def price(articles: list[str], texts: list[str]) -> float:
    """What the teacher would take for 1,000 of these summaries, in dollars."""
    read, written = (
        sum(map(len, column)) / len(column) / CHARACTERS_PER_TOKEN for column in (articles, texts)
    )
    return float(1000 * (read * INPUT_PRICE + written * OUTPUT_PRICE) / 1e6)


def save_random(folder: Path) -> None:
    """Writes a model of the real size that the folder is named after, with random weights."""
    student = build(folder.name)
    student.model.save_pretrained(folder)
    student.tokenizer.save_pretrained(folder)


def main() -> None:
    """Runs every way on every folder."""
    if sys.argv[1:2] == ["child"]:
        way, (folder, *copies) = sys.argv[2], map(Path, sys.argv[3:])
        prepare(way, folder, copies[0]) if copies else child(way, folder)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folders = [Path(name) for name in sys.argv[1:]] or [
            *(ROOT / "models" / name for name in ("t5-gold", "bart-gold")),
            *(Path(scratch, size) for size in SIZES),
        ]
        for size in {folder.name for folder in folders}.intersection(SIZES):
            save_random(Path(scratch, size))
        rows = []
        for folder in folders:
            found: dict[str, Any] = {}
            for way in WAYS:
                copy = Path(scratch, way, folder.name)
                run_child("decoding", way, folder, copy)
                found[way] = run_child("decoding", way, copy)
                print(f"{folder.name} {way}: {found[way]['articles']:.1f}/s", file=sys.stderr)
            rows += _tabulate(folder, found)
    head = (
        "model, engine, articles/s, ratio, p50 ms, p95 ms, ROUGE-1, ROUGE-2, ROUGE-L, same text, "
        "MB, MB on disk, s per 1,000, teacher's $ per 1,000"
    )
    import torch

    write_table(
        f"decoding on {'cuda' if torch.cuda.is_available() else 'cpu'}",
        head.split(", "),
        rows,
        f"{describe_machine()}; t5-small and bart-base: the real sizes with random weights, "
        f"{REAL_ARTICLES} real articles; ROUGE: F1 in points; p50 and p95: of single articles; the "
        "teacher's price is that of profiles/paper.yaml at 4 characters a token.",
    )


def _tabulate(folder: Path, found: dict[str, Any]) -> list[list[str]]:
    base, rows = found["transformers"], []
    test = read_test(folder)
    articles, references = ([pair[key] for pair in test] for key in ("article", "highlights"))
    base_scores = score(base["texts"], references)
    for way, run in found.items():
        scores = score(run["texts"], references)
        same = sum(mine == theirs for mine, theirs in zip(run["texts"], base["texts"], strict=True))
        shown = [f"{scores[key]:.2f} ({scores[key] - base_scores[key]:+.2f})" for key in scores]
        rows.append(
            [
                folder.name,
                "transformers" if way == "transformers" else f"CTranslate2 {way}",
                f"{run['articles']:.1f}",
                f"{run['articles'] / base['articles']:.1f}",
                f"{run['p50']:.0f}",
                f"{run['p95']:.0f}",
                *(shown if folder.name not in SIZES else ["–"] * len(shown)),
                f"{same / len(run['texts']):.0%}" if folder.name not in SIZES else "–",
                f"{run['megabytes']:,.0f}",
                f"{run['size']:.1f}",
                f"{1000 / run['articles']:,.1f}",
                f"{price(articles, run['texts']):.3f}",
            ]
        )
    return rows


if __name__ == "__main__":
    main()
