"""SIGHUP where the teacher may answer: what was calibrated is read again, and figures go on."""

import os
import signal
from pathlib import Path

import pytest

from tests.doubles.teacher import ChatServer
from tests.tools.test_serve_modes import (
    ALWAYS,
    ARTICLES,
    NEVER,
    ask_all,
    calibrate,
    model,
    served,
    taught,
)

__all__ = ["model"]  # a fixture


@pytest.mark.parametrize("workers", [1, 2])
def test_a_new_calibration_decides_after_sighup_and_figures_go_on(
    workers: int, model: Path
) -> None:
    with ChatServer() as teacher:
        calibrate(model, teacher, ALWAYS)
        given = ("--mode", "cascade", "--workers", str(workers), "--threads", "1")
        with served(model, teacher, *given) as server:
            assert taught(ARTICLES[0]) not in ask_all(server, ARTICLES[:4])
            calibrate(model, teacher, NEVER)
            os.kill(server.process.pid, signal.SIGHUP)
            asked = 4
            while len(teacher.calls) < 4 * workers:  # each worker loads in its own moment
                asked += len(ask_all(server, [f"{asked} {one}" for one in ARTICLES[:4]]))
            assert server.metric("understudy_answers_total") == asked
