"""Endpoints of other systems and what they are told: kept here, sent by `webhook_sending`."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, func, or_, select, text, update
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.notifications import messages, webhook_secrets, webhook_targets, webhook_types
from services.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from services.notifications.resources import limiter
from services.notifications.settings import settings
from services.notifications.webhook_schemas import DeliveryState, EndpointForm, EndpointState
from shared.bus import Envelope
from shared.limits import Limit
from shared.security import Caller, in_scope

log = structlog.get_logger()

PAGE = 50
MOST = 50  # endpoints of one region
BY_HAND = Limit("webhook-by-hand", 6, 60)  # tests and repeats of one endpoint


class EndpointNotFound(LookupError):
    """No endpoint or delivery has this id, or none that the caller may see."""


class TypeUnknown(ValueError):
    """No public event has this name."""


class TooManyEndpoints(Exception):
    """A region has `MOST` endpoints."""


class MadeBefore(Exception):
    """The same form came twice; the secret was shown after the first."""


class NotPossible(Exception):
    """A delivery cannot go again: its contents are removed, or it waits already."""


_ANY = text("SELECT EXISTS (SELECT FROM webhook_endpoint) AS any")  # most sites have none

# One statement for any number of events and endpoints. An endpoint that is paused has them kept;
# one that was disabled has not, as nobody may ever come back for them.
_TELL = text("""
    INSERT INTO webhook_delivery (id, endpoint_id, event_id, type, about, payload)
    SELECT uuidv7(), endpoint.id, event_id, type, about, payload
    FROM json_to_recordset(CAST(:rows AS json))
        AS told(event_id uuid, type text, about text, said text, payload json)
    LEFT JOIN participant
        ON registration_id = CASE told.said WHEN '' THEN CAST(told.about AS uuid) END
    -- It may come before its registration: then where its meeting is must do.
    LEFT JOIN meeting
        ON slug = CASE told.said WHEN '' THEN told.payload -> 'data' ->> 'meeting_slug' END
    CROSS JOIN LATERAL (SELECT coalesce(
        participant.region_code, meeting.province_code, told.said)) AS lies(region)
    JOIN webhook_endpoint AS endpoint ON endpoint.disabled_reason = '' AND endpoint.types ? type
        AND (endpoint.region_code IN ('', region)
             OR starts_with(region, endpoint.region_code || '.'))
    WHERE NOT EXISTS (SELECT FROM erased_subject WHERE erased_subject.about = told.about)
    ORDER BY event_id, endpoint.id
    ON CONFLICT (endpoint_id, event_id) DO NOTHING RETURNING id""")

# Whoever was told of a person is told to forget them, whatever types it asked for.
_TELL_ERASED = text("""
    INSERT INTO webhook_delivery (id, endpoint_id, event_id, type, about, payload)
    SELECT uuidv7(), endpoint_id, event_id, type, about, payload
    FROM json_to_recordset(CAST(:rows AS json))
        AS told(event_id uuid, type text, about text, payload json)
    CROSS JOIN LATERAL (
        SELECT DISTINCT endpoint_id FROM webhook_delivery
        WHERE webhook_delivery.about = told.about AND attempts > 0) AS knows
    ORDER BY event_id, endpoint_id
    ON CONFLICT (endpoint_id, event_id) DO NOTHING RETURNING id""")

# What a receiver answered may name the person as well.
_FORGET = text("""
    WITH forgotten AS (
        UPDATE webhook_delivery SET payload = NULL, lease_until = NULL,
            state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END
        WHERE about = ANY (CAST(:about AS text[])) AND type <> :erased
        RETURNING id
    )
    UPDATE webhook_attempt SET detail = '' FROM forgotten WHERE delivery_id = forgotten.id""")

_PURGE = text("""
    WITH purged AS (
        UPDATE webhook_delivery SET payload = NULL, lease_until = NULL,
            state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END
        WHERE id = ANY (ARRAY(
            SELECT id FROM webhook_delivery
            WHERE payload IS NOT NULL AND created_at < now() - make_interval(days => :days)
              AND (lease_until IS NULL OR lease_until <= now())
            ORDER BY created_at LIMIT :chunk FOR UPDATE SKIP LOCKED))
        RETURNING id
    ), emptied AS (
        UPDATE webhook_attempt SET detail = '' FROM purged WHERE delivery_id = purged.id
    )
    SELECT count(*) FROM purged""")


def tell(session: Session, envelopes: Iterable[Envelope[Any]]) -> int:
    """Write down events for whom they are to be told; returns how many deliveries are new."""
    if not session.execute(_ANY).one().any:
        return 0
    rows = [_row(envelope, webhook_types.region(envelope.data)) for envelope in envelopes]
    messages.join_writers(session)  # whoever writes after an erasure sees it
    return len(session.execute(_TELL, {"rows": json.dumps(rows)}).all())


def tell_erased(session: Session, envelopes: Iterable[Envelope[Any]]) -> int:
    """Tell whoever has heard of these people to forget them, as `tell`."""
    rows = [_row(envelope) for envelope in envelopes]
    return len(session.execute(_TELL_ERASED, {"rows": json.dumps(rows)}).all())


def _row(envelope: Envelope[Any], region: str = "") -> dict[str, Any]:
    payload = webhook_types.payload(envelope)
    return {
        "event_id": str(envelope.id),
        "type": payload["type"],
        "about": envelope.subject,
        "said": region,
        "payload": payload,
    }


def forget(session: Session, subjects: Iterable[str]) -> None:
    """Remove what was to be told, or was, about these; what is queued is dropped."""
    values = {"about": sorted(set(subjects)), "erased": webhook_types.ERASED}
    session.execute(_FORGET, values)


def purge(session: Session, days: int, chunk: int) -> int:
    """Remove payloads older than so many days, at most `chunk`; returns how many it were.

    What waits for an endpoint that never came back goes with them.
    """
    return int(session.execute(_PURGE, {"days": days, "chunk": chunk}).scalar_one())


def state_of(endpoint: WebhookEndpoint) -> EndpointState:
    """How an endpoint fares."""
    if not endpoint.active:
        return "disabled" if endpoint.disabled_reason else "paused"
    return "failing" if endpoint.failing_since else "active"


def page(
    session: Session, caller: Caller, *, words: str = "", after: UUID | None = None
) -> tuple[Sequence[WebhookEndpoint], UUID | None]:
    """Endpoints that the caller may see, newest first, and the id after which the next begin.

    `words` are a part of the name or of the address.
    """
    query = select(WebhookEndpoint).where(in_scope(WebhookEndpoint.region_code, caller))
    if words.strip():
        part = words.strip().lower()
        query = query.where(
            or_(
                func.lower(WebhookEndpoint.name).contains(part, autoescape=True),
                func.lower(WebhookEndpoint.url).contains(part, autoescape=True),
            )
        )
    if after:
        query = query.where(WebhookEndpoint.id < after)
    rows = session.scalars(query.order_by(WebhookEndpoint.id.desc()).limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def find(session: Session, caller: Caller, endpoint_id: UUID) -> WebhookEndpoint:
    """One endpoint. Raises `EndpointNotFound`."""
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id, in_scope(WebhookEndpoint.region_code, caller)
    )
    endpoint = session.scalars(query).one_or_none()
    if endpoint is None:
        raise EndpointNotFound(endpoint_id)
    return endpoint


def add(
    session: Session, caller: Caller, endpoint_id: UUID, form: EndpointForm
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint for the caller's region; returns it with its secret.

    `endpoint_id` is the form's. Raises `TargetRefused`, `TypeUnknown`, `TooManyEndpoints`, and
    `MadeBefore` when the form was sent before.
    """
    _check(form)
    # Two forms at once must not both be the last.
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('notifications.endpoints'))"))
    if session.get(WebhookEndpoint, endpoint_id):
        raise MadeBefore(endpoint_id)
    own = select(func.count()).where(WebhookEndpoint.region_code == caller.region_code)
    if session.scalars(own).one() >= MOST:
        raise TooManyEndpoints
    secret = webhook_secrets.new()
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        url=form.url,
        name=form.name,
        region_code=caller.region_code,
        types=sorted(set(form.types)),
        secret=webhook_secrets.lock(secret),
        created_by=caller.subject,
    )
    session.add(endpoint)
    session.flush()
    session.refresh(endpoint)
    log.info("webhook.made", endpoint=str(endpoint_id), by=caller.subject)
    return endpoint, secret


