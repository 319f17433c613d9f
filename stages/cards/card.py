"""A student's model card in the Hugging Face Hub's form: YAML front matter, then Markdown.

Names that come from outside (models, datasets, files, error messages) go through
understudy.rendering.markdown.
"""

import json
import re
from typing import TYPE_CHECKING, Any

from stages.cards.facts import (
    Answers,
    Calls,
    Conversion,
    Facts,
    Scores,
    Settings,
)
from understudy.contract.names import LEAD, TITLES, ZEROSHOT
from understudy.contract.origin import FilesOrigin, HubOrigin, Origin, SampleOrigin
from understudy.contract.params.teacher import EMBEDDED
from understudy.rendering.markdown import code_span, one_line
from understudy.rendering.origins import name_host, name_origin, name_teacher
from understudy.students.model.families import FAMILIES
from understudy.students.model.loading import TINY

if TYPE_CHECKING:
    from huggingface_hub import EvalResult


def build_card(facts: Facts) -> str:
    """The text of README.md in a model folder; the same facts give the same text."""
    parts = (_introduce, _tell_data, _tell_scores, _tell_use, _tell_limits, _tell_settings)
    body = "\n\n".join(part(facts) for part in parts)
    return f"---\n{_write_front_matter(facts)}\n---\n\n{body}\n"


def _write_front_matter(facts: Facts) -> str:
    from huggingface_hub import ModelCardData

    settings, origin = facts.settings, facts.origin
    on_hub = settings.commit is not None
    tags = ["understudy", settings.family]
    tags += ["synthetic-data"] if settings.source == "written" else []
    tags += ["ctranslate2"] if facts.conversion.passed else []
    data = ModelCardData(
        library_name="transformers",
        pipeline_tag="summarization",
        base_model=one_line(settings.params.model) if on_hub else None,
        base_model_relation="finetune" if on_hub else None,
        datasets=[one_line(origin.dataset)] if isinstance(origin, HubOrigin) else None,
        metrics=["rouge"],
        tags=tags,
        model_name=facts.system,
        eval_results=_list_results(facts),
    )
    return data.to_yaml()


def _list_results(facts: Facts) -> "list[EvalResult]":
    from huggingface_hub import EvalResult

    scores = facts.scores[facts.system]
    return [
        EvalResult(
            task_type="summarization",
            dataset_split="test",
            metric_type="rouge",
            metric_name=f"{name} F1",
            metric_value=getattr(scores, kind).f1,
            **_identify_dataset(facts.origin),
        )
        for kind, name in TITLES.items()
    ]


def _identify_dataset(origin: Origin) -> dict[str, Any]:
    if isinstance(origin, HubOrigin):
        return {
            "dataset_type": one_line(origin.dataset),
            "dataset_name": one_line(origin.dataset),
            "dataset_config": one_line(origin.config),
            "dataset_revision": one_line(origin.revision),
        }
    if isinstance(origin, FilesOrigin):
        return {"dataset_type": "files", "dataset_name": "own files"}
    return {"dataset_type": "understudy-sample", "dataset_name": "Understudy's invented sample"}


def _introduce(facts: Facts) -> str:
    settings = facts.settings
    source = (
        f"from articles that {_name_teacher(facts, facts.teacher.generate)} wrote"
        if settings.source == "written"
        else "from the articles of the data set itself"
    )
    text = (
        f"# {facts.system}\n\nA {settings.family.upper()} model of {settings.parameters:,} "
        f"parameters that summarizes an article. It started from {_name_start(settings)} and "
        f"learned {source}."
    )
    if isinstance(facts.origin, SampleOrigin):
        text += (
            "\n\n**This model belongs to Understudy's sample, an invented corpus.** Its scores "
            "show that the pipeline works. They say nothing about ChatGPT and are not the figures "
            "of any study, and the model is not meant for real articles."
        )
    return text


def _name_start(settings: Settings) -> str:
    model = settings.params.model
    if model == TINY:
        return "random weights"
    if settings.commit is None:
        return f"the local folder {code_span(model)}"
    return f"{code_span(model)}, commit {code_span(settings.commit)},"


def _name_teacher(facts: Facts, calls: Calls) -> str:
    return name_teacher(calls.model, facts.base_url)


