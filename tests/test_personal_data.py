"""With `fetch.redact` on, personal data of inputs and logs is in no file, call, ledger or line.

One project, its own inputs and a log of calls about most of them, all with planted data; the
teacher is asked about the rest. What holds the planted data by intent lies beside the project.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.doubles.teacher import Call, ChatServer, Reply, say
from tests.project import Project, copy_project, quick

EMAIL, PHONE, CARD = "zqplanted@mail.example", "+49 30 98765432", "4539 1488 0343 6467"
NAME = "Zebedee Quillfeather"
PLANTED = ("zqplanted", "98765432", "1488 0343", "14880343", "zebedee", "quillfeather")
"""What none of it may have left, in any case."""
PERSON = f"{NAME} ({EMAIL}, tel {PHONE}, card {CARD})"
TEMPLATE = "Please sum up this ticket in a sentence: '$article'"
TOPICS = ("printer", "invoice", "parcel", "password", "window", "bicycle", "kettle", "ladder")
INPUTS, LOGGED = 64, 48
Rows = list[dict[str, Any]]


def make_inputs() -> Rows:
    """Tickets of five customers each; ids, texts and customers are planted."""
    return [
        {
            "id": f"{EMAIL}/{number}" if number % 2 else f"ticket-{number}",
            "article": (
                f"The {TOPICS[number % 8]} of room {number} is broken since day {number % 7}. "
                f"{PERSON} wrote about it. Nobody has come to look at it yet."
            ),
            "customer": f"{number // 5}.{EMAIL}",
        }
        for number in range(INPUTS)
    ]


def make_log(rows: Rows) -> Rows:
    """Calls about the rows, as the task's program has logged them, and two that are of no use."""
    calls = [
        (TEMPLATE.replace("$article", row["article"]), f"{NAME} waits, write to {row['id']} !")
        for row in rows
    ]
    calls += [(f"Who is {PERSON}?", PERSON)]
    calls += [(TEMPLATE.replace("$article", PERSON), f"I'm sorry, I can't help {PERSON}.")]
    return [
        {
            "request": {"model": "double", "messages": [{"role": "user", "content": asked}]},
            "response": say(said, model=f"double-{EMAIL}").body,
            "session_id": EMAIL,
        }
        for asked, said in calls
    ]


def answer(call: Call) -> Reply:
    """Repeats some of the ticket."""
    return say(" ".join(call.prompt.split()[8:20]), model="double")


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer(answer) as server:
        yield server


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, server: ChatServer) -> Project:
    folder = tmp_path_factory.mktemp("personal")
    project, private = copy_project(folder / "clone", "sample", {}), folder / "private"
    rows = make_inputs()
    private.mkdir()
    write_lines(private / "inputs.jsonl", rows)
    write_lines(private / "log.jsonl", make_log(rows[:LOGGED]))
    write_lines(private / "texts.jsonl", [{"article": row["article"]} for row in rows[:3]])
    (private / "names.txt").write_text(f"{NAME}\n", "utf-8")
    (project.path / "prompts" / "zeroshot.txt").write_text(TEMPLATE, "utf-8")
    names = ("train", "validation", "test")
    splits = {f"fetch__files__{name}": "data/none.jsonl" for name in names}
    kinds = {"emails": True, "phones": True, "cards": True}
    project.change_params(
        sources=["labelled"],
        generate__sources=[],
        evaluate__source="labelled",
        fetch__source="files",
        fetch__files__inputs="../private/inputs.jsonl",
        fetch__files__split={"validation": 0.2, "test": 0.2, "by": "customer"},
        fetch__redact={**kinds, "names": "../private/names.txt"},
        teacher__base_url=server.url,
        teacher__model="double",
        **splits,
        **quick(2),
    )
    project.train_t5_alone()
    project.commit("Start")
    return project


