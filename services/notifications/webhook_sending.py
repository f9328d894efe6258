"""Tells other systems: takes deliveries that are due from the database and posts them.

At least once: a worker that dies in between leaves a lease that runs out, and the delivery goes
again under the same `webhook-id`. Receivers talk to threads, which hold no connection to the
database; few of them go to any one endpoint, and to those that fail fewer still, so a slow
receiver is slow for itself alone. Nor does one region, with many endpoints, take all the threads.
"""

import json
import random
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpcore
import structlog
from cryptography.fernet import InvalidToken
from sqlalchemy import text

from services.notifications import webhook_secrets
from services.notifications.resources import database
from services.notifications.settings import settings
from services.notifications.webhook_targets import TIMEOUT_S, TargetRefused, Targets

log = structlog.get_logger()

WIDTH = 16  # receivers that one worker talks to at once
EACH = 2  # at most so many of one endpoint, by all workers together
EACH_FAILING = 1  # also of one whose last answer took more than `SLOW_S`
EACH_REGION = WIDTH // 4  # of all endpoints of one region_code
SLOW_S = 5.0
LEASE_S = 60
LOOK_S = 0.5  # how long new deliveries wait while others are under way

# As Standard Webhooks proposes: about three days and a half, then an official may send it again.
RETRY_S = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
GONE = 410  # the receiver says that it wants no more

# Two workers must not both see that an endpoint has room.
_ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtext('notifications.webhooks'))")

_CLAIM = text("""
    WITH busy AS (
        SELECT endpoint_id, count(*) AS deliveries FROM webhook_delivery
        WHERE lease_until > now() GROUP BY endpoint_id
    ), region AS (
        SELECT region_code, sum(deliveries) AS deliveries
        FROM busy JOIN webhook_endpoint ON webhook_endpoint.id = endpoint_id GROUP BY region_code
    ), found AS (
        SELECT next.id, endpoint.url, endpoint.secret, CASE
            WHEN endpoint.secret_changed_at > now() - make_interval(hours => :overlap)
            THEN endpoint.former_secret END AS former_secret,
            endpoint.failing_since IS NOT NULL OR endpoint.slow AS is_last, next.next_attempt_at,
            coalesce(region.deliveries, 0) + row_number() OVER (
                PARTITION BY endpoint.region_code
                ORDER BY endpoint.failing_since IS NOT NULL OR endpoint.slow, next.next_attempt_at
            ) AS place
        FROM webhook_endpoint AS endpoint LEFT JOIN busy ON busy.endpoint_id = endpoint.id
        LEFT JOIN region ON region.region_code = endpoint.region_code
        CROSS JOIN LATERAL (
            SELECT id, next_attempt_at FROM webhook_delivery
            WHERE endpoint_id = endpoint.id AND state = 'queued' AND next_attempt_at <= now()
              AND (lease_until IS NULL OR lease_until <= now()) AND payload IS NOT NULL
            ORDER BY next_attempt_at
            LIMIT greatest(0, CASE WHEN endpoint.failing_since IS NOT NULL OR endpoint.slow
                THEN :each_failing ELSE :each END - coalesce(busy.deliveries, 0))
        ) AS next
        WHERE endpoint.active AND endpoint.id <> ALL (CAST(:skip AS uuid[]))
    ), due AS (
        SELECT found.* FROM found JOIN webhook_delivery USING (id)
        WHERE place <= :each_region AND state = 'queued'
          AND webhook_delivery.next_attempt_at <= now()
          AND (lease_until IS NULL OR lease_until <= now())
        ORDER BY is_last, found.next_attempt_at LIMIT :room
        FOR UPDATE OF webhook_delivery SKIP LOCKED
    )
    UPDATE webhook_delivery SET attempts = attempts + 1,
        lease_until = now() + make_interval(secs => :lease)
    FROM due WHERE webhook_delivery.id = due.id
    RETURNING webhook_delivery.id, endpoint_id, attempts AS number, type, payload, url, secret,
        former_secret""")

# Whoever deletes an endpoint holds it first and its deliveries then; so do we, or both would wait.
_HOLD = text("SELECT FROM webhook_endpoint WHERE id = :endpoint FOR NO KEY UPDATE")

# The number of the attempt is the proof of a claim; of a delivery that was deleted meanwhile
# nothing is written. An endpoint that has failed for days, or is gone, is left alone.
_RECORD = text("""
    WITH told AS (
        UPDATE webhook_delivery SET state = :state, lease_until = NULL,
            next_attempt_at = now() + make_interval(secs => :delay),
            delivered_at = CASE WHEN :state = 'delivered' THEN now() ELSE delivered_at END
        WHERE id = :id AND attempts = :number AND state = 'queued'
        RETURNING id, endpoint_id
    ), kept AS (
        INSERT INTO webhook_attempt (delivery_id, number, status, detail, milliseconds)
        SELECT id, :number, :status, :detail, :milliseconds FROM told
    ), judged AS (
        SELECT endpoint.id, CASE
            WHEN :state = 'delivered' THEN ''
            WHEN :status = :gone THEN 'gone'
            WHEN failing_since < now() - make_interval(days => :days) THEN 'failing'
            ELSE '' END AS reason
        FROM webhook_endpoint AS endpoint JOIN told ON told.endpoint_id = endpoint.id
    )
    UPDATE webhook_endpoint SET
        failing_since = CASE WHEN :state = 'delivered' THEN NULL
            ELSE coalesce(failing_since, now()) END,
        slow = :milliseconds > :slow_s * 1000,
        active = active AND judged.reason = '',
        disabled_reason = CASE WHEN judged.reason = '' THEN disabled_reason
            ELSE judged.reason END
    FROM judged WHERE webhook_endpoint.id = judged.id
    RETURNING webhook_endpoint.id, judged.reason""")


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that is ours until its lease is over."""

    id: UUID
    endpoint_id: UUID
    number: int  # of this attempt, from 1
    type: str
    payload: dict[str, Any]
    url: str
    secret: str
    former_secret: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `status` is None without an answer."""

    status: int | None
    detail: str
    milliseconds: int

    @property
    def good(self) -> bool:
        """A redirect is no success: the owner of an endpoint enters the new address."""
        return self.status is not None and 200 <= self.status < 300


