"""Scoring and decoding start quickly: they load neither torch nor transformers."""

import subprocess
import sys

CODE = """
import sys, understudy.scoring.rouge, stages.predict
print({'torch', 'transformers'} & {*sys.modules})
import transformers
print(transformers.__name__)
"""


def test_scoring_and_decoding_load_neither_and_transformers_can_be_imported_later() -> None:
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["set()", "transformers", ""]
