"""Makes the file of inputs for fetch out of logs of chat completions.

In:  logs whose prompts are the template of zeroshot.prompt, filled in.
Out: a line of JSON for each different input: its id, the template's variables, its session.
Run: understudy inputs logs/*.jsonl

An input counts where `understudy ledger import` takes the answer to it: nothing is left to ask.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from understudy.core.parser import command_parser

OUTPUT = Path("data/own/inputs.jsonl")
"""Where the profile `logs` has fetch look for it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the logs that the command line names."""
    from understudy.tools.importing.collecting import write_inputs
    from understudy.tools.importing.options import add_logs, hint_at

    parser = command_parser("understudy inputs", __doc__)
    add_logs(parser)
    parser.add_argument("--output", type=Path, default=OUTPUT, help="default: %(default)s")
    where = "dotted path of what calls of one customer have in common, such as metadata.customer"
    parser.add_argument("--session", metavar="PATH", help=where)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(arguments)
    made = write_inputs(args.files, args.output, args.session, args.any_model)
    print(json.dumps(made.to_record()) if args.json else made)
    hint_at(made.findings)
