"""Our training against Seq2SeqTrainer on the same model and pairs.

Run: python -m tests.benchmarks.training; make bench runs it. On a CPU a T5 of half T5-small's
width, on a GPU T5-small's and BART-base's real sizes, all from random weights. A contestant's
time holds encoding, training, one validation and one checkpoint. Each round has a seed of its
own, for weights, order and dropout.
"""

import json
import math
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from tests.benchmarks.contest import (
    REAL,
    describe_machine,
    peak_megabytes,
    read_pairs,
    run_in_turn,
    write_pairs,
    write_table,
)

CONTESTANTS = {
    "Seq2SeqTrainer, its defaults": "theirs",
    "Seq2SeqTrainer, its best flags": "theirs-best",
    "ours, same precision": "ours-same",
    "ours, what the hardware has": "ours",
    "ours, compiled": "ours-compiled",
}
SIZES = {"cpu": ("t5-half",), "cuda": ("t5-small", "bart-base")}
EPOCHS = {"cpu": 3, "cuda": 40}
ROUNDS = 3
BATCH = 16
TOKENS_PER_PASS = {"cpu": 3072, "cuda": 16384}
LONGEST = {"max_input_tokens": 640, "max_target_tokens": 160}
RATE = 0.0005
PEAKS = {"H200": 989e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "L4": 121e12}
"""Dense bfloat16 operations a second, from the makers' data sheets."""


