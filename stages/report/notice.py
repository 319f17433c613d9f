"""What the figures may be taken for: the report's title, and its honest label."""

from dataclasses import dataclass

from stages.report.inputs import ReportFacts
from understudy.contract.origin import HubOrigin
from understudy.core.errors import one_line
from understudy.rendering.figures import count

EMBEDDED = "embedded-rules"
"""What names of the embedded teacher's models begin with."""


@dataclass(frozen=True)
class Label:
    """What stands above everything else."""

    corpus: str
    teacher: str
    """Who wrote for training pairs and zero-shot; several models are joined by commas."""
    embedded: bool
    warning: tuple[str, ...]
    """Sentences; none where data and teacher are real."""


def build_label(facts: ReportFacts) -> Label:
    """Says whether data and teacher are those of the sample."""
    models = dict.fromkeys(one_line(calls.model) for calls in facts.teacher.stages.values())
    embedded = any(model.startswith(EMBEDDED) for model in models)
    sample = facts.origin.source == "sample"
    warning = []
    if sample:
        warning.append(
            f"These are figures of the sample: its {facts.kind.inputs} and "
            f"{facts.kind.outputs} are invented, and its test set has "
            f"{count(facts.dataset.test.kept)} of them."
        )
    if embedded:
        warning.append(
            "The teacher is a set of rules that comes with the project, and no language model."
        )
    if sample or embedded:
        warning.append("They show that the pipeline works, and say nothing about ChatGPT.")
    return Label(
        name_corpus(facts), ", ".join(filter(None, models)) or "nobody", embedded, tuple(warning)
    )


def name_corpus(facts: ReportFacts) -> str:
    """The data set in a few words."""
    origin = facts.origin
    if isinstance(origin, HubOrigin):
        name, config, revision = map(one_line, (origin.dataset, origin.config, origin.revision))
        return f"{name} {config}, revision {revision[:12]}"
    return "an invented corpus" if origin.source == "sample" else "your own files"