def write_lines(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def find_planted(text: str) -> list[str]:
    return [one for one in PLANTED if one in text.lower()]


def search(folder: Path) -> dict[str, list[str]]:
    """Files below a folder, but private ones, with planted data in their bytes or Parquet cells."""
    files = (p for p in folder.rglob("*") if p.is_file() and "private" not in p.parts)
    found = {str(path): find_planted(read(path)) for path in files}
    return {path: planted for path, planted in found.items() if planted}


def read(path: Path) -> str:
    content = path.read_bytes()
    cells = str(pq.read_table(path).to_pylist()) if content.startswith(b"PAR1") else ""
    return path.name + content.decode("utf-8", "replace") + cells


def understudy(project: Project, *command: str) -> str:
    """What a command says, all of it without planted data."""
    done = project.run("python", "-m", "understudy.tools", *command)
    assert find_planted(done.stdout + done.stderr) == []
    return done.stdout


def test_the_search_finds_what_is_there(project: Project, tmp_path: Path) -> None:
    private = project.path.parent / "private"
    (tmp_path / "copy").write_bytes((private / "log.jsonl").read_bytes())
    assert set(search(tmp_path)[str(tmp_path / "copy")]) == {*PLANTED} - {"14880343"}
    assert search(project.path) == {}


def test_inputs_and_answers_are_taken_out_of_a_log_without_it(project: Project) -> None:
    log = "../private/log.jsonl"
    made = json.loads(understudy(project, "inputs", log, "--any-model", "--json"))
    assert (made["written"], made["rejected"]) == (LOGGED, {"other_prompt": 1, "refused": 1})
    assert made["redacted"] == dict.fromkeys(("emails", "phones", "cards", "names"), LOGGED)
    taken = json.loads(understudy(project, "ledger", "import", log, "--any-model", "--json"))
    assert taken["took"] == LOGGED
    assert taken["redacted"]["emails"] == 2 * LOGGED + LOGGED // 2  # input, model, ids
    assert search(project.path.parent) == {}


def test_the_pipeline_asks_what_the_log_lacks_and_leaves_it_nowhere(
    project: Project, server: ChatServer
) -> None:
    understudy(project, "plan")
    done = project.run("dvc", "repro")
    understudy(project, "table")
    understudy(project, "ledger", "stats")
    understudy(project, "ledger", "export", "answers.parquet")
    assert find_planted(done.stdout + done.stderr) == []
    assert len(server.calls) == INPUTS - LOGGED
    assert find_planted(json.dumps([call.body for call in server.calls])) == []
    assert "[EMAIL]" in server.prompts[0]
    assert search(project.path.parent) == {}


def test_without_references_everything_is_called_agreement_with_the_teacher(
    project: Project,
) -> None:
    systems = project.read("metrics/systems.json")
    assert systems["references"] == "teacher"
    assert set(systems) == {"t5-labelled", "bart-labelled", "lead-3", "reference", "references"}
    for page in ("README.md", "metrics/report.html", "models/t5-labelled/README.md"):
        text = (project.path / page).read_text("utf-8")
        assert "agrees with the teacher" in text.replace("**", "")


def test_the_cards_say_what_was_replaced(project: Project) -> None:
    card = (project.path / "data/labelled/README.md").read_text("utf-8")
    counts = "96 e-mail addresses, 64 phone numbers, 64 card numbers, 64 names"
    assert f"Personal data was replaced before anything was written or sent: {counts}" in card
    model = (project.path / "models/t5-labelled/README.md").read_text("utf-8")
    assert "e-mail addresses, phone numbers, card numbers, names. `understudy predict`" in model


def test_the_model_is_served_without_it(project: Project) -> None:
    text = "../private/texts.jsonl"
    command = ("predict", "--model", "models/t5-labelled", "--input", text)
    assert len(understudy(project, *command).splitlines()) == 3
    understudy(project, *command, "--output", "summaries.jsonl")
    assert search(project.path.parent) == {}


def test_rejects_and_errors_hold_none(project: Project) -> None:
    rows = make_inputs()
    damaged: Rows = [{**row, "article": [PERSON]} for row in rows]
    damaged += [{**row, "id": EMAIL, "article": None} for row in rows]
    write_lines(project.path.parent / "private" / "inputs.jsonl", damaged)
    done = project.run("python", "-m", "stages.fetch", ok=False)
    assert done.returncode == 1
    assert "none of 128 rows can be used" in done.stderr
    csv = project.path.parent / "private" / "inputs.csv"
    csv.write_text(f"7,{EMAIL},{PHONE},{NAME}\n", "utf-8")
    project.change_params(fetch__files__inputs="../private/inputs.csv")
    header = project.run("python", "-m", "stages.fetch", ok=False)
    assert "it has 7, [EMAIL], [PHONE], [NAME]: set fetch.files.columns" in header.stderr
    assert find_planted(done.stdout + done.stderr + header.stdout + header.stderr) == []
    assert search(project.path.parent) == {}
