"""Scoring and decoding start quickly: they load neither torch nor transformers."""

import subprocess
import sys


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_metric_loads_neither_torch_nor_transformers() -> None:
    code = "import sys, understudy.scoring.rouge; print({'torch', 'transformers'} & {*sys.modules})"
    assert run(code) == "set()"


def test_transformers_can_be_imported_afterwards() -> None:
    code = "import understudy.scoring.rouge, transformers; print(transformers.__name__)"
    assert run(code) == "transformers"


def test_decoding_loads_neither() -> None:
    code = "import sys, stages.predict; print({'torch', 'transformers'} & {*sys.modules})"
    assert run(code) == "set()"
