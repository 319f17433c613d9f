"""A converted student is served without torch and transformers, which deploy/ does not install."""

import json
from pathlib import Path

from tests.imports import ROOT, run_python

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


def test_an_answer_needs_neither_torch_nor_transformers(model: Path) -> None:
    done = run_python("-c", ANSWER, model, ROOT / "prompts/zeroshot.txt")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [200, []]
