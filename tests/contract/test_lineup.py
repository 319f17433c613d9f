"""Who is compared with whom, for any sources and references."""

import pytest

from tests.contract.examples import make_systems
from understudy.contract.lineup import Lineup, split_system
from understudy.contract.params.sources import SOURCES


def test_all_sources_make_six_students_and_the_pairs_of_the_study() -> None:
    lineup = Lineup()
    assert lineup.systems == (
        *("t5-gold", "t5-written", "t5-labelled", "bart-gold", "bart-written", "bart-labelled"),
        *("zeroshot", "lead-3"),
    )
    assert len(lineup.pairs) == len(set(lineup.pairs)) == 22
    assert lineup.questions["source"] == (
        *(("t5-written", "t5-gold"), ("t5-labelled", "t5-gold"), ("t5-labelled", "t5-written")),
        ("bart-written", "bart-gold"),
        *(("bart-labelled", "bart-gold"), ("bart-labelled", "bart-written")),
    )


def test_fewer_sources_have_fewer_pairs_and_the_teacher_may_be_no_system() -> None:
    lineup = Lineup(("gold", "written"))
    assert len(lineup.pairs) == 13
    assert {name for pair in lineup.pairs for name in pair} == set(lineup.systems)
    lineup = Lineup(("labelled",))
    assert list(lineup.questions) == ["teacher", "size", "lead"]
    lineup = Lineup(("labelled",), "teacher")
    assert lineup.systems == ("t5-labelled", "bart-labelled", "lead-3")
    assert list(lineup.questions) == ["size", "lead"]


@pytest.mark.parametrize("sources", [SOURCES, ("gold",), ("gold", "labelled")])
@pytest.mark.parametrize("references", ["gold", "teacher"])
def test_a_file_of_scores_tells_its_lineup(sources: tuple[str, ...], references: str) -> None:
    lineup = Lineup(sources, references)  # type: ignore[arg-type]
    assert make_systems(lineup).lineup == lineup


def test_a_systems_name_is_split_into_student_and_source() -> None:
    assert split_system("t5-labelled") == ("t5", "labelled")
    assert split_system("lead-3") == ("lead-3", "")
    assert split_system("zeroshot") == ("zeroshot", "")
