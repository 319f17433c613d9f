"""The scene: highlights in; the topic, people and places that filler sentences can mention out."""

import re
from collections import Counter
from dataclasses import dataclass
from random import Random

from understudy.teacher.embedded.data import by_topic, word_list
from understudy.teacher.embedded.sentences import words

_NOT_PEOPLE, _ROLES = word_list("not people"), word_list("roles")
_TOPICS, _SPEAKERS = by_topic("topic"), by_topic("role")
_TITLED = (
    r"(?:President|Minister|Senator|Judge|Mayor|Prince|Princess|Queen|King|Pope|Sir"
    r"|(?:Sen|Gov|Rep|Gen|Dr|Mr|Mrs|Ms)\.)"
)
_NAME = r"[A-Z][a-zà-ÿ]+(?:[-'’][A-Z]?[a-zà-ÿ]+)?"
_PERSON = re.compile(
    r"(?<!\bin )(?<!\bat )(?<!\bnear )(?<![\w-])"
    rf"(?:{_TITLED} {_NAME}(?: {_NAME})?|{_NAME} {_NAME}(?: {_NAME})?)\b(?! ?-?[A-Z\d])"
)
_PLACE = re.compile(
    r"\b(?:in|near|from|outside|across) "
    rf"((?:(?:New|San|Los|Las|North|South|West|East|Saint|St\.) )?{_NAME})"
    r"\b(?![ -]?[A-Z\d'’&])"
)
_TIMES = re.compile(
    "^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day$|^(January|February|March|April|May|June|July|August"
    "|September|October|November|December|Christmas|Easter|Congress|English|Islam|Twitter|Facebook)$"
)
_GRIM = re.compile(
    r"\b(die[sd]?|dead|death|killed|kill(s|ing)?|murder\w*|buried|late|slain|funeral)\b"
)


@dataclass(frozen=True)
class Scene:
    """What a story is about, as far as filler needs it."""

    topic: str
    people: tuple[str, ...]
    places: tuple[str, ...]
    grim: bool

    @classmethod
    def of(cls, highlights: str) -> "Scene":
        """Reads topic, people and places off the highlights."""
        named = [_without_role(name) for name in _PERSON.findall(highlights)]
        people = [name for name in named if _is_person(name)]
        taken = {part for name in people for part in name.split()}
        places = [
            place
            for place in _PLACE.findall(highlights)
            if not _TIMES.match(place) and not taken & set(place.split())
        ]
        return cls(
            topic_of(highlights),
            tuple(dict.fromkeys(people)),
            tuple(dict.fromkeys(places)),
            bool(_GRIM.search(highlights)),
        )


def _without_role(name: str) -> str:
    first, _, rest = name.partition(" ")
    return rest if " " in rest and first.lower() in _ROLES else name


def _is_person(name: str) -> bool:
    parts = re.sub(rf"^{_TITLED} ", "", name).split()
    return not any(part.lower() in _NOT_PEOPLE or part.endswith(("'s", "’s")) for part in parts)


def topic_of(text: str) -> str:
    """The topic whose keywords occur most, or "general"."""
    counts = Counter(word.lower() for word in words(text))
    scores = {
        topic: sum(counts[word] for line in lines for word in line.split())
        for topic, lines in _TOPICS.items()
    }
    best = max(scores, key=lambda topic: scores[topic])  # the first of equals
    return best if scores[best] else "general"


_SMALL = "three four five six seven eight nine".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = (
    "January February March April June July August September October November December".split()
)


def fill(template: str, scene: Scene, rng: Random) -> str | None:
    """A template with its slots filled; None where the scene lacks what it mentions."""
    if ("{place}" in template and not scene.places) or (
        ("{person}" in template or "{surname}" in template) and not scene.people
    ):
        return None
    person = rng.choice(scene.people) if scene.people else ""
    roles = _SPEAKERS["general"] + _SPEAKERS[scene.topic] * 2
    return template.format(
        "{}",
        day=rng.choice(_DAYS),
        month=rng.choice(_MONTHS),
        part=rng.choice(("morning", "afternoon", "evening")),
        few=rng.choice((*_SMALL, rng.randint(10, 19))),
        many=f"{rng.choice((rng.randint(4, 19) * 10, rng.randint(2, 24) * 100)):,}",
        percent=rng.randint(4, 68),
        place=rng.choice(scene.places) if scene.places else "",
        person=person,
        surname=person.rsplit(" ", 1)[-1],
        role=rng.choice(roles),
    )