def _tell_data(facts: Facts) -> str:
    examples = facts.settings.examples
    tell = _tell_written if facts.settings.source == "written" else _tell_gold
    return (
        f"## Training data\n\nThe model learned from {examples.train:,} pairs of an article and "
        f"its highlights; {examples.validation:,} others chose the checkpoint. The highlights "
        f"come from {name_origin(facts.origin, ('train', 'validation'))}. {tell(facts)}"
    )


def _tell_gold(facts: Facts) -> str:
    rows = facts.dataset.train
    return (
        f"The articles are those that the highlights belong to. Of {rows.read:,} training rows, "
        f"{rows.kept:,} were kept: articles under {facts.max_characters['gold']:,} characters, "
        "each once, none that is also a test article."
    )


def _tell_written(facts: Facts) -> str:
    train, validation = facts.generated.train, facts.generated.validation
    teacher = _name_teacher(facts, facts.teacher.generate)
    return (
        f"The articles were written, from gold highlights alone, by {teacher}. Of {train.asked:,} "
        f"articles asked for to learn from, {train.kept:,} were kept{_list_dropped(train)}; of "
        f"{validation.asked:,} for validation, {validation.kept:,}{_list_dropped(validation)}."
    )


def _list_dropped(answers: Answers) -> str:
    dropped = [f"{count:,} {code_span(name)}" for name, count in answers.dropped.items() if count]
    return f" (dropped: {', '.join(dropped)})" if dropped else ""


def _tell_scores(facts: Facts) -> str:
    kept, failed = facts.dataset.test.kept, facts.teacher.zeroshot.failed
    articles = f"{kept - failed:,} of {kept:,}" if failed else f"{kept:,}"
    converted = facts.conversion.passed and facts.decoding.engine == "ctranslate2"
    engine = "the converted model (CTranslate2)" if converted else "transformers"
    return "\n".join(
        [
            f"## Scores\n\nROUGE on {articles} test articles, in points from 0 to 100; the 95% "
            f"interval of each F1 is in brackets. The model's summaries were made by {engine}.\n",
            "| system | ROUGE-1 recall | precision | "
            + " | ".join(f"{name} F1" for name in TITLES.values())
            + " | words |",
            "|---|---:|---:|---:|---:|---:|---:|---:|",
            *(_write_row(name, facts.scores[name]) for name in (facts.system, LEAD, ZEROSHOT)),
            f"\n`{LEAD}` is the first three sentences of each article. `{ZEROSHOT}` is "
            f"{_name_teacher(facts, facts.teacher.zeroshot)}, asked for summaries directly.",
        ]
    )


