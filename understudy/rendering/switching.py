"""Whether it pays to switch to a student, in words."""

from understudy.contract.kind import this_kind
from understudy.contract.lineup import split_system
from understudy.contract.names import ZEROSHOT, Verdict, split_pair
from understudy.contract.recipes import Recipes
from understudy.contract.worth import StudentWorth, Worth
from understudy.rendering.figures import count, dollars, enumerate_words, points
from understudy.rendering.verdicts import MODEL, RECIPE, UNKNOWN, Costs, round_count

VERDICTS = {
    "better": "is better than",
    "worse": "is worse than",
    "equivalent": "is equivalent to",
    "identical": "writes the same as",
    "undecided": "is neither shown to be better nor worse than",
    "void": "cannot be compared with",
    "unknown": "is not known against",
}


def describe_candidate(worth: Worth) -> str:
    """One paragraph in Markdown: may I switch, and does it pay?"""
    name = worth.candidate
    student = worth[name]
    times = f"{seconds(student.seconds_median)} an answer"
    if worth.teacher.seconds_median is not None:
        times += f" against {seconds(worth.teacher.seconds_median)}"
    of_teacher = name_price(worth.teacher.usd_per_1000)
    prices = f"{dollars(student.usd_per_1000)} for 1,000 against {of_teacher}"
    return (
        f"**May I switch, and does it pay?** `{name}` {_describe_quality(student)}; {times}, "
        f"{prices}: {describe_payback(student, worth)}."
    )


def _describe_quality(student: StudentWorth) -> str:
    if student.model_verdict is None:
        agreement = points(student.agreement or 0.0)
        return f"agrees with the teacher by {agreement} of 100 points of {this_kind().title()}"
    retrained = name_outcome(student.recipe_verdict)
    return f"{VERDICTS[student.model_verdict]} `{ZEROSHOT}` (*{MODEL}*; *{RECIPE}*: {retrained})"


def name_price(usd: float | None) -> str:
    """An amount, or that it is not known."""
    return "a price that is not known" if usd is None else dollars(usd)


def name_outcome(verdict: Verdict | None) -> str:
    """A verdict as it stands alone, without what it is about."""
    if verdict is None:
        return "–"
    return UNKNOWN if verdict == "unknown" else verdict


def describe_payback(student: StudentWorth, worth: Worth) -> str:
    """After how many answers, and when, a student has earned what it took; or why never."""
    if student.answers_to_pay_back is None:
        if worth.teacher.usd_per_1000 is None:
            return (
                "whether it pays is not known, since no logged answer tells its tokens; "
                "teacher.prices are per token"
            )
        if worth.teacher.usd_per_1000 == 0:
            return "it does not pay, since the teacher's answers cost nothing at teacher.prices"
        return "it does not pay, since its answers cost no less than the teacher's"
    took = dollars(student.training_usd + student.answers_usd)
    if student.answers_to_pay_back == 0:
        return "it pays from the first answer on, since it took nothing"
    needed = count(round_count(student.answers_to_pay_back))
    months = student.months_to_pay_back or 0.0
    days = max(1, round(months * 30))
    short = "a day" if days == 1 else f"{days} days"
    when = f"{points(months)} months" if months >= 1 else short
    return (
        f"the {took} that it took are paid back after about {needed} answers, in about {when} at "
        f"{count(worth.answers_per_month)} a month"
    )


def describe_ways(worth: Worth) -> str:
    """The section's finding: which students pay, in one sentence."""
    students = dict(worth.items())
    if worth.teacher.usd_per_1000 is None:
        unknown = describe_payback(worth[worth.candidate], worth)
        return f"{unknown[0].upper()}{unknown[1:]}."
    paying = [name for name, student in students.items() if student.pays]
    if not paying:
        return f"No student pays: {describe_payback(worth[worth.candidate], worth)}."
    if len(paying) == len(students):
        best = describe_payback(worth[worth.candidate], worth)
        return f"Every student pays; of {worth.candidate}, {best}."
    return f"{enumerate_words(paying)} {'pays' if len(paying) == 1 else 'pay'}, the others do not."


def seconds(duration: float | None) -> str:
    """A duration: milliseconds below a second."""
    if duration is None:
        return "–"
    return f"{duration:.1f} s" if duration >= 1 else f"{1000 * duration:.3g} ms"


def find_costs(worth: Worth, pair: str, articles: int, recipes: Recipes) -> Costs:
    """What one more article, and one more seed of a pair's students, would cost.

    Args:
        worth: metrics/worth.json.
        pair: the pair's key.
        articles: how many were scored.
        recipes: metrics/seeds.json.
    """
    systems = [name for name in split_pair(pair) if split_system(name)[1]]
    students = {split_system(name)[0] for name in systems}
    return Costs(
        articles=articles,
        seeds=min((recipes[name].seeds for name in systems), default=0),
        article_usd=worth.usd_per_article,
        seed_usd=sum(worth.usd_per_seed[student] for student in students),
    )
