"""The params section `worth`: what the machine costs, and how many answers are wanted of it."""

from pydantic import Field

from understudy.core.params import Section


class WorthParams(Section):
    """What it is worth to switch from the teacher to a student."""

    machine_usd_per_hour: float = Field(default=0.2, ge=0)
    """US dollars for an hour of the machine that trains the students and answers in the teacher's
    place; the default is an example, about a rented machine with 4 cores and no GPU."""
    answers_per_month: int = Field(default=100_000, gt=0)
    """Answers that your application asks for in a month."""
    always_on: bool = False
    """true: the machine is paid for all 730 hours of a month, as many machines as it takes; false:
    only for the seconds in which it answers, as where it does other work too."""
