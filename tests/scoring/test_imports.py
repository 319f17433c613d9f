"""Scoring and decoding start quickly: they load neither torch nor transformers."""

from tests.imports import run_python

CODE = """
import sys, understudy.scoring.rouge, stages.predict
print({'torch', 'transformers'} & {*sys.modules})
import transformers
print(transformers.__name__)
"""


def test_scoring_and_decoding_load_neither_and_transformers_can_be_imported_later() -> None:
    assert run_python("-c", CODE, check=True).stdout == "set()\ntransformers\n"
