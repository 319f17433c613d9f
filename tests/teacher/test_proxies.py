"""Proxies of the environment: which one is taken, how it is used, and how it is blamed."""

import asyncio
import base64
import http.client
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest

from tests.doubles.teacher import ChatServer, settings
from tests.teacher.asking import requests
from understudy.contract.params.teacher import TeacherParams
from understudy.teacher import proxies
from understudy.teacher.endpoint import open_endpoint
from understudy.teacher.errors import EndpointError
from understudy.teacher.preflight import check_endpoint
from understudy.teacher.proxies import find_proxy

HOST = "api.example.com"
USER = "Basic " + base64.b64encode(b"user:secret-word").decode()


class Forward(BaseHTTPRequestHandler):
    """Passes requests for any host on to one server."""

    target = ""
    wants_user = False
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.wants_user and self.headers.get("Proxy-Authorization") != USER:
            status, body = 407, b"<html><title>Who?</title></html>"
        else:
            url, onward = urlsplit(self.path), http.client.HTTPConnection(self.target)
            onward.request(self.command, url.path, data, {"Content-Type": "application/json"})
            reply = onward.getresponse()
            status, body = reply.status, reply.read()
            onward.close()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - the base class's name

    def log_message(self, *_: object) -> None:
        """Keep the tests' output free of an access log."""


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_PROXY".upper(), raising=False)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


@pytest.fixture
def proxy(server: ChatServer) -> Iterator[str]:
    """The address of a proxy to the server, without its scheme."""
    Forward.target, Forward.wants_user = urlsplit(server.url).netloc, False
    with ThreadingHTTPServer(("127.0.0.1", 0), Forward) as found:
        thread = Thread(target=found.serve_forever, args=(0.02,))
        thread.start()
        yield f"127.0.0.1:{found.server_address[1]}"
        found.shutdown()
        thread.join()


def complete(url: str) -> str:
    params = TeacherParams(**settings(url))

    async def main() -> str:
        async with open_endpoint(params) as endpoint:
            await check_endpoint(endpoint, params)
            body, *_ = await endpoint.complete(requests(["hi"], params)[0])
            return str(body["choices"][0]["message"]["content"])

    return asyncio.run(main())


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_calls_go_through_the_proxy_of_the_environment(
    proxy: str, scheme: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"{scheme}{proxy}")
    assert complete(f"http://{HOST}/v1") == "answer to hi"


def test_a_proxy_that_wants_a_user_gets_it_or_is_named_without_the_password(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Forward.wants_user = True
    monkeypatch.setenv("HTTP_PROXY", f"http://user:secret-word@{proxy}")
    assert complete(f"http://{HOST}/v1") == "answer to hi"
    monkeypatch.setenv("HTTP_PROXY", f"http://user:wrong-word@{proxy}")
    with pytest.raises(EndpointError) as caught:
        complete(f"http://{HOST}/v1")
    assert str(caught.value) == (
        f"the proxy HTTP_PROXY = http://***@{proxy}: it wants a user and a password that it knows "
        f"(HTTP 407); correct HTTP_PROXY, or go around the proxy with `export NO_PROXY={HOST}`"
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_down_is_named_instead_of_the_endpoint(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://user:secret-word@127.0.0.1:9")
    with pytest.raises(EndpointError) as caught:
        complete(f"{scheme}://{HOST}/v1")
    assert str(caught.value).startswith("the proxy ALL_PROXY = http://***@127.0.0.1:9: no answer")
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://localhost:1", "http://[::1]/v1"])
def test_loopback_is_behind_no_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks4://127.0.0.1:9")
    assert find_proxy(url) is None


def test_a_server_on_loopback_answers_whatever_proxy_is_set(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:9")
    assert complete(server.url) == "answer to hi"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("socks4://u:secret-word@127.0.0.1:9", "expected one of http, https, socks5, socks5h, not"),
        ("socks5://u:secret-word@127.0.0.1:9", "SOCKS needs a package that is not installed: `pip"),
        ("socks5h://127.0.0.1:9", "`pip install socksio`"),
        ("http://127.0.0.1:port", "expected an address such as http://host:3128"),
        ("http://", "expected an address"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(
    value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxies, "find_spec", lambda _: None)
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(EndpointError, match="the proxy ALL_PROXY = ") as caught:
        complete(f"http://{HOST}/v1")
    assert said in str(caught.value)
    assert "secret-word" not in str(caught.value)
    assert f"`export NO_PROXY={HOST}`" in str(caught.value)


@pytest.mark.parametrize(
    ("listed", "is_behind"),
    [
        ("*", False),
        ("example.com", False),
        (".example.com", False),
        ("*.example.com, other.org", False),
        ("API.EXAMPLE.COM:8443", False),
        ("api.example.com:1", True),
        ("ample.com", True),
        ("", True),
        ("10.0.0.0/8", True),
    ],
)
def test_no_proxy_is_heeded_in_its_usual_forms(
    listed: str, is_behind: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://10.1.2.3:3128")
    monkeypatch.setenv("NO_PROXY", listed)
    assert (find_proxy(f"https://{HOST}:8443/v1") is not None) == is_behind
    monkeypatch.setenv("NO_PROXY", "10.0.0.0/8")
    assert find_proxy("https://10.7.7.7/v1") is None
