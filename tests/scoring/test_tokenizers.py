"""Words of all scripts: exact copies score 100, other texts 0, and English as before."""

import unicodedata

import pytest

from understudy.rows.sample.article import sample_rows
from understudy.scoring.rows import score_rows
from understudy.scoring.tokenizers import EnglishWords, UnicodeWords

TEXTS = {
    "Russian": ("Мост снова открыт для машин", "Погода будет ясной"),
    "Arabic": ("فُتِح الجسر أمام السيارات من جديد", "ارتفع سعر الخبز"),
    "Persian": ("او می‌خواهد به خانه برود", "قیمت نان بالا رفت"),
    "Hindi": ("पुल फिर से गाड़ियों के लिए खुला", "कल मौसम साफ़ रहेगा"),
    "Chinese": ("大桥重新开放通车", "明天天气晴朗"),
    "Japanese": ("橋がまた車に開放された", "パンの値段アップ"),
    "Korean": ("다리가 다시 열렸다", "내일은 맑겠다"),
    "Thai": ("เปิดสะพานอีกครั้ง", "หมู ๆ"),
    "Burmese": ("တံတား", "မိုး"),
    "Greek": ("Η γέφυρα άνοιξε ξανά", "Ο καιρός θα είναι καλός"),
    "Amharic": ("ድልድዩ እንደገና ተከፈተ", "ነገ ዝናብ ይዘንባል"),
}


def score(prediction: str, reference: str, kind: str = "rougelsum") -> float:
    rows = score_rows([prediction], [reference], stemmer=True, words="unicode")
    return rows[kind]["f1"][0]


@pytest.mark.parametrize("language", TEXTS)
def test_a_copy_scores_100_and_another_text_little_in_every_script(language: str) -> None:
    text, other = TEXTS[language]
    for kind in ("rouge1", "rouge2", "rougel", "rougelsum"):
        assert score(text, text, kind) == 100
    assert score(other, text, "rouge2") == 0
    assert score(other, text, "rouge1") < 35  # a few letters are shared where each is a word


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("हिन्दी में", ["हिन्दी", "में"]),  # vowels and the virama stay with their letters
        ("今日はiPhone15を買った。", [*"今日は", "iphone15", *"を買った"]),
        ("コーヒー 1,250円", [*"コーヒー", "1", "250", "円"]),
        ("สวัสดี ๒๕๖๗", ["ส", "วั", "ส", "ดี", "๒๕๖๗"]),
        ("안녕하세요 세계", ["안녕하세요", "세계"]),
        ("Straße, ΟΔΟΣ_1 l’été", ["strasse", "οδοσ", "1", "l", "été"]),
        ("… !? 🙂", []),
    ],
)
def test_words_are_runs_of_letters_or_single_letters_by_script(text: str, words: list[str]) -> None:
    assert UnicodeWords(stemmer=False).tokenize(text) == words


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Café à Orléans", unicodedata.normalize("NFD", "CAFÉ À ORLÉANS")),
        ("iPhone 15", "ｉＰｈｏｎｅ　１５"),
        ("コーヒー", "ｺｰﾋｰ"),
        ("Kraftfahrzeug", "Kraft\u00adfahr\u00adzeug"),
        ("سلام", "\u202bسلام\u202c"),
    ],
)
def test_the_same_text_encoded_in_another_way_has_the_same_words(text: str, same: str) -> None:
    assert score(same, text, "rouge1") == 100


def test_space_of_zero_width_separates_words_and_a_to_z_alone_are_stemmed() -> None:
    assert UnicodeWords(stemmer=False).tokenize("one\u200btwo") == ["one", "two"]
    assert UnicodeWords(stemmer=True).tokenize("houses cafés дома") == ["hous", "cafés", "дома"]


@pytest.mark.parametrize("stemmer", [True, False])
def test_english_text_has_the_same_words_and_scores_either_way(stemmer: bool) -> None:
    rows = list(sample_rows("test", 40, 1))
    texts = [row["article"].encode("ascii", "ignore").decode() for row in rows]
    texts += ["It's 3.5% of $1,250 (snake_case) -- e.g. O'Neil's well-known\tcats"]
    for text in texts:
        words = EnglishWords(stemmer).tokenize(text)
        assert UnicodeWords(stemmer).tokenize(text) == words
    references = [row["highlights"].encode("ascii", "ignore").decode() for row in rows]
    both = [score_rows(texts[:40], references, stemmer, words=w) for w in ("english", "unicode")]
    assert both[0] == both[1]
