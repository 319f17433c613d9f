"""Summaries from a student that learned the toy pairs."""

from collections.abc import Iterator

import pytest

from tests.students import PLACES, decoding_params, summarize, taught_engine, toy_pairs
from understudy.students.decoding import decoding
from understudy.students.model.families import FAMILIES

EACH_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))
ARTICLES = list(toy_pairs(13, seed=7)["article"])


@EACH_FAMILY
def test_summaries_come_in_the_order_of_the_articles(family: str) -> None:
    engine = taught_engine(family)
    lengths = [len(article) for article in ARTICLES]
    summaries = summarize(engine, ARTICLES)
    alone = [summarize(engine, [article])[0] for article in ARTICLES]
    assert lengths != sorted(lengths, reverse=True)
    assert len(set(summaries)) > 5
    assert summaries == alone


@EACH_FAMILY
@pytest.mark.parametrize("tokens", [1, 40, 90, 10_000])
def test_the_batch_size_does_not_change_the_text(family: str, tokens: int) -> None:
    engine = taught_engine(family)
    expected = summarize(engine, ARTICLES)
    assert summarize(engine, ARTICLES, tokens_per_batch=tokens) == expected


@EACH_FAMILY
def test_a_summary_is_text_without_special_tokens_or_outer_spaces(family: str) -> None:
    summaries = summarize(taught_engine(family), ARTICLES)
    assert all(summary == summary.strip() for summary in summaries)
    assert not any(token in "".join(summaries) for token in ("<pad>", "<s>", "</s>"))
    assert sum("\n" in summary for summary in summaries) > len(ARTICLES) / 2


@EACH_FAMILY
def test_an_empty_article_gets_a_summary_and_disturbs_no_other(family: str) -> None:
    engine = taught_engine(family)
    expected = summarize(engine, ARTICLES[:4])
    found = summarize(engine, [*ARTICLES[:2], "", *ARTICLES[2:4]])
    assert [*found[:2], *found[3:]] == expected
    assert isinstance(found[2], str)


def test_no_articles_give_no_summaries() -> None:
    assert summarize(taught_engine("t5"), []) == []


@EACH_FAMILY
@pytest.mark.parametrize("beams", [1, 3])
def test_a_summary_has_at_most_max_tokens(family: str, beams: int) -> None:
    engine = taught_engine(family)
    whole = summarize(engine, ARTICLES, beams=beams)
    cut = summarize(engine, ARTICLES, beams=beams, max_tokens=4)
    lengths = [len(ids) for ids in engine.tokenizer(cut, add_special_tokens=False)["input_ids"]]
    assert max(lengths) <= 4
    assert all(len(short) < len(long) for short, long in zip(cut, whole, strict=True))


@EACH_FAMILY
def test_only_the_start_of_an_article_counts_beyond_max_input_tokens(family: str) -> None:
    engine = taught_engine(family)
    starts = [f"Elena arrived in {place} on Friday. Nobody was hurt. It" for place in PLACES]
    longer = [f"{start} rained. Hugo arrived in Perth on Monday." for start in starts]
    assert min(map(len, engine.tokenizer(starts)["input_ids"])) >= 12
    cut = [summarize(engine, texts, max_input_tokens=12) for texts in (longer, starts)]
    assert cut[0] == cut[1]


@EACH_FAMILY
def test_no_ngram_of_the_forbidden_size_is_repeated(family: str) -> None:
    engine = taught_engine(family)
    free = summarize(engine, ARTICLES)
    barred = summarize(engine, ARTICLES, no_repeat_ngram=1)
    ids = engine.tokenizer([*free, *barred], add_special_tokens=False)["input_ids"]
    repeats = [len(row) > len(set(row)) for row in ids]
    assert any(repeats[: len(free)])
    assert not any(repeats[len(free) :])


@EACH_FAMILY
def test_windows_do_not_change_the_text(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = taught_engine(family)
    expected = summarize(engine, ARTICLES)
    monkeypatch.setattr(decoding, "WINDOW", 4)
    assert summarize(engine, ARTICLES) == expected


def test_articles_are_read_a_window_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def count() -> Iterator[str]:
        nonlocal read
        for article in ARTICLES:
            read += 1
            yield article

    monkeypatch.setattr(decoding, "WINDOW", 3)
    summaries = decoding.decode(taught_engine("t5"), count(), decoding_params(), "test", None)
    next(summaries)
    assert read == 3


def test_cut_articles_are_counted_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    engine = taught_engine("t5")
    lengths = [
        len(ids) for ids in engine.tokenizer([f"summarize: {a}" for a in ARTICLES]).input_ids
    ]
    summarize(engine, ARTICLES, max_input_tokens=20)
    over = sum(length > 20 for length in lengths)
    assert 0 < over < len(ARTICLES)
    told = "".join(capsys.readouterr())
    assert f"test: {over} articles were cut at 20 tokens" in told
