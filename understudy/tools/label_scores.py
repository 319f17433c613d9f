"""What `understudy score` says of labels: how many are right, over rows and over classes."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from understudy.contract.evaluation import LabelDifference
from understudy.contract.kind import CLASSIFICATION
from understudy.contract.label_reader import plain
from understudy.contract.names import MINUS, name_pair
from understudy.contract.params.evaluate import Judgement
from understudy.rendering.verdicts import describe_verdict
from understudy.scoring.labels import NONE, ClassBoard, encode, mcnemar_p, score_labels
from understudy.scoring.scoreboard import Scoreboard

MEASURES = {"accuracy": "accuracy", "balanced": "balanced accuracy", "macro_f1": "macro F1"}


def score_label_files(
    options: Namespace, references: Sequence[str], texts: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Each measure with its interval; of two systems, the verdict on the difference, too.

    `texts` are their answers row by row, those of the first one to be judged. The classes are those
    of the references; labels compare without case and white space.
    """
    bare = [plain(text) for text in references]
    labels = list(dict.fromkeys(bare))
    truth = encode(bare, labels)
    given = {name: encode([*map(plain, said)], labels) for name, said in texts.items()}
    judgement = Judgement(options.margin, options.resamples, options.seed)
    rows = {name: score_labels(truth, codes, len(labels)) for name, codes in given.items()}
    board = Scoreboard(rows, judgement, CLASSIFICATION)
    classes = ClassBoard(truth, given, len(labels), judgement)

    system, *others = given

    def measure(name: str) -> dict[str, Any]:
        found = board.summarize(name)["labels"]
        found |= _bound("balanced", classes.balanced(name))
        found |= _bound("macro_f1", classes.macro_f1(name))
        return {key: round(float(figure), 4) for key, figure in found.items()}

    unlisted = int((given[system] == NONE).sum())
    found = {"rows": len(references), "unlisted": unlisted, "labels": measure(system)}
    for name in others:
        found[name] = measure(name)
        one, other = given[system] == truth, given[name] == truth
        alone = int((one & ~other).sum()), int((other & ~one).sum())
        key = name_pair(system, name)
        pair = board.compare([(system, name)], texts)[key]["labels"]
        pair |= {"first_only": alone[0], "second_only": alone[1], "mcnemar": mcnemar_p(*alone)}
        each = LabelDifference.model_validate(pair)
        found[key] = {**each.model_dump(exclude_none=True), "verdict": describe_verdict(each)}
    return found


def _bound(name: str, figures: tuple[float, float, float]) -> dict[str, float]:
    ends = ("", "_low", "_high")
    return {f"{name}{end}": value for end, value in zip(ends, figures, strict=True)}


def render_labels(found: dict[str, Any]) -> str:
    """A table for people."""
    lines = [
        f"{found['rows']:,} rows, {found['unlisted']:,} answers that are no label of the "
        "references; 95% intervals in brackets",
        "",
    ]
    for name, title in MEASURES.items():
        value, low, high = (found["labels"][f"{name}{end}"] for end in ("", "_low", "_high"))
        lines.append(f"{title:<20}{f'{value:.2f} [{low:.2f}, {high:.2f}]':>24}")
    for pair in (found[key] for key in found if MINUS in key):
        low, high = pair["accuracy_low"], pair["accuracy_high"]
        verdict = f"{pair['accuracy']:+.2f} [{low:+.2f}, {high:+.2f}]  p = {pair['p']:.4f}"
        lines += ["", f"Accuracy minus that of the others: {verdict}  {pair['verdict']}"]
        alone = f"{pair['first_only']:,} and {pair['second_only']:,} rows right alone"
        lines.append(f"McNemar's exact test: {alone}, p = {pair['mcnemar']:.4f}")
    return "\n".join(lines)
