"""What the Hub reads in a model card."""

import pytest
from huggingface_hub import ModelCard

from stages.cards.card import build_card
from tests.contract.examples import TRAINED, make_origin
from tests.stages.cards.examples import SYSTEMS, facts_of, from_model, front_matter
from understudy.contract.names import TITLES


@pytest.mark.parametrize("system", TRAINED)
def test_the_hubs_library_reads_the_f1_on_test_and_writes_the_same_bytes(system: str) -> None:
    text = build_card(facts_of(system))
    data, card = front_matter(text), ModelCard(text)
    assert str(card) == text
    assert card.text.startswith(f"\n# {system}\n")
    assert data.model_name == system
    assert (data.library_name, data.pipeline_tag) == ("transformers", "summarization")
    assert data.metrics == ["rouge"]
    assert (data.tags or [])[:2] == ["understudy", system.partition("-")[0]]
    results = data.eval_results
    assert results is not None
    assert {result.metric_name: result.metric_value for result in results} == {
        f"{title} F1": SYSTEMS[system][kind].judged for kind, title in TITLES.items()
    }
    assert {(r.task_type, r.metric_type, r.dataset_split) for r in results} == {
        ("summarization", "rouge", "test")
    }


def test_a_model_and_a_dataset_of_the_hub_are_named_with_their_commits() -> None:
    settings = from_model("google-t5/t5-small", "c" * 40)
    text = build_card(facts_of(settings=settings, origin=make_origin("hub")))
    data = front_matter(text)
    assert (data.base_model, data["base_model_relation"]) == ("google-t5/t5-small", "finetune")
    assert data.datasets == ["team/news"]
    assert {
        (r.dataset_type, r.dataset_config, r.dataset_revision) for r in data.eval_results or []
    } == {("team/news", "3.0.0", "d" * 40)}
    assert f"started from `google-t5/t5-small`, commit `{'c' * 40}`, and" in text
    assert f"`team/news` on the Hugging Face Hub (config `3.0.0`, commit `{'d' * 40}`)" in text


@pytest.mark.parametrize(
    ("model", "shown"),
    [("tiny", "random weights"), ("../my models/t5", "the local folder `../my models/t5`")],
)
def test_what_is_not_on_the_hub_is_no_base_model_and_no_dataset(model: str, shown: str) -> None:
    text = build_card(facts_of(settings=from_model(model, None)))
    front = text.partition("\n---\n")[0]
    assert f"It started from {shown} and" in text
    assert ("expect nothing of it on other texts" in text) == (model == "tiny")
    assert "base_model" not in front
    assert "datasets:" not in front
    assert "language:" not in front
