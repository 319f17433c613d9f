"""One example of each file that one part writes and another reads, to make fixtures from.

Each function takes what tests vary; `document.write(folder / document.PATH)` puts it in place.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.contract.label_examples import (
    LABELS,
    make_label_pair,
    make_label_recipe_pair,
    make_label_scores,
    of_labels,
)
from understudy.contract.answered import Answered
from understudy.contract.classes import slugs
from understudy.contract.conversion import ConversionCheck
from understudy.contract.dataset import Dataset
from understudy.contract.evaluation import (
    REFERENCE,
    AnyDifference,
    AnyScores,
    ByKind,
    Difference,
    Gap,
    Measures,
    Systems,
    SystemScores,
)
from understudy.contract.kind import CLASSIFICATION
from understudy.contract.lineup import Lineup, split_system
from understudy.contract.names import KINDS, MEASURES, name_pair
from understudy.contract.origin import ORIGIN, Origin
from understudy.contract.params.sources import MADE_BY
from understudy.contract.recipes import (
    AnyRecipeDifference,
    LabelRecipe,
    Recipe,
    RecipeDifference,
    RecipeGap,
    Recipes,
    SeedScores,
)
from understudy.contract.survey import SourceSurvey
from understudy.contract.teacher_use import TeacherCalls, TeacherUse
from understudy.contract.trained import SeedRun, TrainedSeeds, TrainedSettings

LINEUP = Lineup()
TRAINED, SYSTEMS, PAIRS = LINEUP.trained, LINEUP.systems, LINEUP.pairs
LABELLED_ALONE = Lineup(("labelled",), "teacher")
"""What stands where there are inputs and the teacher's answers, and no gold."""
WRITER = "embedded-rules-1"
SEED = 13
"""Of the model that ships; others have the numbers above."""
REVISION = "d" * 40
FETCHED = {split: {"kept": 90, "rejected": 10} for split in ("train", "validation", "test")}
NOTHING = {"too_long": 0, "duplicate": 0, "in_test": 0}


def make_origin(source: str = "sample") -> Origin:
    """data/raw/source.json of a `sample`, the `hub` or `files`."""
    identities: dict[str, dict[str, Any]] = {
        "sample": {"seed": 3},
        "hub": {"dataset": "team/news", "config": "3.0.0", "revision": REVISION},
        "files": {
            "files": {
                split: {"path": f"/private/{split}.jsonl", "sha256": split[0] * 64}
                for split in FETCHED
            }
        },
    }
    return ORIGIN.validate_python({"source": source, **identities[source], "rows": FETCHED})


def make_dataset(test: int = 40, **changed: Any) -> Dataset:
    """100 rows read for train and for validation, 90 kept; all test rows kept."""
    split: dict[str, Any] = {
        "read": 100, "rejected": 0, "fetched": 100, "under_limit": 93, "kept": 90,
    }  # fmt: skip
    split |= {"dropped": {"too_long": 7, "duplicate": 2, "in_test": 1}}
    tests = dict.fromkeys(("read", "fetched", "under_limit", "kept"), test)
    return Dataset.model_validate(
        {
            "train": split,
            "validation": split,
            "test": {**tests, "rejected": 0, "dropped": NOTHING},
            **changed,
        }
    )


def make_call_counts(**changed: Any) -> dict[str, Any]:
    """100 calls, one of which failed."""
    tokens = {"calls": 100, "prompt_tokens": 8000, "cached_tokens": 0, "completion_tokens": 30000}
    return {
        "model": WRITER, "rows": 100, "calls": 100, "imported": 0, "metered": 100, "unusable": 3,
        "failed": 1, "live": tokens, "batch": dict.fromkeys(tokens, 0),
        "logged": dict.fromkeys(tokens, 0), "reasoning_tokens": 0, "reasoning_stripped": 0,
        "finish_reasons": {"stop": 99}, "timed": 0, **changed,
    }  # fmt: skip


