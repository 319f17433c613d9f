"""Answers chat completions with a student, in the chat model's place.

In:  a model folder, and the task's prompt: zeroshot.prompt of params.yaml, or --prompt; with
     --teacher the section teacher of params.yaml, too, and in mode cascade a calibration.
Out: an OpenAI-compatible server; one line of JSON on stderr for each request, without its texts.
Run: understudy serve --model models/t5-written
     understudy serve --model models/t5-written --mode cascade --teacher

Point an OpenAI client at http://127.0.0.1:8100/v1. Requests of other tasks get 422, or go to the
teacher with --teacher, which may cost money: serve.max_cost_usd is the cap of a day. Clients must
send the key in the environment variable UNDERSTUDY_SERVE_KEY, if it is set; without it, only this
machine is listened to. SIGTERM ends the server when all it has is answered.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.core.errors import ParamsError
from understudy.core.parser import command_parser, whole_number

if TYPE_CHECKING:
    from understudy.contract.params.serve import ServeParams
    from understudy.tools.hosting import Extension

MODES = ("student", "cascade", "shadow", "canary")
NAMES = ("mode", "host", "port", "workers", "threads", "max_queue")
"""Params that an option of the same name replaces."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serves the model folder that the command line names, until a signal ends it."""
    parser = command_parser("understudy serve", __doc__)
    add = parser.add_argument
    add("--model", type=Path, required=True, help="a model folder, such as models/t5-written")
    add("--host", help="address to listen on; default: 127.0.0.1")
    add("--port", type=partial(whole_number, least=0), help="default: 8100; 0 takes a free one")
    add("--workers", type=whole_number, help="processes that share the port; default: 1")
    threads = "cores that decode one batch together; default: a batch on each core, or the GPU"
    add("--mode", choices=MODES, help="who answers; default: student")
    add("--teacher", action="store_true", help="let the teacher of params.yaml answer, too")
    calibration = "default: metrics/calibration/ and the model folder's name"
    add("--calibration", type=Path, metavar="FILE", help=calibration)
    add("--threads", type=whole_number, help=threads)
    add("--prompt", type=Path, metavar="FILE", help="the task's prompt template")
    names = "names to replace, one a line; default: as `understudy predict`"
    add("--redact-names", type=Path, metavar="FILE", help=names)
    add("--max-queue", type=whole_number, help="requests that may wait; default: 256")
    add("--timeout", type=whole_number, metavar="SECONDS", help="of an answer; default: 30")
    add("--log-texts", action="store_true", help="log inputs and answers too")
    given = parser.parse_args(arguments)

    from understudy.serving.running import bind, read_key, run_server
    from understudy.tools.hosting import open_app
    from understudy.tools.summarize import check_model

    check_model(given.model)
    params = _choose(vars(given))
    extend = _extend(params, given.model, given.calibration) if given.teacher else None
    if extend is None and (params.mode != "student" or given.calibration):
        raise ParamsError(
            f"serve.mode = {params.mode}: the teacher may answer, which may cost money: allow it "
            "with --teacher, or take --mode student, without --calibration"
        )
    key = read_key(params.host)
    opened = partial(
        open_app, given.model, given.prompt, given.redact_names, params, key, given.log_texts,
        extend,
    )  # fmt: skip
    seconds = params.timeout_seconds + (params.teacher_timeout_seconds if given.teacher else 0)
    with bind(params.host, params.port) as bound:
        run_server(opened, bound, params.workers, seconds)


def _extend(params: "ServeParams", model: Path, calibration: Path | None) -> "Extension":
    """What brings the teacher into a worker; what cannot be used is told before that."""
    from understudy.tools.escalating.extension import escalate, prepare, tell_mode

    tell_mode(prepare(model, params, calibration))
    return partial(escalate, params, calibration)  # which prepares anew for another model


def _choose(given: dict[str, Any]) -> "ServeParams":
    """The section `serve`, if there is one, with the options of the command line in its place."""
    from understudy.contract.params.serve import ServeParams
    from understudy.core.params import PARAMS, load_section

    ours = PARAMS.exists() and (given["prompt"] is None or given["teacher"])
    params = load_section("serve", ServeParams) if ours else ServeParams()
    timeout = given["timeout"]
    options = {name: given[name] for name in NAMES}
    options["timeout_seconds"] = None if timeout is None else float(timeout)
    chosen = {name: value for name, value in options.items() if value is not None}
    return ServeParams.model_validate({**params.model_dump(), **chosen})