def _write_row(name: str, scores: Scores) -> str:
    kinds = [getattr(scores, kind) for kind in TITLES]
    cells = [
        f"`{name}`",
        f"{scores.rouge1.recall:.1f}",
        f"{scores.rouge1.precision:.1f}",
        *(f"{kind.f1:.1f} ({kind.f1_low:.1f}–{kind.f1_high:.1f})" for kind in kinds),
        f"{scores.words:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def _tell_use(facts: Facts) -> str:
    decoding, folder = facts.decoding, f"models/{facts.system}"
    prefix = FAMILIES[facts.settings.family].prefix
    text = f'"{prefix}" + article' if prefix else "article"
    longest = f"truncation=True, max_length={decoding.max_input_tokens}"
    search = (
        f"length_penalty={decoding.length_penalty}, no_repeat_ngram_size={decoding.no_repeat_ngram}"
    )
    return f"""## Use

In Understudy, for a file with a text under `article` in each line:

```sh
understudy predict --model {folder} --input articles.jsonl
```

With transformers:

```python
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

article = "..."
tokenizer = AutoTokenizer.from_pretrained("{folder}")
model = AutoModelForSeq2SeqLM.from_pretrained("{folder}")
inputs = tokenizer({text}, {longest}, return_tensors="pt")
output = model.generate(
    inputs["input_ids"], attention_mask=inputs["attention_mask"], do_sample=False,
    num_beams={decoding.beams}, max_new_tokens={decoding.max_tokens}, {search},
    early_stopping={decoding.beams > 1},
)
print(tokenizer.decode(output[0], skip_special_tokens=True).strip())
```

{_tell_converted(facts, text, longest, search)}"""


def _tell_converted(facts: Facts, text: str, longest: str, search: str) -> str:
    if not facts.conversion.passed:
        why = code_span(_hide_folders(facts.conversion.why or "no reason is known"))
        return (
            "There is no converted model for CTranslate2, so `stages.predict` uses transformers "
            f"too. Why: {why}"
        )
    return f"""With CTranslate2, several times faster:

```python
import ctranslate2
from transformers import AutoTokenizer

article = "..."
tokenizer = AutoTokenizer.from_pretrained("models/{facts.system}")
translator = ctranslate2.Translator("models/{facts.system}/ctranslate2")
ids = tokenizer({text}, {longest})["input_ids"]
result = translator.translate_batch(
    [tokenizer.convert_ids_to_tokens(ids)], max_input_length=0,
    beam_size={facts.decoding.beams}, max_decoding_length={facts.decoding.max_tokens}, {search},
)
ids = tokenizer.convert_tokens_to_ids(result[0].hypotheses[0])
print(tokenizer.decode(ids, skip_special_tokens=True).strip())
```"""


def _hide_folders(text: str) -> str:
    """The text with absolute paths cut down to their last part."""
    return re.sub(r"(?<![\w./:])/(?:[^\s/'\"]+/)+", "", text)


def _tell_limits(facts: Facts) -> str:
    settings, params, decoding = facts.settings, facts.settings.params, facts.decoding
    cut, examples = settings.cut.train, settings.examples
    learned, tested = facts.max_characters[settings.source], facts.max_characters["gold"]
    points = [
        f"An article is cut at {decoding.max_input_tokens:,} tokens: the model does not see the "
        f"rest. A summary ends after {decoding.max_tokens:,} tokens at the latest.",
        f"In training, {cut.articles:,} of {examples.train:,} articles were cut at "
        f"{params.max_input_tokens:,} tokens and {cut.highlights:,} of as many highlights at "
        f"{params.max_target_tokens:,}.",
        f"It learned from articles under {learned:,} characters and was tested on articles under "
        f"{tested:,}; how it does on longer ones is not known.",
        "It can state things that its article does not say. ROUGE counts words in common with the "
        "gold highlights; it does not check facts.",
    ]
    if params.model == TINY:
        points.append(
            "Its weights and its vocabulary come from its training pairs alone: expect nothing of "
            "it on other texts."
        )
    return "## Limits\n\n" + "\n".join(f"- {point}" for point in points)


def _tell_settings(facts: Facts) -> str:
    settings = facts.settings
    versions = ", ".join(f"{code_span(n)} {code_span(v)}" for n, v in settings.versions.items())
    points = [
        f"Start: {_name_start(settings).rstrip(',')}; seed {settings.params.seed}.",
        f"Checkpoint: step {settings.best_step:,}, validation loss "
        f"{settings.best_validation_loss}.",
        f"Versions: {versions}.",
        *([_tell_teacher(facts)] if settings.source == "written" else []),
        *([_tell_conversion(facts.conversion)] if facts.conversion.passed else []),
    ]
    return (
        "## Settings\n\n"
        + "\n".join(f"- {point}" for point in points)
        + f"\n\nThe section `train-{settings.family}` of `params.yaml` as it was used:\n\n"
        + f"```json\n{json.dumps(settings.params.model_dump(), indent=2)}\n```"
    )


def _tell_teacher(facts: Facts) -> str:
    if facts.base_url == EMBEDDED:
        return f"Teacher: {_name_teacher(facts, facts.teacher.generate)}."
    return (
        f"Teacher: {code_span(facts.teacher_model)} at {code_span(name_host(facts.base_url))}, "
        f"which answered as {code_span(facts.teacher.generate.model)}."
    )


def _tell_conversion(check: Conversion) -> str:
    return (
        f"Converted weights: {code_span(check.quantization)}. On {check.tokens:,} tokens of "
        f"{check.rows:,} validation pairs their log-probabilities differ from the trained model's "
        f"by {check.mean_difference} nats a token on average (limit {check.limit}), "
        f"by {check.largest_difference} at most."
    )