def configured() -> Targets:
    """What the settings allow."""
    return Targets(
        settings().webhooks_allow_private, https_only=settings().environment == "production"
    )


def send_due(until: float, targets: Targets | None = None) -> bool:
    """Send what is due, until nothing is; False when the (monotonic) time was over first.

    After the time it waits for those under way, `TIMEOUT_S` and a little, and still sends to
    endpoints that are not among them: the others must not wait for a slow one.
    """
    way = targets or configured()
    running: dict[Future[Outcome], Claimed] = {}
    with ThreadPoolExecutor(WIDTH, "webhook") as threads:
        while True:
            now = time.monotonic()
            slow = {one.endpoint_id for one in running.values()} if now > until else set()
            over = now > until + TIMEOUT_S or (now > until and not slow)
            batch = [] if over else claim(WIDTH - len(running), slow)
            running |= {threads.submit(attempt, way, one): one for one in batch}
            if not running:
                return not over
            ended, _ = wait(running, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            for future in ended:
                record(running.pop(future), future.result())


def claim(room: int, skip: set[UUID]) -> list[Claimed]:
    """Take at most `room` deliveries that are due, none of the endpoints to skip."""
    if room < 1:
        return []
    values = {
        "room": room,
        "skip": list(skip),
        "each": EACH,
        "each_failing": EACH_FAILING,
        "each_region": EACH_REGION,
        "lease": LEASE_S,
        "overlap": webhook_secrets.OVERLAP_HOURS,
    }
    with database.sessions.begin() as session:
        session.execute(_ONE_BY_ONE)
        return [Claimed(**row) for row in session.execute(_CLAIM, values).mappings()]


def attempt(targets: Targets, delivery: Claimed) -> Outcome:
    """Post one delivery. Runs in a thread, and touches no database."""
    started = time.monotonic()
    status, detail = None, ""
    try:
        answer = targets.post(delivery.url, *_signed(delivery))
        status, detail = answer.status, answer.beginning
    except TargetRefused as refusal:
        detail = f"refused: {refusal.code}"
    except InvalidToken:
        detail = "the secret cannot be read: SECRET_KEY_NOTIFICATIONS has changed"
    except httpcore.TimeoutException as error:
        detail = f"no answer within {TIMEOUT_S:.0f} s ({type(error).__name__})"
    except (OSError, UnicodeError, httpcore.NetworkError, httpcore.ProtocolError) as error:
        detail = f"{type(error).__name__}: {error}"
    except Exception as error:  # one that breaks our own code must not stop its neighbours
        log.exception("webhook.broken", delivery=str(delivery.id))
        detail = repr(error)
    # PostgreSQL refuses NUL.
    return Outcome(status, detail.replace("\x00", ""), round((time.monotonic() - started) * 1000))


def _signed(delivery: Claimed) -> tuple[dict[bytes | str, bytes | str], bytes]:
    """Headers and body of one attempt; the time is this attempt's."""
    keys = [webhook_secrets.unlock(delivery.secret)]
    if delivery.former_secret:
        # It may be of a time with another SECRET_KEY_NOTIFICATIONS; the new one signs all the same.
        with suppress(InvalidToken):
            keys.append(webhook_secrets.unlock(delivery.former_secret))
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
    identity, timestamp = f"msg_{delivery.id.hex}", int(datetime.now(UTC).timestamp())
    return {
        "content-type": "application/json",
        "user-agent": "Sejawat-Webhooks/1",
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": webhook_secrets.sign(keys, identity, timestamp, body),
    }, body


def record(delivery: Claimed, outcome: Outcome) -> None:
    """Write down how an attempt ended, and what follows from it for its endpoint."""
    state, delay = _fate(delivery.number, outcome)
    values = {
        "id": delivery.id,
        "number": delivery.number,
        "state": state,
        "delay": delay,
        "status": outcome.status,
        "detail": outcome.detail,
        "milliseconds": outcome.milliseconds,
        "slow_s": SLOW_S,
        "gone": GONE,
        "days": settings().webhook_disable_days,
    }
    with database.sessions.begin() as session:
        session.execute(_HOLD, {"endpoint": delivery.endpoint_id})
        told = session.execute(_RECORD, values).one_or_none()
    write = log.info if outcome.good else log.warning
    write(
        "webhook.delivered" if outcome.good else "webhook.not_delivered",
        delivery=str(delivery.id),
        endpoint=str(delivery.endpoint_id),
        attempt=delivery.number,
        status=outcome.status,
        milliseconds=outcome.milliseconds,
    )
    if told and told.reason:
        log.warning("webhook.disabled", endpoint=str(told.id), reason=told.reason)


def _fate(number: int, outcome: Outcome) -> tuple[str, float]:
    """The delivery's next state, and the seconds until its next attempt."""
    if outcome.good:
        return "delivered", 0
    if number > len(RETRY_S) or outcome.status == GONE:
        return "failed", 0
    # Spread, so that what failed together does not come back together.
    return "queued", RETRY_S[number - 1] * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
