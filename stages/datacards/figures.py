"""The figures of a data card: lengths, words, near copies, contamination and leakage."""

from collections.abc import Sequence

from stages.datacards.facts import Facts
from stages.datacards.lengths import TextLengths
from stages.datacards.survey import TEXTS
from stages.datacards.tables import table
from stages.datacards.vocabulary import SEGMENT
from understudy.texts.similarity import MOST_COMPARED, chance_found, choose_bands

NAMES = {"gold": "`gold`, gold", "written": "`written`, written"}


def tell_figures(facts: Facts) -> str:
    """All sections with figures."""
    parts = (_tell_lengths, _tell_words, _tell_near_copies, _tell_contamination, _tell_leakage)
    return "\n\n".join(part(facts) for part in parts)


def _tell_lengths(facts: Facts) -> str:
    rows = [
        [f"{name} {text}", *_list_lengths(getattr(split, text))]
        for name, split in facts.survey.sources[facts.source].splits.items()
        for text in TEXTS
    ]
    head = ["in words", "mean", "5%", "median", "95%", "longest", "mean characters"]
    return f"## Lengths\n\n{table(head, rows)}"


def _list_lengths(lengths: TextLengths) -> Sequence[str]:
    words = lengths.words
    figures = (words.mean, words.p5, words.median, words.p95, words.max, lengths.characters.mean)
    return [f"{figure:,.0f}" for figure in figures]


def _tell_words(facts: Facts) -> str:
    found = [source.vocabulary for source in facts.survey.sources.values()]
    rows = [
        ["running words", *(f"{one.words:,}" for one in found)],
        ["distinct words", *(f"{one.distinct:,}" for one in found)],
        [f"distinct in {SEGMENT:,} running words", *(_share(one.type_token) for one in found)],
        ["distinct words that occur once", *(_share(one.once) for one in found)],
    ]
    return f"## Words of the training articles\n\n{_compare_sources(facts, rows)}"


def _compare_sources(facts: Facts, rows: Sequence[Sequence[str]]) -> str:
    return table(["", *(NAMES[source] for source in facts.survey.sources)], rows)


def _share(percent: float) -> str:
    return f"{percent:.1f}%"


def _whole(share: float) -> str:
    return f"{100 * share:g}%"


def _tell_near_copies(facts: Facts) -> str:
    params, sources, between = facts.params, facts.survey.sources, facts.survey.between
    train = (f"{source.splits['train'].pairs:,}" for source in sources.values())
    found = [source.near_duplicates for source in sources.values()]
    rows = [
        ["training articles", *train],
        ["with a near copy among them", *(f"{one.articles:,}" for one in found)],
        ["pairs of near copies", *(f"{one.pairs:,}" for one in found)],
        [
            "with a near copy in the other source",
            f"{between.gold_articles:,}",
            f"{between.written_articles:,}",
        ],
    ]
    return (
        "## Near copies\n\nTwo articles are near copies where they share at least "
        f"{_whole(params.near_duplicate)} of their runs of {params.shingle_words} words (Jaccard "
        f"similarity). {_tell_filter(facts)}\n\n{_compare_sources(facts, rows)}\n\n"
        "Written articles that are near copies of the very article that their highlights belong "
        f"to, which the teacher was not shown: {between.same_id:,}.\n\n{_tell_method(facts)}"
    )


def _tell_method(facts: Facts) -> str:
    params = facts.params
    missed = 1 - chance_found(
        params.near_duplicate, *choose_bands(params.near_duplicate, params.permutations)
    )
    return (
        f"MinHash ({params.permutations} hash values, seed {params.seed}) names candidates, "
        f"{MOST_COMPARED} of an article at most, and the runs of words themselves decide: nothing "
        "is counted that is not a near copy. Two articles that are just similar enough are "
        f"overlooked with a chance of {missed:.1%}, more similar ones more seldom."
    )


def _tell_filter(facts: Facts) -> str:
    section = "generate" if facts.source == "written" else "filter"
    limit = facts.limits.near_duplicates
    if limit is None:
        return f"Near copies were kept: `{section}.near_duplicates` is off."
    return f"Those of {limit:g} or more were dropped before (`{section}.near_duplicates`)."


def _tell_contamination(facts: Facts) -> str:
    sources, params = facts.survey.sources, facts.params
    test = sources["gold"].splits["test"].pairs
    shown = {
        "test articles that a training article holds": "test_articles",
        "of these, word for word and whole": "exact",
        "training articles that hold one": "train_articles",
        "test pairs whose highlights a training pair has": "highlights",
    }
    rows = [
        [name, *(f"{getattr(source.contamination, key):,}" for source in sources.values())]
        for name, key in shown.items()
    ]
    section = "generate" if facts.source == "written" else "filter"
    limit = facts.limits.near_test
    state = "is off" if limit is None else f"is {limit:g}: such articles were dropped before"
    return (
        f"## Contamination of the test split\n\nA training article holds one of the {test:,} test "
        f"articles where it has at least {_whole(params.near_duplicate)} of its runs of "
        f"{params.shingle_words} words. This is counted exactly. `{section}.near_test` {state}.\n\n"
        f"{_compare_sources(facts, rows)}"
    )


def _tell_leakage(facts: Facts) -> str:
    sources, run = facts.survey.sources, facts.params.copied_words
    shown = {
        "words of the highlights in fragments of the article (coverage)": ("coverage", "%"),
        "mean length of the fragment that a word stands in (density)": ("density", " words"),
        "longest fragment, on average": ("longest", " words"),
        f"highlights with {run} words or more in a row": ("copied", "%"),
        "words of the highlights in such runs": ("copied_words", "%"),
        "highlights with a whole sentence in the article": ("pasted", "%"),
        "highlights with every sentence in it": ("pasted_whole", "%"),
    }
    rows = [
        [name, *(f"{getattr(source.leakage, key):.1f}{unit}" for source in sources.values())]
        for name, (key, unit) in shown.items()
    ]
    copied = {name: source.leakage.copied_words for name, source in sources.items()}
    return (
        "## Leakage: highlights that stand in their article\n\nThe more of its highlights an "
        "article repeats word for word, the more learning to summarize it becomes learning to "
        f"copy. In the training pairs of each source:\n\n{_compare_sources(facts, rows)}\n\n"
        f"{_compare(copied['gold'], copied['written'])} Coverage and density are those of Grusky "
        "et al. 2018 (Newsroom). A limit for written articles is `generate.max_copied`"
        f"{_tell_max_copied(facts)}."
    )


def _compare(gold: float, written: float) -> str:
    if abs(written - gold) < 1:
        return "Written articles repeat their highlights about as much as gold ones do."
    more = "more" if written > gold else "less"
    return f"Written articles repeat their highlights {more} than gold ones do."


def _tell_max_copied(facts: Facts) -> str:
    limit = facts.writing.max_copied
    return ", which is off" if limit is None else f" = {limit:g}, which was on"
