"""Sentences in which a chat model refuses, anywhere in a text.

Answers that begin with a refusal are found elsewhere; here are those that begin as if there was
none. What stands in quotation marks is somebody else's.
"""

import re

START = r"(?:^|(?<=[.!?…:;])\s{1,9}|\n[ \t]{0,9})(?:[-*•] )?"
"""Where a sentence begins; one that begins with a quotation mark does not match what follows."""
REGRET = (
    r"(?:(?:i['’]?m (?:very |so |truly )?sorry|i am (?:very |so |truly )?sorry|sorry|unfortunately"
    r"|apologies|i apologi[sz]e),? (?:but )?)?"
)
UNABLE = (
    r"(?:i (?:can['’]?t|cannot|can not|won['’]?t|will not|am (?:unable|not able) to)"
    r"|i['’]m (?:unable|not able) to)"
)
THIS = r"(?:this|that|these|those|the|your)"
THINGS = (
    r"(?:summary|response|answer|content|article|translation|headline|title|label|information|text)"
)
TASK = (
    rf"(?:(?:help|assist)(?: you)? with (?:this\b|that\b|{THIS} (?:request|task|question|topic))"
    rf"|(?:fulfill?|complete|comply with|process) {THIS} request"
    rf"|(?:provide|produce|write|create|generate|give|offer)"
    rf" (?:an? |any |you |such |{THIS} )*{THINGS}\b"
    rf"|(?:summari[sz]e|translate|classify|answer|rewrite) {THIS}\b"
    r"|(?:do that|comply|help|assist)(?=\s*(?:[.!,]|$)))"
)
MACHINE = (
    r"(?:ai(?=,)|(?:ai|artificial intelligence|(?:large )?language)"
    r"(?: language)? (?:model|assistant|chatbot)\b)"
)
SENTENCES = (
    rf"{START}{REGRET}{UNABLE} {TASK}",
    rf"\bas an? {MACHINE}",
    rf"{START}i(?:['’]m| am) (?:just |only )?an? {MACHINE}",
    r"\bals (?:eine? )?(?:ki(?=,)|ki-(?:modell|sprachmodell|assistent)|sprachmodell)",
    r"\ben tant qu(?:['’]ia(?=,)|['’]assistant virtuel|e modèle (?:de langage|linguistique))",
    r"\bcomo (?:(?:una? |uma? )?ia(?=,)|(?:un |um )?modelo de (?:lenguaje|linguagem))",
    r"\b(?:in quanto|come) (?:ia(?=,)|modello linguistico)",
    r"\bals (?:een )?(?:ai(?=,)|taalmodel)",
    rf"{START}(?:es )?tut mir leid, (?:aber )?(?:ich kann|dabei kann ich)",
    rf"{START}ich kann (?:ihnen |dir )?(?:dabei|damit) (?:leider )?nicht",
    rf"{START}(?:je suis )?désolée?,? (?:mais )?je ne peux",
    rf"{START}(?:lo siento|lo lamento), (?:pero )?no puedo",
    rf"{START}(?:desculpe|sinto muito|lamento), (?:mas )?não posso",
    rf"{START}mi dispiace, (?:ma )?non posso",
    rf"{START}het spijt me, (?:maar )?ik kan",
)
"""In English; as a language model, in eight languages; and plainly, in six."""
REFUSALS = tuple(re.compile(sentence, re.IGNORECASE) for sentence in SENTENCES)


def has_refusal(text: str) -> bool:
    """Whether a sentence of a text refuses, or speaks as a language model."""
    return any(pattern.search(text) for pattern in REFUSALS)
