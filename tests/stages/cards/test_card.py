"""What people read in a model card."""

import pytest

from stages.cards.card import build_card
from tests.contract.examples import TRAINED, make_dataset, make_origin
from tests.contract.payback_examples import refuse_calibration
from tests.stages.cards.examples import (
    FAILED,
    SYSTEMS,
    WITH_SEEDS,
    answers,
    classifying,
    facts_of,
    front_matter,
    settings_of,
    snippets,
)
from tests.stages.datacards.examples import teacher_at
from understudy.contract.evaluation import SystemScores
from understudy.contract.names import KINDS, LEAD, ZEROSHOT
from understudy.contract.personal import ReplacedKinds


@pytest.mark.parametrize("system", TRAINED)
def test_the_table_has_the_scores_beside_lead_3_and_zeroshot(system: str) -> None:
    rows = [line for line in build_card(facts_of(system)).splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [system, LEAD, ZEROSHOT]
    for row, name in zip(rows, (system, LEAD, ZEROSHOT), strict=True):
        scores = SYSTEMS[name]
        assert isinstance(scores, SystemScores)
        cells = [cell.strip() for cell in row.split("|")[2:-1]]
        assert cells[:2] == [f"{scores.rouge1.recall:.1f}", f"{scores.rouge1.precision:.1f}"]
        for cell, kind in zip(cells[2:6], KINDS, strict=True):
            f1, low, high = scores[kind].interval("f1")
            assert cell == f"{f1:.1f} ({low:.1f}–{high:.1f})"
        assert cells[6] == f"{scores.words:.0f}"


def test_articles_whose_call_failed_are_not_counted_as_scored() -> None:
    text = build_card(facts_of(tested=answers(failed=3, empty=2)))
    assert "ROUGE on 177 of 180 test articles" in text
    assert "ROUGE on 180 test articles" in build_card(facts_of())


def test_with_one_seed_a_card_says_that_a_retrain_is_not_known() -> None:
    text = build_card(facts_of())
    assert "\nOne model was trained, with seed 13: how far another seed's scores would be" in text
    assert "corrected for 22 comparisons." in text
    assert (
        "*This model* (these weights, on articles like these):\n\n"
        "- `t5-written` is worse than `t5-gold`: −12.9 (−14.4 to −11.4)\n"
        "- `t5-labelled` is better than `t5-written`: +4.0 (+2.5 to +5.5)\n"
        "- `t5-written` is worse than `zeroshot`: −12.9 (−14.4 to −11.4)\n"
    ) in text
    assert (
        "\n*This recipe* (trained again, on articles like these): not known: one seed. "
        "With `seeds: [13, 14, 15]` in params.yaml, three are trained.\n"
    ) in text
    assert "±" not in text


def test_with_three_seeds_a_card_has_all_of_them_and_says_which_ships_and_why() -> None:
    text = build_card(facts_of(**WITH_SEEDS))
    assert (
        "\n3 models were trained that differ in nothing but the seed. This is seed 13: it ships "
        "because its validation loss is the lowest.\n"
    ) in text
    rows = text[text.index("| seed |") :].partition("\n\n")[0].splitlines()
    assert rows == [
        "| seed | validation loss | ROUGE-1 F1 | ROUGE-2 F1 | ROUGE-L F1 | ROUGE-Lsum F1 |",
        "|---:|---:|---:|---:|---:|---:|",
        "| 13 (ships) | 1.59268 | 20.1 | 21.1 | 22.1 | 23.1 |",
        "| 14 | 1.69268 | 19.1 | 20.1 | 21.1 | 22.1 |",
        "| 15 | 1.79268 | 18.1 | 19.1 | 20.1 | 21.1 |",
        "| mean ± SD | | 19.1 ± 1.2 | 20.1 ± 1.2 | 21.1 ± 1.2 | 22.1 ± 1.2 |",
    ]
    assert (
        "\n*This recipe* (trained again, on articles like these):\n\n"
        "- `t5-written` against `t5-gold` is undecided, would need about 1,700 test articles or 9 "
        "seeds: −2.5 (−6.0 to +1.0)\n"
        "- `t5-labelled` against `t5-written` is undecided, would need about 1,700 test articles "
        "or 9 seeds: +1.5 (−2.0 to +5.0)\n"
        "- `t5-written` is better than `zeroshot`: −2.5 (−6.0 to +1.0)\n"
    ) in text
    assert "*This model* (these weights, on articles like these):\n\n- `t5-written` is" in text
    assert "one seed" not in text


def test_a_written_student_names_its_writer_and_a_gold_one_none() -> None:
    text = build_card(facts_of("t5-written"))
    assert "learned from articles that `writer-1` wrote" in text
    assert "from gold highlights alone, by `writer-1`" in text
    assert (
        "Of 1,396 rows asked about to learn from, 1,286 were kept (dropped: 110 `too_long`)" in text
    )
    assert "of 76 for validation, 76." in text
    assert "Teacher: `writer` at `https://chat.example`, which answered as `writer-1`" in text
    assert (
        "learned from articles under 3,000 characters and was tested on articles under 2,048"
        in text
    )
    train = make_dataset().train.model_copy(update={"read": 1900, "kept": 1396})
    dataset = make_dataset().model_copy(update={"train": train})
    text = build_card(facts_of("t5-gold", dataset=dataset))
    assert "learned from the articles of the data set itself" in text
    assert "Of 1,900 training rows, 1,396 were kept: articles under 2,048 characters" in text
    assert "learned from articles under 2,048 characters" in text
    assert "writer-1" not in text
    assert "synthetic-data" not in text


def test_the_sample_its_rules_and_own_files_are_called_what_they_are() -> None:
    text = build_card(facts_of(teacher=teacher_at("embedded")))
    assert text.count("the sample's embedded rules (`writer-1`, no language model)") == 3
    assert "the sample's embedded rules (`writer-2`, no language model), asked for" in text
    assert "an invented corpus.** Its scores show that the pipeline works." in text
    assert "an invented corpus" not in build_card(facts_of(origin=make_origin("hub")))
    text = build_card(facts_of(origin=make_origin("files")))
    assert f"`train.jsonl` (SHA-256 `{'t' * 64}`)" in text
    assert f"`validation.jsonl` (SHA-256 `{'v' * 64}`)" in text
    assert "/private" not in text


def test_the_engine_and_the_conversion_are_described_as_they_were() -> None:
    text = build_card(facts_of())
    assert "Converted weights: `int8`. On 2,900 tokens of 64 validation pairs" in text
    assert "by 0.0123 nats a token on average (limit 0.1), by 0.4 at most" in text
    assert "summaries were made by the converted model (CTranslate2)" in text
    text = build_card(facts_of(check=FAILED))
    assert "`understudy predict` uses transformers too. Why: `the converter failed: no file" in text
    assert "summaries were made by transformers" in text
    assert "import ctranslate2" not in text
    assert "Converted weights" not in text
    assert "ctranslate2" not in (front_matter(text).tags or [])
    assert "'model.bin'`" in text
    assert "/home" not in text
    decoding = facts_of().decoding.model_copy(update={"engine": "transformers"})
    assert "summaries were made by transformers" in build_card(facts_of(decoding=decoding))


def test_texts_that_were_cut_or_that_the_tokenizer_cannot_spell_are_counted() -> None:
    text = build_card(facts_of())
    assert "17 of 1,286 articles were cut at 500 tokens and 3 of as many highlights at 96" in text
    assert "An article is cut at 512 tokens" in text
    none = {"unknown": 0, "line_breaks": 0, "changed": 0, "characters": ""}
    some = {"unknown": 120, "line_breaks": 1286, "changed": 7, "characters": "{ } ~"}
    lost = {
        "train": {"inputs": some, "outputs": none},
        "validation": {"inputs": none, "outputs": none},
    }
    text = build_card(facts_of(settings=settings_of(lost=lost)))
    assert (
        "Of its 1,286 training articles, 120 have characters that its tokenizer does not know, 7 "
        "have some that it replaces, and 1,286 lose their line breaks: it neither reads nor writes "
        "them. Most often: `{ } ~`.\n"
    ) in text
    assert "training highlights" not in text
    assert "does not know" not in build_card(facts_of())


def test_the_settings_are_shown_as_they_were_used() -> None:
    text = build_card(facts_of())
    assert "seed 13" in text
    assert "step 12, validation loss 1.59268" in text
    assert "`torch` `2.13.0`, `transformers` `5.9.0`" in text
    assert '"learning_rate": 0.003' in snippets(text, "json")[0]


def test_of_an_endpoint_only_scheme_and_host_are_shown() -> None:
    address = "https://me:secret@chat.example:8443/secret?key=secret#secret"
    text = build_card(facts_of(teacher=teacher_at(address)))
    assert "at `https://chat.example:8443`," in text
    assert "secret" not in text


def test_personal_data_that_was_replaced_is_named_with_what_to_do() -> None:
    assert "Personal data" not in build_card(facts_of())
    some = ReplacedKinds(emails=True, phones=True, cards=False, names=False)
    text = build_card(facts_of(replaced=some))
    assert (
        "\n\nPersonal data was replaced in all texts that it learned from and was tested on: "
        "e-mail addresses, phone numbers. `understudy predict` replaces the same. Other programs, "
        "and the code below, have to do so before they pass a text on.\n\n## Scores\n"
    ) in text
    named = build_card(facts_of(replaced=some.model_copy(update={"names": True})))
    assert "phone numbers, names. `understudy predict` replaces the same, names by a list" in named
    assert "give yours with `--redact-names FILE`. Other programs" in named
    assert "\n\n\n" not in named


def test_a_card_says_when_the_student_answers_alone_or_why_it_never_does() -> None:
    text = build_card(facts_of())
    assert "## When it answers alone" in text
    assert "it answers 40.0% of requests alone; with 95% confidence, at most 10% of all" in text
    assert "Measured on 100 validation articles; it holds of requests like these" in text
    text = build_card(facts_of(calibration=refuse_calibration(rows=0, points=[])))
    assert "it never answers alone: 0 validation articles to calibrate on are too few" in text
    assert "Measured on" not in text


@pytest.mark.parametrize(
    ("system", "said"),
    [
        (
            "gbdt-gold",
            ["library_name: lightgbm", "It was trained from nothing", "- Start: nothing"],
        ),
        (
            "lstm-written",
            ["library_name: onnxruntime", "- ONNX weights: `int8`.", "99.5% get the same"],
        ),
        ("bert-labelled", ['pipeline("text-classification", "models/bert-labelled"', "- onnx\n"]),
        ("t5-labelled", ["becomes the likeliest of them", "library_name: transformers"]),
    ],
)
def test_a_classifiers_card_tells_its_classes_and_confusions(system: str, said: list[str]) -> None:
    facts = classifying(system)
    card = build_card(facts)
    own = facts.systems[system][facts.main].judged
    for text in [
        *said,
        "pipeline_tag: text-classification",
        f"| `{system}` | {own:.1f} (",
        "| `opening hours` | 0 | 2 | – | 0.0 | – |",
        "`billing` for `Rückgabe, Umtausch` (4), `Rückgabe, Umtausch` for `|` (1).",
        "(expected calibration error); its Brier score is 0.125",
        "On accuracy, with 95% intervals",
        "It answers one of its 3 labels",
    ]:
        assert text in card, text
    for absent in ("ROUGE", "summar", "highlight", "article"):
        assert absent not in card.partition("## When it")[0] + card.partition("## Use")[2], absent
