"""The page's text: what a browser may run, what is escaped, what is there without JavaScript."""

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from rouge_score.tokenize import tokenize

from stages.report.browser import build_payload, embed_json, list_stems
from stages.report.inputs import gather
from stages.report.page import hash_source, keep_together, render
from tests.contract.examples import (
    SYSTEMS,
    make_answered,
    make_calls,
    make_dataset,
    make_origin,
    make_survey,
    make_teacher,
)
from tests.imports import ROOT
from tests.stages.report.inputs import make_articles, write_json, write_project
from tests.stages.report.planted import ENDS, LOADS, RUNS, TURNS, URL, plant
from understudy.contract.answered import Answered
from understudy.contract.params.sources import SOURCES
from understudy.contract.survey import SourceSurvey
from understudy.rendering.verdicts import FIND_OUT

EVIL = " ".join([ENDS, RUNS, LOADS.format(url=URL), TURNS])
SCHEMES = ("light", "dark")


class Reader(HTMLParser):
    """Elements with their attributes and the text that they begin with."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.texts.append("")
        self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]

    def text_of(self, tag: str) -> list[str]:
        pairs = zip(self.found, self.texts, strict=True)
        return [text for (name, _), text in pairs if name == tag]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page with harmful texts wherever one can come from outside."""
    folder = tmp_path_factory.mktemp("project")
    write_project(folder, plant(make_articles(2)))
    calls = make_calls(1.0, model=f"embedded-rules {EVIL}")
    data, dataset = make_survey("labelled").to_json(), make_dataset(3).to_json()
    answered = make_answered("label").to_json()
    data["answers"]["train"][EVIL] = 3.0
    dataset["train"]["dropped"][EVIL] = answered["train"]["dropped"][EVIL] = 0
    write_json(folder / SourceSurvey.path_of("labelled"), data)
    write_json(folder / "metrics/dataset.json", dataset)
    write_json(folder / Answered.path_of("label"), answered)
    teacher = make_teacher(generate=calls, label=calls, zeroshot=calls)
    names = dict.fromkeys(("dataset", "config", "revision"), EVIL)
    origin = make_origin("hub").model_copy(update=names)
    for document in (teacher, origin):
        document.write(folder / document.PATH)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return render(gather(100))


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    return Reader(page)