def build(size: str, seed: int = 1) -> Any:
    """A student of a real shape with random weights."""
    import torch
    from transformers import (
        AutoTokenizer,
        BartConfig,
        BartForConditionalGeneration,
        T5Config,
        T5ForConditionalGeneration,
    )

    from understudy.students.model.families import FAMILIES
    from understudy.students.model.loading import Student, train_tokenizer

    family = FAMILIES["bart" if size.startswith("bart") else "t5"]
    real = REAL / "tokenizers" / "t5"
    texts = [row["article"] for row in read_pairs("train")]
    if family.name == "t5" and real.is_dir():
        tokenizer, words = AutoTokenizer.from_pretrained(real), 32128
        special = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
        tokenizer.add_special_tokens(special)
    else:
        tokenizer, words = train_tokenizer(family, texts), 50265
    tokenizer.add_tokens([f"<unused{number}>" for number in range(words - len(tokenizer))])
    torch.manual_seed(seed)
    if size == "bart-base":
        shape: dict[str, Any] = {"encoder_layers": 6, "decoder_layers": 6, "d_model": 768}
        shape |= {"encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072}
        shape |= {"encoder_attention_heads": 12, "decoder_attention_heads": 12}
        model = BartForConditionalGeneration(BartConfig(vocab_size=words, **shape))
    else:
        width, layers = (256, 4) if size == "t5-half" else (512, 6)
        config = T5Config(
            vocab_size=words,
            d_model=width,
            d_kv=64,
            d_ff=4 * width,
            num_layers=layers,
            num_heads=width // 64,
            decoder_start_token_id=0,
        )
        model = T5ForConditionalGeneration(config)
    return Student(model, tokenizer, family)


def child(kind: str, size: str, epochs: int, seed: int) -> None:
    """What a contestant does; prints its figures."""
    if kind.startswith("ours"):
        from understudy.students.model.machine import keep_memory

        keep_memory()
    student = build(size, seed)
    rows = {split: read_pairs(split) for split in ("train", "validation")}
    with tempfile.TemporaryDirectory() as folder:
        paths = write_pairs(Path(folder), rows)
        started = time.perf_counter()
        run = _train_ours if kind.startswith("ours") else _train_theirs
        run(kind, student, rows, paths, Path(folder), epochs, seed)
        seconds = time.perf_counter() - started
    peak = peak_megabytes()
    articles, highlights = _encode(student, rows["train"])
    tokens = [epochs * sum(map(len, texts)) for texts in (articles, highlights)]
    work = _count_operations(student.model, *tokens)
    print(
        json.dumps(
            {
                "examples": epochs * len(rows["train"]) / seconds,
                "tokens": sum(tokens) / seconds,
                "operations": work / seconds,
                "loss": _measure_loss(student, rows["validation"]),
                "megabytes": peak,
            }
        )
    )


def _train_ours(
    kind: str, student: Any, _: Any, paths: dict[str, Path], folder: Path, epochs: int, seed: int
) -> None:
    from understudy.contract.params.training import TrainParams
    from understudy.students.model.machine import has_gpu
    from understudy.students.training.trainer import train

    params = TrainParams(
        model="tiny",
        revision=None,
        seed=seed,
        epochs=float(epochs),
        max_steps=None,
        batch_size=BATCH,
        tokens_per_pass=TOKENS_PER_PASS["cuda" if has_gpu() else "cpu"],
        processes=1,
        precision="float32" if kind == "ours-same" and not has_gpu() else "auto",
        compile=kind == "ours-compiled",
        learning_rate=RATE,
        warmup=0.0,
        weight_decay=0.0,
        label_smoothing=0.0,
        validations=1,
        patience=None,
        **LONGEST,
    )
    state = folder / "state"
    state.mkdir()
    train(student, paths, params, state)


def _train_theirs(
    kind: str, student: Any, rows: dict[str, Any], _: Any, folder: Path, epochs: int, seed: int
) -> None:
    """As the library's own summarization example does it."""
    import torch
    from transformers import DataCollatorForSeq2Seq, Seq2SeqTrainer, Seq2SeqTrainingArguments

    from understudy.students.model.machine import uses_bfloat16

    encoded = {
        split: [
            {
                **student.tokenizer(
                    student.family.prefix + row["article"],
                    truncation=True,
                    max_length=LONGEST["max_input_tokens"],
                ),
                "labels": student.tokenizer(
                    row["highlights"], truncation=True, max_length=LONGEST["max_target_tokens"]
                )["input_ids"],
            }
            for row in pairs
        ]
        for split, pairs in rows.items()
    }
    gpu = torch.cuda.is_available()
    best = {"train_sampling_strategy": "group_by_length", "bf16": uses_bfloat16("auto")}
    args = Seq2SeqTrainingArguments(
        output_dir=str(folder / "theirs"),
        num_train_epochs=epochs,
        per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=BATCH,
        learning_rate=RATE,
        eval_strategy="steps",
        eval_steps=epochs * math.ceil(len(rows["train"]) / BATCH),
        save_strategy="steps",
        save_steps=epochs * math.ceil(len(rows["train"]) / BATCH),
        prediction_loss_only=True,
        seed=seed,
        report_to="none",
        use_cpu=not gpu,
        **(best if kind == "theirs-best" else {"bf16": gpu}),
    )
    Seq2SeqTrainer(
        model=student.model,
        args=args,
        train_dataset=encoded["train"],
        eval_dataset=encoded["validation"],
        data_collator=DataCollatorForSeq2Seq(student.tokenizer, student.model),
    ).train()


def _encode(student: Any, rows: list[dict[str, str]]) -> tuple[list[list[int]], list[list[int]]]:
    from understudy.students.model.tokens import encode_texts

    articles, highlights = ([row[name] for row in rows] for name in ("article", "highlights"))
    longest = LONGEST["max_input_tokens"], LONGEST["max_target_tokens"]
    return (
        encode_texts(student.tokenizer, articles, longest[0], student.family.prefix)[0],
        encode_texts(student.tokenizer, highlights, longest[1])[0],
    )


def _count_operations(model: Any, articles: int, highlights: int) -> float:
    """Multiplications and additions with weights, there and back, without attention and padding."""
    embedding: int = model.get_input_embeddings().weight.numel()
    encoder: int = model.get_encoder().num_parameters() - embedding
    decoder: int = model.get_decoder().num_parameters() - embedding
    return 6.0 * (encoder * articles + (decoder + embedding) * highlights)


def _measure_loss(student: Any, rows: list[dict[str, str]]) -> float:
    """Mean loss of a validation token in float32, the same way for everybody."""
    import torch

    model = student.model.eval().float()
    total, tokens = 0.0, 0
    with torch.inference_mode():
        for article, labels in zip(*_encode(student, rows), strict=True):
            loss = model(
                input_ids=torch.tensor([article], device=model.device),
                labels=torch.tensor([labels], device=model.device),
            ).loss
            total += loss.item() * len(labels)
            tokens += len(labels)
    return float(total / tokens)


def main() -> None:
    """Runs every contestant, in turn, so that a slow minute of the machine hits all of them."""
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
        return
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    names = [name for name, kind in CONTESTANTS.items() if _differs(kind, device)]
    rows = []
    for size in SIZES[device]:
        given = {name: (CONTESTANTS[name], size, EPOCHS[device], "{round}") for name in names}
        rows += _tabulate(size, run_in_turn("training", given, ROUNDS))
    write_table(
        f"training on {device}",
        "model, trainer, examples/s, ratio, useful tokens/s, of bf16 peak, loss, MB".split(", "),
        rows,
        f"{describe_machine()}; batches of {BATCH}, {EPOCHS[device]} epochs of "
        f"{len(read_pairs('train'))} pairs, {ROUNDS} rounds, medians; loss: of a validation token "
        "after the same epochs, mean and standard deviation of the rounds.",
    )


def _differs(kind: str, device: str) -> bool:
    """Whether a contestant is another one than ours in the same precision on this machine.

    On a GPU everybody computes in bfloat16.
    """
    from understudy.students.model.machine import uses_bfloat16

    if kind == "ours-compiled":  # takes longer on two cores than the whole contest
        return device == "cuda"
    return kind != "ours" or (device == "cpu" and uses_bfloat16("auto"))


def _tabulate(size: str, found: dict[str, list[dict[str, float]]]) -> list[list[str]]:
    base = next(iter(found.values()))
    name = describe_machine()
    peak = next((speed for chip, speed in PEAKS.items() if chip in name), None)
    rows = []
    for trainer, runs in found.items():
        ratio = median(
            mine["examples"] / theirs["examples"] for mine, theirs in zip(runs, base, strict=True)
        )
        middle = {key: median(run[key] for run in runs) for key in runs[0]}
        losses = [run["loss"] for run in runs]
        share = f"{middle['operations'] / peak:.0%}" if peak else "–"
        rows.append(
            [
                size,
                trainer,
                f"{middle['examples']:.2f}",
                f"{ratio:.2f}",
                f"{middle['tokens']:,.0f}",
                share,
                f"{mean(losses):.3f} ± {stdev(losses):.3f}",
                f"{middle['megabytes']:,.0f}",
            ]
        )
    return rows


if __name__ == "__main__":
    main()
