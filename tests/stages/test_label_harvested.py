"""label asks about inputs out of served requests, too."""

from pathlib import Path
from typing import Any

import pytest

from tests.doubles.teacher import ChatServer, say, settings
from tests.rows.test_harvested import write_harvested
from tests.stages.labelling import TRAIN, VALIDATION, Project, rows, write_rows
from understudy.contract.answered import HarvestedCounts
from understudy.contract.harvested import HARVESTED
from understudy.contract.pairs import GOLD
from understudy.core.errors import DataError

ON = {"harvested": str(HARVESTED)}
DAY = "2026-11-28"


@pytest.fixture
def project(here: Path) -> Project:
    project = Project(here)
    write_rows(GOLD / "test.parquet", rows("test", 2))
    return project


def label(project: Project, server: ChatServer, **given: Any) -> HarvestedCounts | None:
    return project.label(settings(server.url), **given).harvested


def test_its_pairs_follow_those_of_train_and_none_is_in_validation(project: Project) -> None:
    write_harvested(HARVESTED, "Served first.", "Served next.")
    with ChatServer() as server:
        counts = label(project, server, **ON)
        assert len(server.calls) == TRAIN + VALIDATION + 2
    assert [name for name, _ in project.pairs()][TRAIN - 1 :] == [f"train-{TRAIN - 1}", "h0", "h1"]
    assert len(project.pairs("validation")) == VALIDATION
    assert counts == HarvestedCounts(
        rows=2, left_out=0, asked=2, kept=2, first_day=DAY, last_day=DAY
    )


def test_the_limit_counts_the_rows_of_gold_alone(project: Project) -> None:
    write_harvested(HARVESTED, "Served first.", "Served next.")
    with ChatServer() as server:
        label(project, server, **ON, limit=1)
        assert len(server.calls) == 1 + VALIDATION + 2
    assert [name for name, _ in project.pairs()] == ["train-0", "h0", "h1"]


def test_without_the_param_the_file_is_not_looked_at(project: Project) -> None:
    HARVESTED.write_text("no table")
    with ChatServer() as server:
        assert label(project, server) is None
        assert len(server.calls) == TRAIN + VALIDATION


def test_a_served_input_that_is_in_test_by_now_is_neither_asked_nor_learned(
    project: Project,
) -> None:
    test = rows("test", 2)[1]["article"]
    write_harvested(HARVESTED, test.upper(), "Served.")
    with ChatServer() as server:
        counts = label(project, server, **ON)
        assert not [prompt for prompt in server.prompts if test.upper() in prompt]
    assert counts == HarvestedCounts(
        rows=2, left_out=1, asked=1, kept=1, first_day=DAY, last_day=DAY
    )


def test_a_file_of_nothing_but_inputs_of_test_is_counted(project: Project) -> None:
    write_harvested(HARVESTED, rows("test", 1)[0]["article"])
    with ChatServer() as server:
        counts = label(project, server, **ON)
    assert counts == HarvestedCounts(rows=1, left_out=1, asked=0, kept=0)


def test_an_empty_file_is_none(project: Project) -> None:
    write_harvested(HARVESTED)
    with ChatServer() as server:
        assert label(project, server, **ON) is None


def test_filters_and_samples_hold_for_served_inputs(project: Project) -> None:
    write_harvested(HARVESTED, "Served.", "Kept.")
    with ChatServer(
        lambda call: say("One." if "Served" in call.prompt else "Two words.")
    ) as server:
        counts = label(project, server, **ON, min_words=2, samples=2)
        assert len(server.calls) == 2 * (TRAIN + VALIDATION + 2)
    assert counts is not None
    assert (counts.asked, counts.kept) == (2, 1)


def test_the_same_files_ask_nobody_and_give_the_same_bytes(project: Project) -> None:
    write_harvested(HARVESTED, "Served.")
    with ChatServer() as server:
        label(project, server, **ON)
        before = {path: path.read_bytes() for path in project.labelled.iterdir()}
        label(project, server, **ON)
        assert len(server.calls) == TRAIN + VALIDATION + 1
    assert {path: path.read_bytes() for path in project.labelled.iterdir()} == before


def test_a_file_that_is_not_here_says_how_to_get_it(project: Project) -> None:
    with ChatServer() as server, pytest.raises(DataError, match="`dvc pull` gets it"):
        label(project, server, **ON)
