"""Guesses the language of a text: by its script, and among Latin ones by its commonest words."""

from collections import Counter

import regex

from understudy.texts.words import split_words

SCRIPTS = (
    *("Arabic", "Armenian", "Bengali", "Cyrillic", "Devanagari", "Ethiopic", "Georgian", "Greek"),
    *("Gujarati", "Gurmukhi", "Han", "Hangul", "Hebrew", "Kannada", "Khmer", "Lao", "Latin"),
    *("Malayalam", "Myanmar", "Sinhala", "Tamil", "Telugu", "Thai"),
)
KANA = "Kana"
LETTERS = regex.compile(
    "|".join(
        [rf"(?P<{KANA}>[\p{{Hiragana}}\p{{Katakana}}])"]
        + [rf"(?P<{script}>\p{{{script}}}+)" for script in SCRIPTS]
    )
)
LEAST_LETTERS, LEAST_SHARE = 12, 0.75
"""Letters that a text must have, and the share of them that its script must have."""
DENSE, DENSITY = {"Han", KANA, "Hangul"}, 3
"""Scripts of which a letter says as much as so many Latin ones."""
LEAST_KANA = 0.1
"""Share of Japanese text, at least, that is no Chinese character."""
LEAST_WORDS, LEAST_COMMON, LEAST_KINDS, LEAST_LEAD = 8, 0.15, 3, 1.3
"""Words that a Latin text must have; the share of its language's commonest words among them; how
many different ones; and how many times as many as of the second language."""
COMMON = {
    language: frozenset(words.split())
    for language, words in {
        "cs": "a v se na že je s z do to o i pro ve za by ale jako po které který jsou od k podle "
        "až byl jeho tak co při před nebo jen už jsem však může také bylo",
        "da": "og i at det er en til på af den som med de for der har ikke et fra var om blev vil "
        "kan han sig også ved efter men eller skal nu så år mere over hvor hun jeg",
        "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als "
        "auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem "
        "über war",
        "en": "the of and to a in is that for it was on are as with his they at be this from i "
        "have or by had not but what all were we when your can said there an which their",
        "es": "de la que el en y a los se del las un por con no una su para es al lo como más pero "
        "sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay",
        "fi": "ja on ei se että oli hän en joka mutta ovat kun myös olla niin tai hänen sen kuin "
        "ole nyt jos ne mitä voi sitten vain jo sekä ollut mukaan kanssa tämä siitä vielä",
        "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se "
        "ce il sont avec mais comme ou si leur y dont elle nous vous été cette aux ses",
        "hu": "a az és hogy nem is egy ez meg csak de volt ki el mint már van vagy ha azt még úgy "
        "be lesz kell amely ezt minden után így ami több szerint lehet akkor nagyon",
        "id": "yang dan di dengan untuk tidak ini dari dalam akan pada juga saya ke karena "
        "tersebut bisa ada mereka lebih kata tahun sudah atau saat oleh menjadi orang itu sebagai",
        "it": "di e il la che in a per un è del non sono della con una i si le da più al come nel "
        "ha lo dei alla gli ma anche questo o se delle dal su ho nella questa",
        "nl": "de van het een en in is dat op te zijn met voor niet die aan er om ook als bij dan "
        "maar hij nog uit naar heeft wordt ze door over tot was worden deze kan hebben meer",
        "no": "og i det på er til en av for at med som de den har ikke et fra var om ble kan vil "
        "han seg også ved etter men eller skal nå så år mer over hvor hun jeg mot",
        "pl": "w i na z do się nie że jest o to a jak po co ale za od przez przy dla są tym tego "
        "czy już tylko może był jego które oraz który ze tak być również jej pod",
        "pt": "de a o que e do da em um para é com não uma os no se na por mais as dos como mas "
        "foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também",
        "ro": "de și în a la cu nu o că pe un este din care mai se pentru ce sau au fost dar ca al "
        "să lui sunt când prin după fi ale cel foarte acest această între fără",
        "sv": "och i att det som en på är av för med den till inte har de ett om han men var jag "
        "sig från vi så kan när år under också efter eller nu sin där vid mot ska",
        "tr": "ve bir bu da de için ile çok olarak daha gibi olan ne kadar sonra var en ki o ama "
        "ben her değil mi ya oldu diye olduğu göre yok şey ise kendi tarafından içinde",
        "vi": "và của là có được cho trong không một với các những này đã người khi để đến từ về "
        "vào ra như cũng năm nhiều tại sẽ phải theo trên hay đó bị",
    }.items()
}


def guess_language(text: str) -> str | None:
    """The language of a text, or None where that is not sure, as in a few words.

    Returns:
        A code such as `en` for languages in Latin letters, `ja` and `zh`; otherwise the script,
        such as `Cyrillic`, that several languages share.
    """
    script = _find_script(text)
    return _guess_latin(text) if script == "Latin" else script


def _find_script(text: str) -> str | None:
    counts: Counter[str] = Counter()
    for found in LETTERS.finditer(text):
        density = DENSITY if found.lastgroup in DENSE else 1
        counts[found.lastgroup] += density * len(found[0])
    total, kana = counts.total(), counts.pop(KANA, 0)
    if total < LEAST_LETTERS:
        return None
    counts["Han"] += kana
    [(script, letters)] = counts.most_common(1)
    if letters < LEAST_SHARE * total:
        return None
    if script == "Han":
        return "ja" if kana >= LEAST_KANA * letters else None if kana else "zh"
    return script


def _guess_latin(text: str) -> str | None:
    words = split_words(text)
    if len(words) < LEAST_WORDS:
        return None
    counts = Counter(
        {language: sum(word in common for word in words) for language, common in COMMON.items()}
    )
    (language, most), (_, second) = counts.most_common(2)
    is_sure = most >= LEAST_COMMON * len(words) and most >= LEAST_LEAD * second
    kinds = len(COMMON[language].intersection(words))
    return language if is_sure and kinds >= LEAST_KINDS else None
