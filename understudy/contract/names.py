"""Names of what is compared: systems, the pairs of the study, ROUGE types and measures."""

from itertools import chain

STUDENTS = ("t5", "bart")
SOURCES = ("gold", "written")
ZEROSHOT, LEAD = "zeroshot", "lead-3"
TRAINED = tuple(f"{student}-{source}" for student in STUDENTS for source in SOURCES)
SYSTEMS = (*TRAINED, ZEROSHOT, LEAD)

QUESTIONS = {
    "source": tuple((f"{student}-written", f"{student}-gold") for student in STUDENTS),
    "teacher": tuple((student, ZEROSHOT) for student in TRAINED),
    "size": tuple((f"bart-{source}", f"t5-{source}") for source in SOURCES),
    "lead": tuple((system, LEAD) for system in (*TRAINED, ZEROSHOT)),
}
"""The pairs that the study compares, by what they are compared for; the first minus the second."""
PAIRS = tuple(chain.from_iterable(QUESTIONS.values()))

TITLES = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougel": "ROUGE-L", "rougelsum": "ROUGE-Lsum"}
KINDS = tuple(TITLES)
MEASURES = ("recall", "precision", "f1")
COLUMNS = tuple(f"{kind}_{measure}" for kind in KINDS for measure in MEASURES)
"""Columns of a table or an array with all scores of an article."""