def make_answered(stage: str = "generate", **changed: Any) -> Answered:
    """metrics/answers/STAGE.json: 80 of 90 answers kept for train, all 9 for validation.

    Of zeroshot, 39 of 40 answers for test.
    """
    calls = make_call_counts()
    if stage == "zeroshot":
        test = {"asked": 40, "kept": 39, "dropped": {"failed": 1, "empty": 0}}
        return Answered.model_validate({"test": test, "calls": calls, **changed})
    train = {"asked": 90, "kept": 80, "dropped": {"failed": 0, "too_long": 10}}
    validation = {"asked": 9, "kept": 9, "dropped": {"failed": 0, "too_long": 0}}
    return Answered.model_validate(
        {"train": train, "validation": validation, "calls": calls, **changed}
    )


def make_scores(f1: float, words: float = 22.0) -> SystemScores:
    """A system with the same figures in every ROUGE type: recall `f1`, precision + 1, F1 + 2."""
    measures = Measures.model_validate(
        {
            measure + end: f1 + offset + shift
            for shift, measure in enumerate(MEASURES)
            for end, offset in (("", 0.0), ("_low", -2.0), ("_high", 2.5))
        }
    )
    return SystemScores(**dict.fromkeys(KINDS, measures), words=words, empty=0)


def make_systems(lineup: Lineup = LINEUP, labels: Sequence[str] = LABELS) -> Systems:
    """Systems from 40 points on, 5 apart; those of a classification 3."""
    scores: dict[str, AnyScores] = {
        name: make_label_scores(40.0 + 3 * at, labels)
        if lineup.kind is CLASSIFICATION
        else make_scores(40.0 + 5 * at, 22.0 + at)
        for at, name in enumerate(lineup.systems)
    }
    reference = {"words": 20.0, "empty": 0}
    return Systems.model_validate({**scores, REFERENCE: reference, "references": lineup.references})


def make_difference(verdict: str, f1: float = 3.0) -> Difference:
    """One ROUGE type of a pair, with the verdict that is asked for."""
    found: dict[str, Any] = {
        "recall": f1 + 1, "precision": f1 - 1, "f1": f1, "f1_low": f1 - 1.5, "f1_high": f1 + 1.5,
        "p": 0.013, "p_equivalent": 1.0, "better": 0, "equivalent": 0,
    }  # fmt: skip
    if verdict == "equivalent":
        found |= {"equivalent": 1, "p": 0.8, "p_equivalent": 0.0004}
    elif verdict == "undecided":
        found |= {"p": 0.4, "articles_needed": 1683}
    elif verdict in ("identical", "void"):
        found["moot"] = "identical" if verdict == "identical" else "both_empty"
        found |= {"equivalent": 1, "p_equivalent": 0.0004}
    else:
        found["better"] = 1 if verdict == "better" else -1
    return Difference.model_validate(found)


def make_pair(verdict: str, f1: float = 3.0) -> ByKind[Difference]:
    """A pair with the same verdict in every ROUGE type."""
    return ByKind[Difference](**dict.fromkeys(KINDS, make_difference(verdict, f1)))


def make_gap(verdicts: Mapping[tuple[str, str], str] | None = None, lineup: Lineup = LINEUP) -> Gap:
    """Every pair of the study.

    Where no verdict is given, t5-written is worse, bart-written equivalent, any other better.
    """
    usual = {"t5-written": ("worse", -12.9), "bart-written": ("equivalent", 0.2)}
    pairs: dict[str, AnyDifference] = {}
    for pair in lineup.pairs:
        verdict, f1 = usual.get(pair[0], ("better", 4.0))
        found = make_pair((verdicts or {}).get(pair, verdict), f1)
        pairs[name_pair(*pair)] = found
        if lineup.kind is CLASSIFICATION:
            pairs[name_pair(*pair)] = make_label_pair(found.rouge1.model_dump())
    return Gap.model_validate(pairs)


