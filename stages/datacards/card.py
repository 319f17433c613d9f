"""A source's data card in the Hugging Face Hub's form: YAML front matter, then Markdown.

Names that come from outside (data sets, files, models, the prompt) go through
understudy.rendering.markdown.
"""

import json
from collections.abc import Sequence

from stages.datacards.facts import Facts
from stages.datacards.figures import tell_figures
from stages.datacards.tables import table
from understudy.contract.origin import HubOrigin, SampleOrigin
from understudy.contract.params.teacher import EMBEDDED
from understudy.rendering.markdown import code_block, code_span, one_line
from understudy.rendering.origins import name_host, name_origin, name_teacher

SIZES = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
LARGEST = "1M<n<10M"
REASONS = {
    "unusable": "a field was missing, empty or no text",
    "too_long": "the article had as many characters as the limit, or more",
    "duplicate": "the article stood in the split already",
    "in_test": "the article was a test article too",
    "near_test": "the article held most of a test article",
    "near_duplicate": "the article was a near copy of one kept before",
    "failed": "the call failed for good",
    "refused": "the teacher refused",
    "empty": "the answer was empty",
    "cut_off": "the answer reached the limit of output tokens",
    "copied": "the article repeated too much of the highlights word for word",
}


def build_card(facts: Facts) -> str:
    """The text of README.md beside a source's pairs; the same facts give the same text."""
    parts = (_introduce, _tell_making, _tell_use, tell_figures, _tell_limits)
    body = "\n\n".join(part(facts) for part in parts)
    return f"---\n{_write_front_matter(facts)}\n---\n\n{body}\n"


def _write_front_matter(facts: Facts) -> str:
    from huggingface_hub import DatasetCardData

    origin, splits = facts.origin, facts.survey.sources[facts.source].splits
    pairs = sum(split.pairs for split in splits.values())
    files = [{"split": split, "path": f"{split}.parquet"} for split in splits]
    written = facts.source == "written"
    data = DatasetCardData(
        pretty_name=f"Understudy: {_name_pairs(facts)}",
        language="en" if isinstance(origin, SampleOrigin) else None,
        language_creators=["machine-generated"] if written else None,
        size_categories=[next((name for most, name in SIZES if pairs < most), LARGEST)],
        source_datasets=[one_line(origin.dataset)] if isinstance(origin, HubOrigin) else None,
        task_categories=["summarization"],
        tags=["understudy", *(["synthetic-data"] if written else [])],
        configs=[{"config_name": "default", "data_files": files}],
    )
    return data.to_yaml()


def _name_pairs(facts: Facts) -> str:
    if facts.source == "written":
        return "gold highlights and articles written from them"
    return "articles and their gold highlights"


def _introduce(facts: Facts) -> str:
    splits = facts.survey.sources[facts.source].splits
    counts = [f"{split.pairs:,} for {name}" for name, split in splits.items()]
    text = (
        f"# {facts.source}\n\nPairs of an article and its highlights, to learn summarizing from: "
        f"{', '.join(counts[:-1])} and {counts[-1]}. {_tell_authors(facts)}"
    )
    if isinstance(facts.origin, SampleOrigin):
        text += (
            "\n\n**These texts belong to Understudy's sample, an invented corpus.** They show that "
            "the pipeline works; no event, person or place in them is real, and their figures "
            "are not those of any study."
        )
    return text


def _tell_authors(facts: Facts) -> str:
    if facts.source == "gold":
        return "Both are as the data set has them."
    teacher = name_teacher(facts.writer, facts.asking.base_url)
    return (
        f"The highlights are gold; **the articles were written by {teacher}**, from the highlights "
        "alone. What they add to them is invented."
    )


def _tell_making(facts: Facts) -> str:
    tell = _tell_written if facts.source == "written" else _tell_gold
    return f"## How it was made\n\n{tell(facts)}\n\n{_tell_dropped(facts)}"


def _tell_gold(facts: Facts) -> str:
    rows, limit = facts.dataset, f"{facts.filtering.max_characters:,}"
    text = (
        f"From {name_origin(facts.origin, tuple(facts.counts))}. Kept is a pair whose article has "
        f"fewer than {limit} characters, stands once in its split and is no test article. "
        f"Articles under {limit} characters, before any other rule: {rows.train.under_limit:,} for "
        f"train, {rows.validation.under_limit:,} for validation, {rows.test.under_limit:,} for test"
    )
    if rows.study is None:
        return f"{text}."
    return (
        f"{text}; in Table 1 of the study (Ding et al. 2024) they are "
        f"{rows.study.train.under_limit:,} for train and {rows.study.test.under_limit:,} for test."
    )


def _tell_written(facts: Facts) -> str:
    made, limit = facts.generated, f"{facts.writing.max_characters:,}"
    return (
        f"The highlights are those of {name_origin(facts.origin, ('train', 'validation'))}, as "
        f"kept in `data/gold`. {made.train.asked:,} of the training and "
        f"{made.validation.asked:,} of the validation split were put into this prompt:\n\n"
        f"{code_block(facts.prompt)}\n\n{_tell_teacher(facts)} An answer of fewer than {limit} "
        "characters became the article of a pair. Every answer, with its reason where it made no "
        "pair, is in `answers.parquet`."
    )


def _tell_teacher(facts: Facts) -> str:
    asking = facts.asking
    if asking.base_url == EMBEDDED:
        return "The teacher is a set of rules behind a chat endpoint on the same machine."
    model, host = code_span(asking.model), code_span(name_host(asking.base_url))
    return f"The teacher is {model} at {host}, asked with {code_span(json.dumps(asking.request))}."


def _tell_dropped(facts: Facts) -> str:
    """A table of what was read or asked for, dropped and kept."""
    counts = facts.counts
    reasons = dict.fromkeys(name for found in counts.values() for name in found.dropped)
    dropped = [
        [f"dropped as {code_span(name)}", REASONS.get(name, ""), *_show(found)]
        for name in reasons
        if any(found := [split.dropped.get(name, 0) for split in counts.values()])
    ]
    first = "answers asked for" if facts.source == "written" else "rows read"
    return table(
        ["", "because", *counts],
        [
            [first, "", *_show([split.read for split in counts.values()])],
            *dropped,
            ["kept", "", *_show([split.kept for split in counts.values()])],
        ],
        texts=2,
    )


def _show(counts: Sequence[int]) -> Sequence[str]:
    return [f"{count:,}" for count in counts]


def _tell_use(facts: Facts) -> str:
    return f"""## Use

```python
from datasets import load_dataset

pairs = load_dataset("data/{facts.source}")
```

Each row has the text columns `id`, `article` (what a model reads) and `highlights` (what it should
write). {_tell_test(facts)}"""


def _tell_test(facts: Facts) -> str:
    if facts.source == "gold":
        return "Every system is scored on `test`, whatever it learned from."
    return "There is no test split: every system is scored on that of `data/gold`."


def _tell_limits(facts: Facts) -> str:
    points = [
        "The figures above say how the texts look, not whether they are true.",
        "Words are counted as runs of letters and digits. Texts in a script without spaces have "
        "few of them, and their figures on copying and near copies mean little.",
        "A licence is not named here: that of the texts' source holds.",
    ]
    if facts.source == "written":
        points.insert(
            1,
            "Written articles may state things about real people and places that are not so. They "
            "are for training, not for reading.",
        )
    return "## Limits\n\n" + "\n".join(f"- {point}" for point in points)
