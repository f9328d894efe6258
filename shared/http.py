"""What every application has: request ids, a limit on requests, health, metrics."""

import time
from collections.abc import Iterable
from typing import Any

import structlog
from fastapi import FastAPI, Response
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.api_docs import add_api_docs
from shared.bus import BrokerAway, Bus
from shared.limits import REFUSED, UNCHECKED
from shared.problems import Refusals, add_problem_details, status_problem
from shared.tracing import new_traceparent, span, trace_id
from shared.web import Pages
from shared.web.forms import MULTIPART, UPLOAD_LIMIT

log = structlog.get_logger()

CANARY_OLD_S = 60  # a worker that has not sung for so long is not working
BODY_LIMIT = 256 * 1024  # bytes; no form of ours without a file is near it
DRAINED = 3  # times its limit, a body is read to its end: see `_drain`


class Requests:
    """Middleware: a trace for each request, a limit on its size, a log line and metrics."""

    def __init__(self, app: ASGIApp, metrics: "Metrics") -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        traceparent = new_traceparent(headers.get(b"traceparent", b"").decode("latin-1"))
        started = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", trace_id(traceparent).encode()),
                    *_private(scope["path"], message["headers"]),
                ]
            await send(message)

        with span(traceparent):
            try:
                await self._guarded(scope, headers, receive, answer)
            finally:
                seconds = time.perf_counter() - started
                route = getattr(scope.get("route"), "path", "-")
                self._metrics.observe(scope["method"], route, status, seconds)
                log.info(
                    "request",
                    method=scope["method"],
                    path=_loggable(route, scope),
                    status=status,
                    ms=round(seconds * 1000, 1),
                )

    async def _guarded(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        if b"%00" in scope["query_string"] or "\x00" in scope["path"]:
            # No text of ours holds a NUL, and PostgreSQL refuses it.
            await status_problem(400).response()(scope, receive, send)
            return
        limit = _body_limit(headers.get(b"content-type", b""))
        length = headers.get(b"content-length", b"0")
        announced = int(length) if length.isdigit() else 0
        received = 0

        async def limited() -> Message:
            # Raised where the body is read, so that the answer is that of any other error.
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if max(received, announced) > limit:
                await _drain(message, receive, DRAINED * limit - received)
                raise HTTPException(413)
            return message

        await self._app(scope, limited, send)


async def _drain(message: Message, receive: Receive, most: int) -> None:
    """Read on to the body's end, so far as it is near.

    A browser that is still sending when the answer comes shows a broken connection instead.
    """
    while message.get("more_body") and most > 0:
        message = await receive()
        most -= len(message.get("body", b""))


def _body_limit(content_type: bytes) -> int:
    kind = content_type.partition(b";")[0].strip().lower()
    return UPLOAD_LIMIT + BODY_LIMIT if kind == MULTIPART.encode() else BODY_LIMIT


def _private(path: str, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers that keep an API's answer, which may be about a person, out of caches."""
    if "/api/" not in path or any(name == b"cache-control" for name, _ in headers):
        return []
    return [(b"cache-control", b"private, no-store"), (b"x-content-type-options", b"nosniff")]


def _loggable(route: str, scope: Scope) -> str:
    """The route with its template: a signed link in a log would be a key left in the door."""
    return route if route != "-" else scope["path"][:200]


class Metrics:
    """Prometheus metrics of one application: its requests, and the bus's state in its database."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests_total", "Requests", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_seconds", "Time to answer", ["route"], registry=self.registry
        )
        for counter in (UNCHECKED, REFUSED):
            self.registry.register(counter)
        self.registry.register(self)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The bus, read when it is asked for."""
        with self._bus.database.sessions.begin() as session:
            for name, value in session.execute(_BUS_STATE).mappings().one().items():
                yield GaugeMetricFamily(f"bus_{name}", str(name).replace("_", " "), value=value)


_BUS_STATE = text("""
    SELECT (SELECT count(*) FROM outbox WHERE sent_at IS NULL) AS unsent_events,
           (SELECT count(*) FROM delivery WHERE due_at IS NOT NULL) AS unreceived_copies,
           (SELECT coalesce(extract(epoch FROM now() - min(o.created_at)), 0)::float
              FROM delivery d JOIN outbox o ON o.id = d.event_id
             WHERE d.due_at IS NOT NULL) AS oldest_unreceived_seconds,
           (SELECT count(*) FROM failed_event WHERE parked_at IS NOT NULL) AS parked_events,
           (SELECT coalesce(extract(epoch FROM now() - min(sung_at)), 'Infinity')::float
              FROM canary) AS oldest_canary_seconds""")
# Without a row no relay has run yet.
_OLDEST_CANARY = text("""
    SELECT coalesce(extract(epoch FROM now() - min(sung_at)), 'Infinity')::float FROM canary""")


def add_health(app: FastAPI, bus: Bus, metrics: Metrics) -> None:
    """`/health/live`, `/health/ready` and `/metrics`; nothing personal, so open to all."""

    @app.get("/health/live", tags=["health"])
    def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/health/ready", tags=["health"])
    def ready(response: Response) -> dict[str, Any]:
        """ok; degraded while Redis or a worker is away (work waits, nothing is lost); or down."""
        checks = {"database": "ok", "redis": "ok", "worker": "ok"}
        try:
            with bus.database.sessions.begin() as session:
                age = session.execute(_OLDEST_CANARY).scalar_one()
            if age > CANARY_OLD_S:
                checks["worker"] = "silent"
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is "down"
            checks["database"] = type(error).__name__
            response.status_code = 503
            return {"status": "down", "checks": checks}
        try:
            bus.queues.room(bus.queue_names())
        except BrokerAway:
            checks["redis"] = "away"
        healthy = all(value == "ok" for value in checks.values())
        return {"status": "ok" if healthy else "degraded", "checks": checks}

    @app.get("/metrics", tags=["health"])
    def metrics_text() -> Response:
        """For Prometheus."""
        return Response(generate_latest(metrics.registry), media_type="text/plain; version=0.0.4")


def assemble(app: FastAPI, bus: Bus, pages: Pages, refusals: Refusals) -> None:
    """Give a service's application what all of them have."""
    metrics = Metrics(bus)
    add_problem_details(app, pages, refusals)
    add_health(app, bus, metrics)
    add_api_docs(app, bus.service, pages)
    app.add_middleware(Requests, metrics=metrics)
