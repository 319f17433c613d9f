"""What the records of a request add up to."""

from understudy.teacher.index import Index

ONE, OTHER = b"1" * 32, b"2" * 32


def index(*kinds: str, digest: bytes = ONE) -> Index:
    """The index of a request's records."""
    found = Index()
    for number, kind in enumerate(kinds):
        found.take(kind, digest, (number, 1))
    return found


def test_attempts_that_were_not_billed_count_for_nothing() -> None:
    found = index("sent", "unbilled", "sent", "unbilled")
    assert found.unanswered(ONE) == 0
    assert sum(found.count().values()) == 0


def test_neither_a_refusal_nor_an_answer_settles_a_lost_attempt() -> None:
    assert index("sent", "lost", "sent", "unbilled", "sent", "answered").unanswered(ONE) == 1
    assert index("sent", "sent", "unbilled").unanswered(ONE) == 1


def test_what_an_older_ledger_leaves_open_stays_booked() -> None:
    assert index("sent", "sent", "sent").unanswered(ONE) == 3
    found = index("sent", "sent")
    found.take("unbilled", OTHER, (2, 1))
    assert found.unanswered(ONE) == 2