def change(session: Session, caller: Caller, endpoint_id: UUID, form: EndpointForm) -> None:
    """Another name, address or choice of types. Raises as `add`, and `EndpointNotFound`."""
    endpoint = find(session, caller, endpoint_id)
    _check(form)
    endpoint.name, endpoint.url, endpoint.types = form.name, form.url, sorted(set(form.types))
    log.info("webhook.changed", endpoint=str(endpoint_id), by=caller.subject)


def rotate(session: Session, caller: Caller, endpoint_id: UUID) -> str:
    """A new secret; the former one signs beside it for a day. Raises `EndpointNotFound`."""
    endpoint = find(session, caller, endpoint_id)
    secret = webhook_secrets.new()
    endpoint.former_secret = endpoint.secret
    endpoint.secret = webhook_secrets.lock(secret)
    endpoint.secret_changed_at = datetime.now(UTC)
    log.info("webhook.secret_changed", endpoint=str(endpoint_id), by=caller.subject)
    return secret


def pause(session: Session, caller: Caller, endpoint_id: UUID) -> None:
    """Send nothing until `resume`; what happens meanwhile is kept. Raises `EndpointNotFound`."""
    find(session, caller, endpoint_id).active = False


def resume(session: Session, caller: Caller, endpoint_id: UUID) -> None:
    """Send again, and what waited at once. Raises `EndpointNotFound`."""
    endpoint = find(session, caller, endpoint_id)
    endpoint.active, endpoint.disabled_reason, endpoint.failing_since = True, "", None
    waiting = update(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == "queued"
    )
    session.execute(waiting.values(next_attempt_at=func.now()))


