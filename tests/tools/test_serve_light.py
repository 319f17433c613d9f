"""A converted student is served without torch and transformers, which deploy/ does not install."""

import json
import subprocess
import sys
from pathlib import Path

from tests.imports import ROOT

ANSWER = """\
import json, sys
from pathlib import Path
from starlette.testclient import TestClient
from understudy.contract.params.serve import ServeParams
from understudy.tools.hosting import open_app
model, prompt = map(Path, sys.argv[1:])
with TestClient(open_app(model, prompt, None, ServeParams(), None, False)) as client:
    found = client.post("/v1/summaries", json={"article": "A bridge was opened."})
    print(json.dumps([found.status_code, sorted({"torch", "transformers"} & set(sys.modules))]))
"""


def test_an_answer_needs_neither_torch_nor_transformers(t5_toy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ANSWER, str(t5_toy), str(ROOT / "prompts/zeroshot.txt")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [200, []]
