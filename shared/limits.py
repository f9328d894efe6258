"""How often somebody may do something, counted in Redis; let through and counted when it is away.

A limit keeps guessing and flooding slow. It is no gate: without Redis people still register.
"""

import hashlib
import hmac
import ipaddress
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import redis
import structlog
from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.retry import Retry
from starlette.requests import Request

from shared.problems import TooMany

log = structlog.get_logger()

SOCKET_S = 0.25  # a Redis that takes longer for one answer counts as away
PAUSE_S = 5.0  # for so long nobody asks a Redis that is away

# Of this process; `shared.http.Metrics` shows them among each application's own.
UNCHECKED = Counter(
    "rate_limit_unchecked_total", "Let through unseen, as Redis was away", registry=None
)
REFUSED = Counter("rate_limit_refused_total", "Refused", ["limit"], registry=None)


@dataclass(frozen=True)
class Limit:
    """At most `times` within any `seconds`. `name` is the metric's label: fixed, nothing personal.

    Redis keeps a time for each hit of the window, so `times` is some hundreds at most.
    """

    name: str
    times: int
    seconds: int


class Limiter:
    """Counts for one service. `redis_url` and `secret` are asked on first use.

    What is counted by is kept in Redis only as an HMAC under `secret`: an address or a telephone
    number has too few possible values for a plain hash to hide it.
    """

    def __init__(self, redis_url: Callable[[], str], secret: Callable[[], str]) -> None:
        self._url = redis_url
        self._secret = secret
        self._lock = threading.Lock()
        self._away = False
        self._ask_after = 0.0  # time.monotonic()

    def hit(self, limit: Limit, *who: str) -> int:
        """Count one try by `who`, and return 0; or, if it is one too many, the seconds to wait.

        A refused try is not counted, so whoever waits those seconds gets through. Several limits
        are several calls; the first that refuses spares the others.
        """
        if not self._may_ask():
            UNCHECKED.inc()
            return 0
        rule = RateLimitItemPerSecond(limit.times, limit.seconds, namespace="rate")
        key = self._key(limit.name, *who)
        try:
            allowed = self._window.hit(rule, key)
            reset = 0.0 if allowed else self._window.get_window_stats(rule, key).reset_time
        except (redis.RedisError, OSError) as error:
            self._say(away=True, reason=type(error).__name__)
            UNCHECKED.inc()
            return 0
        self._say(away=False)
        if allowed:
            return 0
        REFUSED.labels(limit.name).inc()
        return max(1, math.ceil(reset - time.time()))

    def guard(self, limit: Limit, *who: str) -> None:
        """`hit`, for who answers with an error: raises `TooMany`, which is a 429 everywhere."""
        if wait := self.hit(limit, *who):
            raise TooMany(wait)

    @cached_property
    def _window(self) -> MovingWindowRateLimiter:
        storage = RedisStorage(
            self._url(),
            key_prefix="limit",
            socket_timeout=SOCKET_S,
            socket_connect_timeout=SOCKET_S,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type] # handed on to the client
        )
        return MovingWindowRateLimiter(storage)

    def _key(self, *parts: str) -> str:
        told = "\x00".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(self._secret().encode(), told, hashlib.sha256).hexdigest()

    def _may_ask(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now < self._ask_after:
                return False
            if self._away:  # this caller looks whether it is back; the others need not wait too
                self._ask_after = now + PAUSE_S
            return True

    def _say(self, *, away: bool, reason: str = "") -> None:
        with self._lock:
            changed = away != self._away
            self._away = away
            self._ask_after = time.monotonic() + PAUSE_S if away else 0.0
        if changed:
            log.warning("limits.unchecked" if away else "limits.checked_again", reason=reason)


def client_address(request: Request) -> str:
    """Who calls, to count by: an IPv4 address, or the /64 of an IPv6 one, which is one household.

    uvicorn has taken it from X-Forwarded-For already: the last entry that is no proxy of ours
    (`shared/command.py`), so a made-up header changes nothing.
    """
    return _counted(request, 64)


def client_network(request: Request) -> str:
    """As `client_address`, but the /48 of an IPv6 address: who has one has 65,536 of /64."""
    return _counted(request, 48)


def _counted(request: Request, prefix: int) -> str:
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, prefix), strict=False))