def remove(session: Session, caller: Caller, endpoint_id: UUID) -> None:
    """Delete an endpoint with all that was told to it. Raises `EndpointNotFound`."""
    endpoint = find(session, caller, endpoint_id)
    own = select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id == endpoint_id)
    # An event that is just being written down must not bring a delivery for what is not there.
    session.refresh(endpoint, with_for_update=True)
    session.execute(delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(own)))
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id))
    session.delete(endpoint)
    log.info("webhook.deleted", endpoint=str(endpoint_id), by=caller.subject)


def send_test(session: Session, caller: Caller, endpoint_id: UUID) -> UUID:
    """Send a made-up event; returns the delivery. Raises `EndpointNotFound`, `TooMany`."""
    endpoint = find(session, caller, endpoint_id)
    limiter.guard(BY_HAND, str(endpoint_id))
    payload = {
        "type": webhook_types.TEST,
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "data": {"endpoint": endpoint.name},
    }
    delivery = WebhookDelivery(
        id=uuid7(),
        endpoint_id=endpoint_id,
        event_id=uuid7(),
        type=webhook_types.TEST,
        about="",
        payload=payload,
    )
    session.add(delivery)
    return delivery.id


def deliveries(
    session: Session,
    endpoint: WebhookEndpoint,
    *,
    state: DeliveryState | None = None,
    after: UUID | None = None,
) -> tuple[Sequence[WebhookDelivery], UUID | None]:
    """What an endpoint was told or will be, newest first, and where the next page begins."""
    query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
    if state:
        query = query.where(WebhookDelivery.state == state)
    if after:
        query = query.where(WebhookDelivery.id < after)
    rows = session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(PAGE + 1)).all()
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def find_delivery(
    session: Session, caller: Caller, endpoint_id: UUID, delivery_id: UUID
) -> tuple[WebhookEndpoint, WebhookDelivery]:
    """One delivery of an endpoint. Raises `EndpointNotFound`."""
    endpoint = find(session, caller, endpoint_id)
    delivery = session.get(WebhookDelivery, delivery_id)
    if delivery is None or delivery.endpoint_id != endpoint_id:
        raise EndpointNotFound(delivery_id)
    return endpoint, delivery


def attempts(session: Session, delivery_id: UUID) -> Sequence[WebhookAttempt]:
    """Every try, oldest first."""
    query = select(WebhookAttempt).where(WebhookAttempt.delivery_id == delivery_id)
    return session.scalars(query.order_by(WebhookAttempt.id)).all()


def send_again(session: Session, caller: Caller, endpoint_id: UUID, delivery_id: UUID) -> None:
    """Tell it once more, under the same `webhook-id`.

    Raises `EndpointNotFound`, `NotPossible` and `TooMany`.
    """
    find_delivery(session, caller, endpoint_id, delivery_id)
    limiter.guard(BY_HAND, str(endpoint_id))
    # What waits for its next attempt goes now; what is under way already goes.
    again = update(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id,
        WebhookDelivery.payload.is_not(None),
        or_(WebhookDelivery.lease_until.is_(None), WebhookDelivery.lease_until <= func.now()),
    )
    values = {"state": "queued", "next_attempt_at": func.now()}
    if not session.execute(again.values(**values).returning(WebhookDelivery.id)).all():
        raise NotPossible(delivery_id)


def _check(form: EndpointForm) -> None:
    unknown = set(form.types) - webhook_types.LABELS.keys()
    if unknown:
        raise TypeUnknown(", ".join(sorted(unknown)))
    webhook_targets.check(
        form.url,
        settings().webhooks_allow_private,
        https_only=settings().environment == "production",
    )
