"""A source's data card in the Hugging Face Hub's form: YAML front matter, then Markdown.

The text is in templates/card.md.j2; here is what it shows.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from understudy.contract.answered import Answered
from understudy.contract.answers import WHOLE
from understudy.contract.classes import LabelNoise, slugs
from understudy.contract.dataset import Dataset
from understudy.contract.kind import this_kind
from understudy.contract.origin import HubOrigin, Origin, SampleOrigin
from understudy.contract.pairs import LEARNING_SPLITS, SPLITS
from understudy.contract.params.datacards import DatacardsParams
from understudy.contract.params.filter import FilterParams
from understudy.contract.params.generate import GenerateParams
from understudy.contract.params.label import LabelParams
from understudy.contract.params.sources import Source
from understudy.contract.params.teacher import EMBEDDED, TeacherParams
from understudy.contract.survey import SEGMENT, SourceSurvey, SplitSurvey
from understudy.contract.trained import LostPairs
from understudy.core.errors import one_line
from understudy.rendering.origins import list_redacted, name_host, name_origin, name_teacher
from understudy.rendering.templates import render_markdown
from understudy.texts.similarity import MOST_COMPARED, chance_found, choose_bands

TEMPLATE = Path(__file__).parent / "templates" / "card.md.j2"
SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
MOST_LABELS = 30
"""Labels with a line of their own."""
LARGEST = "1M<n<10M"
CONTENTS = {
    "gold": "{inputs} and their gold {outputs}",
    "written": "gold {outputs} and {inputs} written from them",
    "labelled": "{inputs} and {outputs} that a chat model wrote from them",
}
REASONS = {
    "unusable": "a field was missing, empty or no text",
    "too_long": "the {input} had as many characters as the limit, or more",
    "duplicate": "the {input} stood in the split already",
    "in_test": "the {input} was a test {input} too",
    "near_test": "the {input} held most of a test {input}",
    "near_duplicate": "the {input} was a near copy of one kept before",
    "failed": "the call failed for good",
    "refused": "the teacher refused",
    "empty": "the answer was empty",
    "unreadable": "the endpoint's reply had no text that can be read",
    "cut_off": "the endpoint did not say that the text is whole, mostly for its limit of tokens",
    "unclear": "the text may hold the teacher's reasoning",
    "template_mark": "the text that was written had a part of a chat template in it",
    "echo": "the text that was written repeated the prompt",
    "loop": "the text that was written said too much of its words again and again",
    "too_short": "the text that was written was shorter than the params allow",
    "copied": "the {input} repeated too much of the {output} word for word",
    "not_json": "the answer was no JSON, of which the prompt takes a field",
    "no_field": "the JSON lacked the field, or had no text in it",
    "copy": "the answer was the input itself",
    "other_language": "the answer was in another language than the input",
    "refusal": "the answer had a refusal in it",
    "longer": "the answer was longer than the input",
    "disagree": "the samples of the row did not agree",
    "unlisted": "the answer was none of the labels, nor one of their synonyms",
    "contradictory": "the text was there with another label, too",
}


@dataclass(frozen=True)
class DataCardFacts:
    """Everything that a card shows: what was counted, and what other stages have written down."""

    source: Source
    survey: SourceSurvey
    origin: Origin
    dataset: Dataset
    answered: Answered | None
    """What became of the teacher's answers; None for gold."""
    prompt: str
    """The template that the teacher was asked with; empty for gold."""
    teacher: TeacherParams
    filter: FilterParams
    generate: GenerateParams
    label: LabelParams
    params: DatacardsParams
    lost: Mapping[str, LostPairs]
    """What each student's tokenizer cannot spell in the source's training texts, by student."""
    labels: Sequence[str]
    """Of a classification."""
    noise: LabelNoise | None
    """How the teacher's labels differ from gold; None but of those."""


