"""Texts that would do harm in a page that took them for markup, and a server that would notice."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.contract.examples import TRAINED
from tests.stages.report.inputs import Articles
from understudy.contract.names import ZEROSHOT

ENDS = "</script></title></style></textarea></template>-->]]>"
RUNS = "<script>window.planted = 'script'</script><!--<script>"
LOADS = "<img src={url}/img onerror=\"window.planted='img'\"><script src={url}/js></script>"
TURNS = "a\u202eb\u2066c\u200fd \u2028 e \u2029 f \x00 g \x07 {{ 7*7 }} {% raw %} ${{7*7}} \\u003c"
WORDS = "__proto__ constructor toString hasOwnProperty valueOf 1e9 &lt;b&gt; &amp; \"'`"
URL = "http://127.0.0.1:9"


def plant(articles: Articles, url: str = URL) -> Articles:
    """The rows with such texts in every column of the first one, its id included."""
    evil = " ".join([ENDS, RUNS, LOADS.format(url=url), TURNS, WORDS])
    columns = ("article", "highlights", *TRAINED, ZEROSHOT)
    texts = {name: f"{name} {evil} {name}." for name in columns}
    return [{**texts, "id": f"row<b>1</b>{RUNS}"}, *articles]


@contextmanager
def count_requests() -> Iterator[tuple[str, list[str]]]:
    """Yields a loopback server's address and the list of paths that it is asked for."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(204)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
