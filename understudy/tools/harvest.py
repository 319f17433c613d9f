"""Makes what was served the next training data: new inputs that the teacher has answered.

In:  data/served/, requests that a server has had the teacher answer; data/raw and data/gold, whose
     inputs are not new, nor are near copies of them where the section `filter` says so.
Out: data/harvested.parquet with a row for each new input, behind those of earlier harvests; DVC
     tracks it, and `label` learns from it once label.harvested names it.
Run: understudy harvest --since 2026-11-01 --why unsure,canary

Each served request ends in the file or in a count with its reason.
"""

import json
import sys
from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from understudy.core.errors import DataError, suggest
from understudy.core.parser import command_parser, whole_number

if TYPE_CHECKING:
    from understudy.tools.harvesting.growing import Harvest

WHYS = ("unsure", "no_promise", "canary", "shadow", "not_sampled")
"""Why a server asks the teacher."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the command line, harvests, and says what to do next."""
    parser = command_parser("understudy harvest", __doc__)
    day = "YYYY-MM-DD, by UTC"
    parser.add_argument("--since", type=_read_day, metavar="DAY", help=f"the first day: {day}")
    parser.add_argument("--until", type=_read_day, metavar="DAY", help="the last day")
    why = f"only requests that were asked for these reasons, with commas: {', '.join(WHYS)}"
    parser.add_argument("--why", type=_read_whys, default=[], metavar="WHY,…", help=why)
    limit = "the most inputs to add, the oldest first; others wait for the next harvest"
    parser.add_argument("--limit", type=whole_number, metavar="N", help=limit)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(arguments)
    done = harvest(args.since, args.until, args.why, args.limit)
    print(json.dumps(done.to_record()) if args.json else done)
    for line in _track(done):
        print(line, file=sys.stderr)


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text}: expected a day such as 2026-11-28") from None


def _read_whys(text: str) -> list[str]:
    whys = [why.strip() for why in text.split(",") if why.strip()]
    for why in whys:
        if why not in WHYS:
            raise ArgumentTypeError(f"{why}: no such reason{suggest(why, WHYS)}")
    return whys


def harvest(
    since: date | None = None,
    until: date | None = None,
    whys: Sequence[str] = (),
    limit: int | None = None,
) -> "Harvest":
    """Adds what is new in data/served/ to data/harvested.parquet.

    Args:
        since: the first day to read, by UTC; None for all up to `until`.
        until: the last day.
        whys: reasons to have asked the teacher; none for all.
        limit: the most inputs to add.

    Raises:
        DataError: nothing was served, a file cannot be read, or the file is not pulled.
        ParamsError: params.yaml cannot be used.
        PromptError: the task's prompt cannot be used.
    """
    from understudy.contract.harvested import HARVESTED
    from understudy.contract.kind import this_kind
    from understudy.contract.pairs import GOLD, LEARNING_SPLITS, RAW
    from understudy.contract.params.fetch import FetchParams
    from understudy.contract.params.filter import FilterParams
    from understudy.contract.params.zeroshot import ZeroshotParams
    from understudy.contract.served import SERVED
    from understudy.core.params import load_section
    from understudy.rows.novelty import NoveltyRule
    from understudy.rows.redacting import open_redactor
    from understudy.serving.compacting import compact
    from understudy.teacher.prompts import Prompt, input_columns
    from understudy.tools.harvesting.candidates import CandidateReader, list_days
    from understudy.tools.harvesting.growing import Grower
    from understudy.versioning.tracking import check_pulled

    check_pulled(HARVESTED)
    redactor = open_redactor(load_section("fetch", FetchParams).redact)
    compacted = compact(SERVED)
    days = list_days(SERVED, since, until)
    if not days:
        served = "among the days asked for" if list_days(SERVED, None, None) else "at all"
        hint = "`understudy serve --mode shadow`, cascade or canary keeps requests there"
        raise DataError(f"{SERVED}: no request {served}; {hint}")
    columns = input_columns([GOLD / f"{split}.parquet" for split in LEARNING_SPLITS])
    prompt = Prompt("zeroshot.prompt", load_section("zeroshot", ZeroshotParams).prompt, columns)
    fields = [name for name in prompt.variables if name not in this_kind().columns]
    rule = NoveltyRule(load_section("filter", FilterParams), RAW, GOLD)
    reader = CandidateReader(prompt.variables, whys, redactor)
    grower = Grower(HARVESTED, rule, fields)
    done = grower.grow((one for day in days for one in reader.read(day)), limit)
    done.dropped = compacted.dropped
    return done


def _track(done: "Harvest") -> list[str]:
    """Has DVC track the file, and returns what to say of it and of what follows."""
    from understudy.contract.params.filter import FilterParams
    from understudy.contract.params.label import LabelParams
    from understudy.core.params import load_section
    from understudy.versioning.tracking import track

    notes = []
    if load_section("filter", FilterParams).near_test is None:
        notes.append("note: filter.near_test is off: near copies of test inputs are not looked for")
    if not done.total:
        return [*notes, "nothing new: no file is written"]
    try:  # where nothing is new, too: an earlier harvest may have been stopped before it
        files = " ".join(map(str, track(done.path)))
        notes.append(f"next: git add {files}")
    except DataError as error:
        notes += [f"note: DVC does not track it yet: {error}", f"next: dvc add {done.path}"]
    if not done.harvested:
        return [*notes, f"nothing new: {done.path} stays as it is"]
    if load_section("label", LabelParams).harvested_path != Path(done.path):
        notes.append(f"next: set label.harvested: {done.path} in params.yaml")
    return [*notes, "next: understudy plan, which says what label would pay; then dvc repro"]