def make_seed_scores(f1: float, seeds: int = 1) -> SeedScores:
    """One ROUGE type of a recipe whose shipped model scores `f1`, each other a point less."""
    by_seed = {str(SEED + number): f1 - number for number in range(seeds)}
    mean = sum(by_seed.values()) / seeds
    spread = {"f1_low": mean - 4, "f1_high": mean + 4, "sd": 1.25} if seeds > 1 else {}
    return SeedScores(f1=mean, by_seed=by_seed, **spread)


def make_recipes(seeds: int = 1, systems: Systems | None = None) -> Recipes:
    """metrics/seeds.json of the students of `make_systems`, or of others."""
    found = systems or make_systems()
    recipes: dict[str, Recipe | LabelRecipe] = {}
    for name in found.lineup.trained:
        scores = {
            kind: make_seed_scores(found[name][kind].judged, seeds)
            for kind in found.lineup.kind.types
        }
        if found.lineup.kind is CLASSIFICATION:
            figures = of_labels(scores["labels"].model_dump())
            known = {"shipped": SEED, "seeds": seeds, "labels": figures}
            recipes[name] = LabelRecipe.model_validate(known)
        else:
            recipes[name] = Recipe(shipped=SEED, seeds=seeds, **scores)
    return Recipes.model_validate(recipes)


def make_recipe_difference(verdict: str = "unknown", f1: float = 2.0) -> RecipeDifference:
    """One ROUGE type of a pair of recipes, with the verdict that is asked for."""
    if verdict == "unknown":
        return RecipeDifference(f1=f1, known=0)
    found: dict[str, Any] = make_difference(verdict, f1).model_dump()
    figures = {name: found[name] for name in found if name in RecipeDifference.model_fields}
    figures |= {"f1_low": f1 - 3.5, "f1_high": f1 + 3.5, "p": 0.021}
    if verdict == "undecided":
        figures["seeds_needed"] = 9
    return RecipeDifference.model_validate({**figures, "known": 1})


def make_recipe_gap(
    seeds: int = 1, verdicts: Mapping[tuple[str, str], str] | None = None, lineup: Lineup = LINEUP
) -> RecipeGap:
    """Every pair of the study: with several seeds undecided where no verdict is given."""
    pairs: dict[str, AnyRecipeDifference] = {}
    for pair in lineup.pairs:
        known = seeds > 1 or not set(pair) & set(lineup.trained)
        verdict = (verdicts or {}).get(pair, "undecided" if known else "unknown")
        found = make_recipe_difference(verdict, -2.5 if pair[0] == "t5-written" else 1.5)
        pairs[name_pair(*pair)] = ByKind[RecipeDifference](**dict.fromkeys(KINDS, found))
        if lineup.kind is CLASSIFICATION:
            pairs[name_pair(*pair)] = make_label_recipe_pair(found.model_dump())
    return RecipeGap.model_validate(pairs)


def make_trained_seeds(seeds: int = 1) -> TrainedSeeds:
    """metrics/students/SYSTEM.json: the first seed has the best loss, that of `make_settings`."""
    runs = [
        SeedRun(seed=SEED + number, best_validation_loss=1.59268 + number / 10, seconds=60.0)
        for number in range(seeds)
    ]
    return TrainedSeeds(shipped=SEED, runs=runs)


def make_calls(cost: float = 1.25, **changed: Any) -> TeacherCalls:
    """100 calls, one of which failed."""
    calls = {
        "model": WRITER, "calls": 100, "unusable": 3, "failed": 1, "batch": 0,
        "prompt_tokens": 8000, "cached_tokens": 0, "completion_tokens": 30000, "cost_usd": cost,
    }  # fmt: skip
    return TeacherCalls.model_validate({**calls, **changed})


