"""Limits on a real Redis, which may go away; and how a refusal is told."""

import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
import redis as redis_client
from asking import ask
from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry, Counter, generate_latest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from shared.command import PROXIES
from shared.limits import REFUSED, SOCKET_S, UNCHECKED, Limit, Limiter, client_address
from shared.local.redis import Redis
from shared.problems import add_problem_details
from shared.web import Pages
from shared.web.pages import TEMPLATES

ADDRESS = "203.0.113.7"
EMAIL = "peserta.contoh@example.org"


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with TemporaryDirectory() as folder:
        redis = Redis(Path(folder) / "redis")
        redis.start()
        yield redis
        redis.stop()


@pytest.fixture
def limiter(redis: Redis) -> Limiter:
    redis.restart()
    return Limiter(lambda: redis.url, lambda: "s" * 40)


def value(counter: Counter) -> float:
    return next(s.value for m in counter.collect() for s in m.samples if s.name.endswith("_total"))


def unchecked() -> float:
    return value(UNCHECKED)


def refused(limit: Limit) -> float:
    return value(REFUSED.labels(limit.name))


class DeafRedis:
    """A Redis that takes connections and never says a word, as a stopped process does."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._socket.getsockname()[1]}/0"
        self._callers: list[socket.socket] = []
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                self._callers.append(self._socket.accept()[0])
        except OSError:
            return  # closed

    @property
    def calls(self) -> int:
        return len(self._callers)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for caller in self._callers:
            caller.close()


@pytest.fixture
def deaf() -> Iterator[DeafRedis]:
    deaf = DeafRedis()
    yield deaf
    deaf.close()


def test_so_many_times_and_no_more(limiter: Limiter) -> None:
    limit = Limit("so-many", 3, 60)
    before = refused(limit)
    assert [limiter.hit(limit, ADDRESS) for _ in range(3)] == [0, 0, 0]
    assert 55 <= limiter.hit(limit, ADDRESS) <= 60
    assert refused(limit) == before + 1
    assert limiter.hit(limit, "203.0.113.8") == 0, "somebody else is counted apart"
    assert limiter.hit(Limit("another", 3, 60), ADDRESS) == 0, "so is another limit"
    assert limiter.hit(limit, ADDRESS, EMAIL) == 0, "and the two together"


def test_one_at_a_time_is_let_through_of_many_at_once(limiter: Limiter) -> None:
    limit = Limit("racers", 5, 60)
    waits: list[int] = []
    racers = [Thread(target=lambda: waits.append(limiter.hit(limit, ADDRESS))) for _ in range(20)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sum(wait == 0 for wait in waits) == 5


def test_redis_learns_nobodys_address(limiter: Limiter, redis: Redis) -> None:
    limiter.hit(Limit("private", 3, 60), ADDRESS, EMAIL)
    with redis_client.Redis.from_url(redis.url, decode_responses=True) as client:
        keys = client.keys("*")
    assert isinstance(keys, list)
    assert len(keys) == 1
    assert ADDRESS not in keys[0]
    assert EMAIL not in keys[0]
    other = Limiter(lambda: redis.url, lambda: "t" * 40)
    other.hit(Limit("private", 3, 60), ADDRESS, EMAIL)
    with redis_client.Redis.from_url(redis.url) as client:
        assert len(list(client.scan_iter())) == 2, "without the secret nobody can count along"


def test_a_redis_that_was_killed_lets_all_through_and_counts_them(
    limiter: Limiter, redis: Redis
) -> None:
    limit = Limit("killed", 1, 60)
    assert limiter.hit(limit, ADDRESS) == 0
    assert limiter.hit(limit, ADDRESS) > 0
    redis.kill()
    before = unchecked()
    assert [limiter.hit(limit, ADDRESS) for _ in range(50)] == [0] * 50
    assert unchecked() == before + 50
    redis.start()
    limiter._ask_after = 0.0  # as if the pause were over
    assert limiter.hit(limit, ADDRESS) == 0
    assert limiter.hit(limit, ADDRESS) > 0, "it counts again"
    assert unchecked() == before + 50


def test_a_redis_that_hangs_is_asked_once_and_not_by_every_caller(deaf: DeafRedis) -> None:
    limiter = Limiter(lambda: deaf.url, lambda: "s" * 40)
    limit = Limit("hangs", 1, 60)
    assert SOCKET_S <= 0.25
    before = unchecked()
    assert [limiter.hit(limit, ADDRESS) for _ in range(100)] == [0] * 100
    assert unchecked() == before + 100
    assert deaf.calls == 1

    limiter._ask_after = 0.0  # as if the pause were over: one looks again, the others do not
    racers = [Thread(target=limiter.hit, args=(limit, ADDRESS)) for _ in range(20)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert deaf.calls == 2
    assert unchecked() == before + 120


def test_the_counters_stand_in_every_applications_metrics() -> None:
    for _ in range(2):  # several applications may share a process
        registry = CollectorRegistry()
        registry.register(UNCHECKED)
        registry.register(REFUSED)
        assert b"rate_limit_unchecked_total" in generate_latest(registry)


def application(limiter: Limiter) -> FastAPI:
    app = FastAPI()
    once = Limit("once", 1, 60)

    @app.get("/page")
    @app.get("/api/thing")
    def limited(request: Request) -> str:
        limiter.guard(once, client_address(request), request.url.path)
        return "ok"

    @app.get("/who")
    def who(request: Request) -> str:
        return client_address(request)

    add_problem_details(app, Pages(TEMPLATES), {})
    return app


def test_a_person_and_a_program_are_told_when_to_come_again(limiter: Limiter) -> None:
    app = application(limiter)
    assert ask(app, "GET", "/page").status_code == 200
    page = ask(app, "GET", "/page")
    assert page.status_code == 429
    assert 55 <= int(page.headers["retry-after"]) <= 60
    assert "Terlalu banyak permintaan. Tunggu sebentar, lalu coba lagi." in page.text
    english = ask(app, "GET", "/page", headers={"accept-language": "en"})
    assert "Too many requests." in english.text

    ask(app, "GET", "/api/thing")
    answer = ask(app, "GET", "/api/thing")
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "too-many-requests"
    assert answer.json()["retry_after"] == int(answer.headers["retry-after"])


@pytest.mark.parametrize(
    ("connected", "forwarded", "counted"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # no proxy of ours
        ("172.18.0.5", "203.0.113.7", "203.0.113.7"),
        ("172.18.0.5", "1.2.3.4, 203.0.113.7", "203.0.113.7"),  # the first is made up
        ("172.18.0.5", "1.2.3.4, 203.0.113.7, 172.18.0.1", "203.0.113.7"),
        ("172.18.0.5", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", None, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", None, "203.0.113.7"),
        ("testclient", None, "testclient"),
    ],
)
def test_who_calls_is_who_our_own_proxy_says(
    limiter: Limiter, connected: str, forwarded: str | None, counted: str
) -> None:
    app = ProxyHeadersMiddleware(application(limiter), PROXIES)  # type: ignore[arg-type]
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    answer = ask(app, "GET", "/who", caller=connected, headers=headers)  # type: ignore[arg-type]
    assert answer.json() == counted
