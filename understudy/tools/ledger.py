"""Looks after the ledger: what was paid for, and whether it is all still there.

Run: understudy ledger verify           names every damaged record
     understudy ledger stats            counts calls and tokens
     understudy ledger export FILE      writes all requests and answers to a Parquet file
     understudy ledger import FILES…    takes over answers of exports, stage outputs and logs
     understudy ledger forget BATCH     gives up a batch that the endpoint does not know

The ledger is the stages' own, unless --ledger names another; --json prints JSON.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from understudy.core.errors import DataError
from understudy.core.parser import command_parser
from understudy.core.tables import table_writer
from understudy.teacher.chunks import open_chunks
from understudy.teacher.completion import failed_answer
from understudy.teacher.index import Span
from understudy.teacher.ledger import Ledger, default_ledger
from understudy.teacher.lines import read_sent
from understudy.teacher.records import Record
from understudy.teacher.requests import canonical, digest
from understudy.tools.audit import add_up, verify
from understudy.tools.importing.exports import EXPORT
from understudy.tools.importing.options import add_logs, hint_at
from understudy.tools.importing.takeover import REJECTS, import_files


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command."""
    parser = command_parser("understudy ledger", __doc__, "`verify` has found a lost answer")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--ledger", type=Path, metavar="PATH", help="default: the ledger that the stages use"
    )
    common.add_argument("--json", action="store_true", help="print one JSON object")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, about, example) in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=about,
            description=f"{about.capitalize()}.\n\nRun: understudy ledger {name} {example}",
            epilog=parser.epilog,
            formatter_class=parser.formatter_class,
            parents=[common],
        )
        if name == "export":
            command.add_argument("file", type=Path, metavar="FILE.parquet")
        elif name == "import":
            add_logs(command, ", exports and stage outputs (.parquet)")
            listed = f"list of records of no use; default: {REJECTS} beside the ledger"
            command.add_argument("--rejects", type=Path, metavar="PATH", help=listed)
        elif name == "forget":
            command.add_argument("batch", metavar="BATCH")
    args = parser.parse_args(arguments)
    path = args.ledger or default_ledger()
    with Ledger(path) as ledger:
        if args.command != "import" and not path.exists():
            raise DataError(f"{path}: no such ledger; it appears with the first answer")
        COMMANDS[args.command][0](ledger, args)


def _verify(ledger: Ledger, args: argparse.Namespace) -> None:
    verdict = verify(ledger)
    lines = [*map(str, verdict.damaged), str(verdict)]
    _say(args, verdict.to_record(), "\n".join(lines))
    if verdict.count("lost"):
        sys.exit(1)


def _stats(ledger: Ledger, args: argparse.Namespace) -> None:
    record = add_up(ledger)
    unanswered = record["lost"] + record["in_flight"]
    kinds = ", ".join(f"{count} {kind}" for kind, count in record["records"].items())
    lines = [
        f"{record['answered']} answered, {record['failed']} failed, {unanswered} sent without an "
        f"answer ({record['lost']} lost, {record['in_flight']} in flight)",
        f"records: {kinds or 'none'}; open batches: {record['open_batches']}",
    ]
    for table in ("teachers", "stages"):
        for name, tally in record[table].items():
            seconds = tally["mean_seconds"]
            lines.append(
                f"{table[:-1]} {name}: {tally['calls']} calls, {tally['answers']} answers, tokens "
                f"{tally['prompt_tokens']} in, {tally['cached_tokens']} of them cached, "
                f"{tally['completion_tokens']} out, "
                f"{'-' if seconds is None else seconds} seconds on average"
            )
    _say(args, record, "\n".join(lines))


def _say(args: argparse.Namespace, record: Mapping[str, Any], text: str) -> None:
    print(json.dumps(record, ensure_ascii=False) if args.json else text)


def _export(ledger: Ledger, args: argparse.Namespace) -> None:
    with table_writer(args.file, EXPORT) as writer:
        for row in _rows(ledger):
            writer.add(row)
    _say(args, {"requests": writer.count}, f"wrote {writer.count} requests to {args.file}")


def _rows(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """One row a request; only the spans of the requests are in memory."""
    spans: dict[bytes, Span] = {}
    for span, record in ledger.records():
        if isinstance(record, Record) and record.kind == "sent":
            spans[digest(record.key)] = span
    for key in ledger.keys():  # noqa: SIM118 - a ledger is no dict
        found = spans.get(digest(key))
        asked = ledger.read(found) if found else None
        request = canonical(read_sent(asked)[0]).decode() if asked else None
        yield {**dict.fromkeys(EXPORT), **_state(ledger, key), "key": key, "request": request}


def _state(ledger: Ledger, key: str) -> dict[str, Any]:
    """What is known of a request, in the columns of EXPORT."""
    if found := ledger.answered(key):
        known = {"at": found.at, "source": found.source}
        return {**found.answer.to_record(), **known, "state": "answered"}
    error = ledger.failure(key)
    if error is not None:
        return {**failed_answer(key, "", error).to_record(), "state": "failed"}
    return {"state": "unanswered"}


def _import(ledger: Ledger, args: argparse.Namespace) -> None:
    imported = import_files(ledger, args.files, args.any_model, args.rejects)
    _say(args, imported.to_record(), str(imported))
    if imported.findings:
        hint_at(imported.findings)


def _forget(ledger: Ledger, args: argparse.Namespace) -> None:
    """Ends a batch; its requests count as sent, and the next run asks for them again."""
    chunks = [one for one in open_chunks(ledger) if args.batch in (one.batch, one.file)]
    if not chunks:
        raise DataError(f"{args.batch}: the ledger {ledger.path} knows no open batch of this name")
    ledger.append([chunk.ended("forgotten") for chunk in chunks])
    _say(args, {"forgotten": args.batch}, f"{args.batch} is given up")


COMMANDS = {
    "verify": (_verify, "name every damaged record, with what its loss means", "--json"),
    "stats": (_stats, "count calls, tokens and seconds", "--json"),
    "export": (_export, "write one row per request", "answers.parquet"),
    "import": (_import, "take over answers that the ledger does not have", "logs/*.jsonl"),
    "forget": (_forget, "give up a batch that the endpoint does not know any more", "batch_abc123"),
}
