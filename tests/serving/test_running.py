"""Where a server may listen, with which key, and what it says otherwise."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving import LIMITS, Echo, Summarizing, ask, metric, running
from understudy.serving.app import open_service
from understudy.serving.rejections import ServeError
from understudy.serving.running import KEY, bind, is_loopback, read_key


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_a_public_address_needs_a_key(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    with pytest.raises(ServeError, match=rf"--host {host}: other machines .* {KEY} is not set"):
        read_key(host)
    monkeypatch.setenv(KEY, "secret")
    assert read_key(host) == "secret"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_needs_none(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    assert is_loopback(host)
    assert read_key(host) is None


@pytest.mark.parametrize("key", ["", " ", "a ", "a\nb", "\x7f", "é"])
def test_a_key_that_no_client_can_send_is_refused_and_not_shown(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, key)
    with pytest.raises(ServeError, match=f"{KEY}: expected printable ASCII") as caught:
        read_key("127.0.0.1")
    assert key.strip() == "" or key not in str(caught.value)


def test_an_address_in_use_is_named() -> None:
    with bind("127.0.0.1", 0) as bound:
        bound.listen()
        port = bound.getsockname()[1]
        with pytest.raises(ServeError, match=rf"127.0.0.1:{port}: cannot listen .*in use.*--port"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_named(host: str) -> None:
    with pytest.raises(ServeError, match=f"{host}:0: cannot listen there"):
        bind(host, 0)


def test_a_server_that_ends_answers_all_it_has_and_takes_no_more() -> None:
    student = Echo()
    service = open_service(student, Summarizing(), LIMITS)
    with running(service) as (client, server), ThreadPoolExecutor(32) as pool:
        student.hold()
        asked = [pool.submit(ask, client, f"text {number}") for number in range(32)]
        while metric(client, "understudy_requests_in_flight") < 33:  # with this one
            pass
        server.should_exit = True
        while server.servers and server.servers[0].is_serving():
            pass
        student.may_answer.set()
        assert [one.result().status_code for one in asked] == [200] * 32
    assert sorted(student.texts) == sorted(f"text {number}" for number in range(32))


def test_answers_are_sent_without_waiting_for_acknowledgements() -> None:
    with bind("127.0.0.1", 0) as bound:
        bound.listen()
        with socket.create_connection(bound.getsockname()), bound.accept()[0] as accepted:
            assert accepted.proto == socket.IPPROTO_TCP  # where asyncio sets TCP_NODELAY
