"""The proxy that the environment names for an address, and the errors that name the proxy.

HTTP_PROXY, HTTPS_PROXY and ALL_PROXY are heeded, and NO_PROXY against them. An address on loopback
is behind no proxy.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies

from understudy.teacher.errors import EndpointError

HTTP = ("http", "https")
SOCKS = ("socks5", "socks5h")
FORM = re.compile(r"(\w+)://(?:(?P<secret>[^/]*)@)?(\[[\da-fA-F:.]+\]|[^/:@\[\]]+)(:\d{1,5})?/?")


@dataclass(frozen=True)
class Proxy:
    """A proxy, and where its setting stands."""

    variable: str
    url: str = field(repr=False)
    """With its password, if it has one."""
    host: str
    """What is to be reached through it."""

    def error(self, reason: str) -> EndpointError:
        """The error of an endpoint that cannot be reached through it."""
        return EndpointError(
            f"{self}: {reason}; correct {self.variable}, or go around the proxy with "
            f"`export NO_PROXY={self.host}`"
        )

    def __str__(self) -> str:
        shown = re.sub("://.*@", "://***@", self.url)
        return f"the proxy {self.variable} = {shown}"


def find_proxy(address: str) -> Proxy | None:
    """The proxy for an address.

    Raises:
        EndpointError: its setting cannot be used.
    """
    url = urlsplit(address)
    host, settings = url.hostname or "", getproxies()
    if is_loopback(host) or _is_excepted(host, url.port, settings.get("no", "")):
        return None
    kind = next((kind for kind in (url.scheme, "all") if settings.get(kind)), None)
    if kind is None:
        return None
    value = settings[kind].strip()
    names = (f"{kind}_proxy", f"{kind}_PROXY".upper())
    variable = next((name for name in names if os.environ.get(name)), "of the system")
    proxy = Proxy(variable, value if "://" in value else f"http://{value}", host)
    _check(proxy)
    return proxy


def _check(proxy: Proxy) -> None:
    if not (form := FORM.fullmatch(proxy.url)):
        raise proxy.error("expected an address such as http://host:3128")
    scheme = form[1].lower()
    if scheme in SOCKS and find_spec("socksio") is None:
        raise proxy.error("SOCKS needs a package that is not installed: `pip install socksio`")
    if scheme not in HTTP + SOCKS:
        raise proxy.error(f"expected one of {', '.join(HTTP + SOCKS)}, not {scheme}")


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_excepted(host: str, port: int | None, listed: str) -> bool:
    """Whether NO_PROXY names a host: `*`, names and their ends, with ports, addresses, networks."""
    for name in filter(None, (name.strip().lower() for name in listed.split(","))):
        end = name.removesuffix(f":{port}").removeprefix("*").removeprefix(".").strip("[]")
        if not end or host == end or host.endswith(f".{end}"):
            return True
        with suppress(ValueError):
            if ip_address(host) in ip_network(end, strict=False):
                return True
    return False
