"""Where a webhook may go: addresses of the internet, checked at the very moment of connecting.

Whoever may enter an address must not reach what only this machine reaches. So a name is resolved
for each attempt, each address is judged, and the connection goes to one that was judged: a name
that answers differently the next time changes nothing. No proxy is asked and no redirect followed.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpcore

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Iterable[str]]

LONGEST_URL = 2000
LOWEST_FREE_PORT = 1024  # below, only those of the web: mail servers take HTTP for mail
TIMEOUT_S = 15.0  # for all of it, from the name to the last byte that we read
KEPT_BYTES = 1000  # of an answer; nobody reads more
_WRITE_BYTES = 16 * 1024

# IPv4 in the clothes of IPv6, by prefix: where the four bytes stand, from the right.
_CLOTHES: tuple[tuple[Network, int], ...] = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),  # mapped
    (ipaddress.IPv6Network("::/96"), 0),  # compatible
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4
)
# Beyond what Python's own list of private networks holds, which differs with its version.
_NEVER: tuple[Network, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4
    ipaddress.IPv4Network("100.64.0.0/10"),  # carrier-grade NAT
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # local NAT64
    ipaddress.IPv6Network("2001::/23"),  # Teredo, ORCHID, benchmarks
    ipaddress.IPv6Network("fec0::/10"),  # site-local, of old
)


class TargetRefused(Exception):
    """No webhook goes there. `code` is one of `webhook_words.TARGETS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TooLate(httpcore.TimeoutException):
    """`TIMEOUT_S` is over, however lively the other side still is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said: the status, and the beginning of the rest."""

    status: int
    beginning: str


def check(url: str, allowed: Sequence[Network] = (), *, https_only: bool) -> None:
    """Judge an address as it is typed, as far as no name has to be resolved.

    Raises `TargetRefused`.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        raise TargetRefused("url") from None
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if parts.scheme not in {"http", "https"} or not host or not plain or len(url) > LONGEST_URL:
        raise TargetRefused("url")
    if parts.scheme != "https" and https_only:
        raise TargetRefused("https")
    if "@" in parts.netloc:
        raise TargetRefused("userinfo")
    if port is not None and port < LOWEST_FREE_PORT and port not in {80, 443}:
        raise TargetRefused("port")
    try:
        # This one name is known without asking: RFC 6761, section 6.3.
        own = f".{host.rstrip('.').lower()}".endswith(".localhost")
        address = ipaddress.ip_address("127.0.0.1" if own else host)
    except ValueError:
        return
    if not may_reach(address, allowed):
        raise TargetRefused("private")


def may_reach(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether an address is one of the internet, or in a network that the operator allows."""
    bare = _bare(address)
    if any(bare.version == network.version and bare in network for network in allowed):
        return True
    if any(bare.version == network.version and bare in network for network in _NEVER):
        return False
    return bare.is_global and not (bare.is_multicast or bare.is_reserved or bare.is_unspecified)


def _bare(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        for clothes, shift in _CLOTHES:
            inside = (int(address) >> shift) & 0xFFFFFFFF
            # :: and ::1 are no IPv4 address.
            if address in clothes and int(address) > 1:
                return ipaddress.IPv4Address(inside)
    return address


def resolve(host: str, port: int) -> Iterable[str]:
    """The addresses of a name, as this machine is told. Raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return dict.fromkeys(str(place[0]) for *_, place in found)


class Targets:
    """Sends to receivers. `names` resolves; `allowed` are private networks that are no secret."""

    def __init__(
        self,
        allowed: Sequence[Network] = (),
        *,
        https_only: bool = True,
        names: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        timeout: float = TIMEOUT_S,
    ) -> None:
        self.allowed = tuple(allowed)
        self.https_only = https_only
        self._names = names
        self._tls = tls
        self._timeout = timeout

    def post(self, url: str, headers: Mapping[bytes | str, bytes | str], body: bytes) -> Answer:
        """Send once, within the time.

        Raises `TargetRefused`; or `OSError` or one of httpcore's errors when it did not arrive, or
        nobody can tell.
        """
        check(url, self.allowed, https_only=self.https_only)
        deadline = time.monotonic() + self._timeout
        backend = _Checked(self, deadline)
        with (
            httpcore.ConnectionPool(self._tls or _tls(), network_backend=backend) as pool,
            pool.stream("POST", url, headers=headers, content=body) as response,
        ):
            said = bytearray()
            for chunk in response.iter_stream():
                said += chunk
                if len(said) >= KEPT_BYTES:
                    break
            return Answer(response.status, _words(said[:KEPT_BYTES]))

    def addresses(self, host: str, port: int, deadline: float) -> list[str]:
        """Where a name leads that we may go to, found before a (monotonic) time.

        Raises `TargetRefused` when that is nowhere, and `TooLate`.
        """
        names = _in_time(lambda: list(self._names(host, port)), deadline)
        found = [ipaddress.ip_address(one.partition("%")[0]) for one in names]
        usable = [str(address) for address in found if may_reach(address, self.allowed)]
        if not usable:
            raise TargetRefused("private")
        return usable


class _Checked(httpcore.NetworkBackend):
    """Connects to an address that was judged; the name stays for `Host` and for TLS."""

    def __init__(self, targets: Targets, deadline: float) -> None:
        self._targets = targets
        self._deadline = deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - what is left decides
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        addresses = self._targets.addresses(host, port, self._deadline)
        for place, address in enumerate(addresses, 1):
            # The last one may take what is left; those before it leave something to the next.
            left = _left(self._deadline) / (len(addresses) - place + 1)
            try:
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(addresses):
                    raise
            else:
                return _Timed(stream, self._deadline)
        raise httpcore.ConnectError(host)


class _Timed(httpcore.NetworkStream):
    """A stream that ends at a time, not some time after each byte: one may come every second."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._inner.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        for place in range(0, len(buffer), _WRITE_BYTES):
            self._inner.write(buffer[place : place + _WRITE_BYTES], _left(self._deadline))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _Timed(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _in_time(ask: Callable[[], list[str]], deadline: float) -> list[str]:
    """An answer for which nobody waits past the deadline: a name server may take minutes.

    What comes later is thrown away with its thread; those are as many as a name server is slow for,
    and no more than may be under way at once in all that time.
    """
    answer: Future[list[str]] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except (OSError, UnicodeError, ValueError) as error:
            answer.set_exception(error)

    threading.Thread(target=run, name="webhook-name", daemon=True).start()
    try:
        return answer.result(_left(deadline))
    except FutureTimeout:
        raise TooLate from None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TooLate
    return left


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _words(said: bytes | bytearray) -> str:
    """An answer for a log: readable, and without what PostgreSQL refuses."""
    decoded = bytes(said).decode("utf-8", "replace")
    return "".join(sign if sign.isprintable() else " " for sign in decoded).strip()