def make_teacher(lineup: Lineup = LINEUP, **changed: TeacherCalls | None) -> TeacherUse:
    """Every use that the sources make of the teacher."""
    stages = [stage for stage, source in MADE_BY.items() if source in lineup.sources]
    uses = {**dict.fromkeys(stages, make_calls()), "zeroshot": make_calls(0.0125)}
    return TeacherUse.model_validate({**uses, **changed})


def make_survey(source: str = "gold", lineup: Lineup = LINEUP) -> SourceSurvey:
    """metrics/data/SOURCE.json; the same figures in every source."""
    spread = {"mean": 80.5, "p5": 55.0, "median": 78.0, "p95": 115.0, "max": 135}
    lengths = {"words": spread, "characters": spread}
    split: dict[str, Any] = {"pairs": 1396, "article": lengths, "highlights": lengths}
    found: dict[str, Any] = {
        "train": split,
        "validation": split,
        "vocabulary": {"words": 112887, "distinct": 2302, "type_token": 48.4, "once": 4.4},
        "near_duplicates": {"pairs": 0, "articles": 0},
        "contamination": dict.fromkeys(("test_articles", "exact", "train_articles"), 0)
        | {"highlights": 0},
        "leakage": {
            "coverage": 87.3, "density": 6.7, "longest": 11.2, "copied": 79.5,
            "copied_words": 40.9, "pasted": 71.1, "pasted_whole": 5.2,
        },
    }  # fmt: skip
    answers = {name: {"refused": 0.0, "too_long": 7.9} for name in ("train", "validation")}
    between = {"pairs": 4, "gold_articles": 3, "written_articles": 3, "same_id": 3}
    more: dict[str, dict[str, Any]] = {
        "gold": {"test": split},
        "written": {"answers": answers, "between": between},
        "labelled": {"answers": answers},
    }
    if lineup.kind is CLASSIFICATION:
        counts = dict.fromkeys(slugs(LABELS).values(), 465) | {"billing": 931}
        split = {"pairs": 1396, "text": lengths, "labels": counts}
        found |= {"train": split, "validation": split, "leakage": None}
        found["contamination"]["highlights"] = None
        found["near_duplicates"] = {"pairs": 3, "articles": 5, "other_labels": 2}
        more["gold"] = {"test": split}
    return SourceSurvey.model_validate({**found, **more[source]})


def make_settings(system: str = "t5-gold", **changed: Any) -> TrainedSettings:
    """settings.json of a tiny student, and what is changed in it."""
    family, source = split_system(system)
    params = {
        "model": "tiny", "revision": None, "seed": 1, "epochs": 2.0, "max_steps": None,
        "batch_size": 8, "tokens_per_pass": 4096, "processes": 1, "precision": "auto",
        "compile": False, "learning_rate": 0.003, "warmup": 0.1, "weight_decay": 0.01,
        "label_smoothing": 0.1, "max_input_tokens": 512, "max_target_tokens": 128,
        "validations": 2, "patience": None,
    }  # fmt: skip
    cut = {"inputs": 3, "outputs": 0}
    return TrainedSettings.model_validate(
        {
            "system": system, "family": family, "source": source,
            "params": params | changed.pop("params", {}),
            "commit": None, "parameters": 1_234_567, "device": "cpu",
            "versions": {"torch": "2.13.0", "transformers": "5.9.0"},
            "examples": {"train": 90, "validation": 9},
            "cut": {"train": cut, "validation": cut},
            "steps": 24, "best_step": 12, "best_validation_loss": 1.59268, **changed,
        }
    )  # fmt: skip


def make_check(**changed: Any) -> ConversionCheck:
    """check.json of a conversion that passed, and what is changed in it."""
    passed = {
        "passed": True, "quantization": "int8", "rows": 64, "tokens": 2900,
        "mean_difference": 0.0123, "largest_difference": 0.4, "limit": 0.1, "why": None,
    }  # fmt: skip
    return ConversionCheck.model_validate({**passed, **changed})
