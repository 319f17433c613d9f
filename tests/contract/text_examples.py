"""Examples of what is written of summaries alone, to make fixtures from."""

from tests.contract.examples import LINEUP
from understudy.contract.evaluation import REFERENCE, F1Difference
from understudy.contract.lineup import Lineup
from understudy.contract.texts import LengthEffect, LengthEffects, Texts, TextTraits


def make_traits(place: int) -> TextTraits:
    """Traits of a system; others have other places."""
    names = [f"novel{size}" for size in (1, 2, 3, 4)]
    names += ["coverage", "repeated", "unsupported_numbers", "unsupported_names"]
    traits = {name: 10.0 + place + 5 * at for at, name in enumerate(names)}
    content = {"words": 20.0 + place, "compression": 2.5, "density": 4.25, "empty": 1, **traits}
    return TextTraits.model_validate(content)


def make_texts(lineup: Lineup = LINEUP) -> Texts:
    """Traits of the systems and of the references."""
    names = (*lineup.systems, REFERENCE)
    return Texts.model_validate({name: make_traits(at) for at, name in enumerate(names)})


def make_lengths(lineup: Lineup = LINEUP) -> LengthEffects:
    """Half of each student's lead over zero-shot is explained by length; no one's without it."""
    lead = F1Difference(recall=-9.0, precision=21.0, f1=8.0, f1_low=6.0, f1_high=10.0)
    cut = F1Difference(recall=3.0, precision=5.0, f1=4.0, f1_low=2.5, f1_high=5.5)
    effect = LengthEffect(
        words=22.0, zeroshot_words=40.0, as_is=lead, cut=cut, explained=50.0, correlation=0.31
    )
    students = lineup.trained if "teacher" in lineup.questions else ()
    return LengthEffects.model_validate(dict.fromkeys(students, effect))