def test_only_the_pages_own_script_and_style_may_run(read: Reader) -> None:
    (policy,) = [m for m in read.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy["content"]).split(";"))
    assert rules == {
        "default-src": "'none'",
        "script-src": f"'{hash_source(read.text_of('script')[1])}'",
        "style-src": f"'{hash_source(read.text_of('style')[0])}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_harmful_texts_make_no_element_handler_style_or_link(read: Reader) -> None:
    assert [a.get("type") for a in read.all("script")] == ["application/json", None]
    for tag in ("img", "b1", "template", "textarea", "iframe", "object", "base"):
        assert read.all(tag) == []
    assert len(read.all("title")) == len(read.all("style")) == 1
    for tag, attributes in read.found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("src", "href", "srcset", "action", "xlink:href"):
            assert str(attributes.get(name, "#")).startswith(("#", "data:")), tag


def test_names_from_outside_are_text_on_one_line(page: str, read: Reader) -> None:
    codes = [text for text in read.text_of("code") if text not in (FIND_OUT, "worth")]
    assert codes
    for text in codes:
        assert text.startswith("embedded-rules </script></title>")
        assert "<script>window.planted = 'script'</script>" in text
    assert not set(page) & set("\x00\x07\u202e\u2066\u200f\u2028\u2029") - set(
        read.text_of("script")[0]
    )


def test_the_data_block_holds_every_text_as_it_is(read: Reader) -> None:
    block = read.text_of("script")[0]
    assert not set(block) & set("<>&\u2028\u2029\x00")
    texts = json.loads(block)["texts"]
    expected = plant(make_articles(2))
    assert texts["article"] == [row["article"] for row in expected]
    assert texts["id"] == [row["id"] for row in expected]
    for system in set(SYSTEMS) - {"lead-3"}:
        assert texts[system] == [row[system] for row in expected]


@pytest.mark.parametrize("text", ["</script>", "<!--", "\u2028", "\x00", "&lt;", '"\\', "é😀"])
def test_embedded_json_reads_back(text: str) -> None:
    embedded = str(embed_json({text: [text]}))
    assert not set(embedded) & set("<>&\u2028\u2029\x00")
    assert json.loads(embedded) == {text: [text]}


def test_ids_are_unique_tables_have_heads_and_sections_titles(read: Reader, page: str) -> None:
    ids = [str(attributes["id"]) for _, attributes in read.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in read.found:
        for name in ("for", "aria-labelledby", "aria-describedby"):
            assert attributes.get(name, ids[0]) in ids
        href = str(attributes.get("href", ""))
        assert not href.startswith("#") or href[1:] in ids
    for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
        assert 'scope="row' in table
        assert ('scope="col"' in table) == ("<thead" in table)
    assert read.text_of("h1") == ["How close is “very close”?"]
    assert read.text_of("h2") == [
        "Verdicts", "Is it worth it?", "When may it answer alone?", "Scores", "Is it only length?",
        "Learning curves", "What ROUGE does not see", "What the data is", "What the teacher cost",
        "Test articles",
    ]  # fmt: skip


def test_the_page_says_what_it_says_without_javascript(page: str) -> None:
    static = page[: page.index('<script type="application/json"')]
    for text in (
        "This T5 learned less from written articles: 12.9 points below gold pairs.",
        "This T5 learned more from the teacher’s labels: 4.0 points above gold pairs.",
        "This BART learned as much from written articles as from gold pairs, within 1 point.",
        "say nothing about ChatGPT",
        "Browsing the articles needs JavaScript",
        "−14.4 to −11.4",
        "$1.00",
    ):
        assert text in static


def test_equal_facts_give_equal_text_and_scores_in_hundredths(project: Path) -> None:
    assert render(gather(9)) == render(gather(9))
    facts = gather(2)
    payload = build_payload(facts)
    for system in SYSTEMS:
        for name, values in payload["points"][system].items():
            expected = list(facts.points[system][name] * 100)
            assert values == pytest.approx(expected, abs=0.5)
            assert len(values) == 2


def test_stems_are_those_that_rouge_compares() -> None:
    from nltk.stem.porter import PorterStemmer

    texts = ["Women's houses were Damaged; 1,250 fires burned", "élan flies, was damaging"]
    stems = list_stems(pd.DataFrame({"text": texts}))
    for text in texts:
        words = re.findall("[a-z0-9]+", text.lower())
        assert [stems.get(word, word) for word in words] == tokenize(text, PorterStemmer())
    assert stems["houses"] == "hous"
    assert "were" not in stems


def test_without_a_stemmer_words_are_compared_as_they_are(project: Path) -> None:
    params = (project / "params.yaml").read_text(encoding="utf-8")
    (project / "params.yaml").write_text(params.replace("stemmer: true", "stemmer: false"), "utf-8")
    facts = gather(9)
    assert build_payload(facts)["stems"] == {}
    assert "by their stems" not in render(facts)


def test_names_with_hyphens_stay_on_one_line_and_are_escaped() -> None:
    assert keep_together("<b> t5-written & ROUGE-L.") == (
        '&lt;b&gt; <span class="unbroken">t5-written</span> &amp; '
        '<span class="unbroken">ROUGE-L</span>.'
    )


def read_colours(scheme: str) -> dict[str, str]:
    style = (ROOT / "stages/report/style/page.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    pairs = re.findall(r"--([\w-]+): (#\w{6});", light + (dark if scheme == "dark" else ""))
    return dict(pairs)


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def contrast(first: str, second: str) -> float:
    low, high = sorted([luminance(first), luminance(second)])
    return (high + 0.05) / (low + 0.05)


def too_low(scheme: str, inks: Sequence[str], grounds: Sequence[str], least: float) -> list[str]:
    colours = read_colours(scheme)
    return [
        f"{ink} on {ground}: {found:.2f}"
        for ink in inks
        for ground in grounds
        if (found := contrast(colours[ink], colours[ground])) < least
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_has_the_contrast_of_wcag_aa(scheme: str) -> None:
    names = ["ink", "soft", "link", *SOURCES, "zeroshot", "lead"]
    assert too_low(scheme, names, ["paper", "wash"], 4.5) == []
    assert too_low(scheme, ["ink"], ["hit", "run", "run-long", "warning", "found"], 4.5) == []
    marks = [*SOURCES, "zeroshot", "lead", "reference"]
    assert too_low(scheme, marks, ["margin"], 3) == []


def test_contrast_is_reckoned_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
