"""understudy calibrate: what was calibrated, for people and for machines."""

import contextlib
import json
from pathlib import Path

import pytest

from tests.contract.payback_examples import make_calibration, refuse_calibration
from understudy.contract.calibration import SystemCalibration
from understudy.core.errors import DataError
from understudy.tools.calibrate import main


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One student with a threshold, one with too few rows, and one that params no longer list."""
    monkeypatch.chdir(tmp_path)
    make_calibration().write(SystemCalibration.path_of("t5-gold"))
    refuse_calibration(rows=20, points=[]).write(SystemCalibration.path_of("bart-gold"))
    make_calibration().write(SystemCalibration.path_of("lstm-gold"))
    return tmp_path


def test_a_table_has_each_student_and_the_promise_once(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([])
    head, first, second, _, *words = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "student"
    assert first.split() == ["t5-gold", "100", "0.7500", "40.0%", "9.0%"]
    assert second.split() == ["bart-gold", "20", "none", "0.0%", "–"]
    assert words[0].startswith("With 95% confidence, at most 10% of all requests are answered by")
    assert words[0].endswith("by more than 5 points of ROUGE-1 F1, against gold highlights.")
    assert words[1].startswith("bart-gold never answers alone: 20 validation articles")
    assert len(words) == 2
    make_calibration(references="teacher").write(SystemCalibration.path_of("t5-gold"))
    main([])
    assert "points of ROUGE-1 F1, against the teacher's own answers." in capsys.readouterr().out


def test_json_is_what_the_files_say(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--json"])
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["t5-gold", "bart-gold"]
    assert found["t5-gold"] == make_calibration().to_json()
    assert "threshold" not in found["bart-gold"]


def test_without_a_calibrated_student_it_says_what_to_run_and_a_broken_file_is_named(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = pytest.raises(DataError, match="no student is calibrated; `dvc repro calibrate` does it")
    with contextlib.chdir(tmp_path_factory.mktemp("empty")), told:
        main([])
    SystemCalibration.path_of("t5-gold").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"metrics/calibration/t5-gold\.json: "):
        main([])