def build_card(facts: DataCardFacts) -> str:
    """The text of README.md beside a source's pairs; the same facts give the same text."""
    params, base_url, answered = facts.params, facts.teacher.base_url, facts.answered
    found = {name: getattr(facts.survey, name) for name in SPLITS}
    splits = {name: split for name, split in found.items() if split is not None}
    bands = choose_bands(params.near_duplicate, params.permutations)
    read, dropped, kept = _count_rows(facts)
    is_written, kind = facts.source == "written", this_kind()
    counts = {name: split.labels or {} for name, split in splits.items()}
    return render_markdown(
        TEMPLATE,
        front_matter=_write_front_matter(facts, splits),
        kind=kind,
        noise=facts.noise,
        labels=_count_labels(facts, counts),
        source=facts.source,
        splits=splits,
        own=facts.survey,
        dataset=facts.dataset,
        answered=answered,
        served=answered.harvested if answered else None,
        read=read,
        dropped=[
            (reason, REASONS.get(reason, "").format_map(kind.words), rows)
            for reason, rows in dropped.items()
            if any(rows)
        ],
        kept=kept,
        unfinished=_count_unfinished(answered),
        stripped=answered.calls.reasoning_stripped if answered else 0,
        sample=isinstance(facts.origin, SampleOrigin),
        redacted=list_redacted(facts.origin),
        embedded=base_url == EMBEDDED,
        origin=name_origin(facts.origin, LEARNING_SPLITS if answered else SPLITS),
        writer=name_teacher(answered.calls.model, base_url) if answered else "",
        host=name_host(base_url),
        prompt=facts.prompt,
        samples=facts.label.samples if facts.source == "labelled" else 1,
        min_agreement=facts.label.min_agreement,
        teacher=facts.teacher,
        request=json.dumps(facts.teacher.request),
        section="generate" if is_written else "filter",
        limits=facts.generate if is_written else facts.filter,
        max_copied=facts.generate.max_copied,
        params=params,
        share=f"{100 * params.near_duplicate:g}%",
        missed=1 - chance_found(params.near_duplicate, *bands),
        most_compared=MOST_COMPARED,
        segment=SEGMENT,
        lost=[
            (student, name, texts)
            for student, pairs in facts.lost.items()
            for name, texts in ((kind.inputs, pairs.inputs), (kind.outputs, pairs.outputs))
        ],
    )


def _count_labels(
    facts: DataCardFacts, counts: Mapping[str, Mapping[str, int]]
) -> list[tuple[str, list[int]]]:
    """Pairs of each label by split, the most frequent first; the last line sums up the rest."""
    named = [
        (label, [one.get(slug, 0) for one in counts.values()])
        for label, slug in slugs(facts.labels).items()
    ]
    named.sort(key=lambda line: -line[1][0])
    shown, left = named[:MOST_LABELS], named[MOST_LABELS:]
    if left:
        shown.append(
            (
                f"{len(left)} others",
                [sum(column) for column in zip(*(rows for _, rows in left), strict=True)],
            )
        )
    return shown


def _count_rows(facts: DataCardFacts) -> tuple[list[int], dict[str, list[int]], list[int]]:
    """Rows read or asked about, dropped by reason, and kept; of each split."""
    if facts.answered:
        answers = list(facts.answered.splits.values())
        read, drops = [one.asked for one in answers], [one.dropped for one in answers]
        kept = [one.kept for one in answers]
    else:
        rows = (facts.dataset.train, facts.dataset.validation, facts.dataset.test)
        read, kept = [one.read for one in rows], [one.kept for one in rows]
        drops = [{"unusable": one.rejected, **one.dropped} for one in rows]
    reasons = dict.fromkeys(reason for one in drops for reason in one)
    return read, {reason: [one.get(reason, 0) for one in drops] for reason in reasons}, kept


def _count_unfinished(answered: Answered | None) -> list[tuple[str, int]]:
    """The endpoint's words for the end of texts that are not whole, with their answers."""
    words = Counter(answered.calls.finish_reasons if answered else {})
    return [(word, count) for word, count in words.most_common() if word not in WHOLE]


def _write_front_matter(facts: DataCardFacts, splits: Mapping[str, SplitSurvey]) -> str:
    from huggingface_hub import DatasetCardData

    origin, is_gold = facts.origin, facts.source == "gold"
    pairs = sum(split.pairs for split in splits.values())
    files = [{"split": split, "path": f"{split}.parquet"} for split in splits]
    data = DatasetCardData(
        pretty_name=f"Understudy: {CONTENTS[facts.source].format_map(this_kind().words)}",
        language="en" if isinstance(origin, SampleOrigin) else None,
        language_creators=None if is_gold else ["machine-generated"],
        size_categories=[next((name for most, name in SIZES if pairs < most), LARGEST)],
        source_datasets=[one_line(origin.dataset)] if isinstance(origin, HubOrigin) else None,
        task_categories=["summarization" if not this_kind().has_labels else "text-classification"],
        tags=["understudy", *([] if is_gold else ["synthetic-data"])],
        configs=[{"config_name": "default", "data_files": files}],
    )
    return data.to_yaml()
