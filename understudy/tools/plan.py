"""What `dvc repro` would do now, and what it would cost; sends nothing to the teacher.

In:  params.yaml, dvc.lock, the data or what it is made of, the ledger and committed answers.
Out: on stdout, stale stages and why; models to train, their time and disk; for generate and
     zeroshot, calls already paid and to pay, estimated tokens, money and time. Calls are exact, as
     the same code counts them in a run.
Run: understudy plan --json, or make plan
"""

import json
from collections.abc import Sequence
from dataclasses import asdict

from understudy.core.parser import command_parser
from understudy.tools.check import check


def main(arguments: Sequence[str] | None = None) -> None:
    """Plans, and prints the plan."""
    parser = command_parser("understudy plan", __doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object, for machines")
    as_json = parser.parse_args(arguments).json

    from understudy.contract.params.teacher import TeacherParams
    from understudy.core.params import load_section
    from understudy.teacher.ledger import Ledger, default_ledger
    from understudy.tools.planning.calls import plan_calls
    from understudy.tools.planning.rows import planned_rows
    from understudy.tools.planning.students import plan_students
    from understudy.tools.planning.text import render_plan
    from understudy.versioning.status import survey_stages

    check()
    stages, teacher = survey_stages(), load_section("teacher", TeacherParams)
    students = plan_students(stages)
    with planned_rows(stages) as folder, Ledger(default_ledger()) as ledger:
        calls = plan_calls(folder, teacher, ledger) if folder else None
    if as_json:
        planned = {stage: asdict(found) for stage, found in (calls or {}).items()} or None
        trained = {student: asdict(found) for student, found in students.items()}
        listed = [asdict(stage) for stage in stages]
        print(json.dumps({"stages": listed, "students": trained, "calls": planned}, indent=2))
    else:
        print(render_plan(stages, calls, teacher, students))
