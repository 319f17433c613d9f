"""Languages: sure of what is long enough, silent on the rest."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imports import ROOT
from understudy.texts.language import guess_language

REAL = ROOT.parent / "shared" / "data" / "cnndm"
TEXTS = {
    "en": "The council has approved the plan for the new bridge, but it will not be open"
    " before May.",
    "de": "Der Rat hat den Plan für die neue Brücke gebilligt, aber sie wird nicht vor Mai"
    " eröffnet.",
    "fr": "Le conseil a approuvé le plan pour le nouveau pont, mais il ne sera pas ouvert"
    " avant mai.",
    "es": "El consejo ha aprobado el plan para el nuevo puente, pero no se abrirá antes de mayo.",
    "it": "Il consiglio ha approvato il piano per il nuovo ponte, ma non sarà aperto prima"
    " di maggio.",
    "pt": "O conselho aprovou o plano para a nova ponte, mas ela não será aberta antes de maio.",
    "nl": "De raad heeft het plan voor de nieuwe brug goedgekeurd, maar hij gaat niet voor"
    " mei open.",
    "pl": "Rada zatwierdziła plan nowego mostu, ale nie zostanie on otwarty przed majem,"
    " bo jest to za wcześnie.",
    "sv": "Rådet har godkänt planen för den nya bron, men den kommer inte att öppnas före"
    " maj i år.",
    "tr": "Konsey yeni köprü için planı onayladı, ama bu köprü mayıs ayından önce"
    " açılmayacak ve bir yıl daha sürecek.",
    "Cyrillic": "Совет одобрил план строительства нового моста, но он откроется не раньше мая.",
    "Greek": "Το συμβούλιο ενέκρινε το σχέδιο για τη νέα γέφυρα.",
    "Arabic": "وافق المجلس على خطة الجسر الجديد لكنه لن يفتح قبل مايو",
    "Devanagari": "परिषद ने नए पुल की योजना को मंजूरी दे दी है",
    "zh": "市议会批准了新桥的计划,但它不会在五月之前开放。",
    "ja": "市議会は新しい橋の計画を承認しましたが、五月より前には開通しません。",
    "Hangul": "시의회는 새 다리 계획을 승인했지만 오월 전에는 열리지 않을 것이다.",
    "Thai": "สภาอนุมัติแผนสะพานใหม่แล้ว แต่จะไม่เปิดก่อนเดือนพฤษภาคม",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_is_enough(language: str) -> None:
    assert guess_language(TEXTS[language]) == language
    assert guess_language(TEXTS[language].upper()) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "billing",
        "Refund refused",
        "12.5 % of 1,000 = 125 (2024-11-27)",
        "Microsoft Windows Server Datacenter Edition Service Pack Update KB5005039 x64",
        "Anna Smith, Peter Jones, Maria Garcia, Jean Dupont, Hans Müller, Jan Kowalski",
        "def main(): return [x for x in range(10)]",
        TEXTS["en"] + " " + TEXTS["fr"],
        TEXTS["en"][:45] + TEXTS["Cyrillic"][:45],
    ],
)
def test_what_is_not_sure_has_no_language(text: str) -> None:
    assert guess_language(text) is None


def test_a_foreign_name_in_a_text_changes_nothing() -> None:
    assert guess_language(TEXTS["en"] + " Сергей Иванов") == "en"
    assert guess_language(TEXTS["zh"] + " Microsoft") == "zh"


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    guess_language(text)


@pytest.mark.skipif(not REAL.exists(), reason="the real articles are no part of the project")
def test_real_news_is_english_or_unsure() -> None:
    lines = Path(REAL / "train.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    articles = [guess_language(row["article"]) for row in rows]
    assert set(articles) <= {"en", None}
    assert articles.count("en") >= 0.99 * len(articles)
    assert {guess_language(row["highlights"]) for row in rows} <= {"en", None}
