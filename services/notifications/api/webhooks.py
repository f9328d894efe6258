"""Webhooks over JSON, for those who hold meetings; each sees those of the region."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.notifications import jobs, webhooks
from services.notifications.models import WebhookEndpoint
from services.notifications.resources import Transaction, bus
from services.notifications.webhook_schemas import (
    DeliveryDetail,
    DeliveryList,
    DeliveryState,
    DeliverySummary,
    EndpointForm,
    EndpointList,
    EndpointSummary,
    EndpointWithSecret,
    WebhookAttemptDetail,
    Words,
)
from shared.security import Host

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])


@router.get("")
def list_webhooks(
    caller: Host, session: Transaction, q: Words = "", after: UUID | None = None
) -> EndpointList:
    """Newest first. `q` is a part of the name or the address."""
    rows, following = webhooks.page(session, caller, words=q, after=after)
    return EndpointList(items=[_summary(row) for row in rows], next=following)


@router.post("", status_code=201)
def add_webhook(form: EndpointForm, caller: Host, session: Transaction) -> EndpointWithSecret:
    """Make one for the caller's region. This answer alone holds its secret."""
    endpoint, secret = webhooks.add(session, caller, uuid7(), form)
    return EndpointWithSecret(**_summary(endpoint).model_dump(), secret=secret)


@router.get("/{webhook_id}")
def show_webhook(webhook_id: UUID, caller: Host, session: Transaction) -> EndpointSummary:
    """One endpoint."""
    return _summary(webhooks.find(session, caller, webhook_id))


@router.put("/{webhook_id}")
def change_webhook(
    webhook_id: UUID, form: EndpointForm, caller: Host, session: Transaction
) -> EndpointSummary:
    """Another name, address or choice of types."""
    webhooks.change(session, caller, webhook_id, form)
    return _summary(webhooks.find(session, caller, webhook_id))


@router.delete("/{webhook_id}", status_code=204)
def remove_webhook(webhook_id: UUID, caller: Host, session: Transaction) -> None:
    """Delete it with all that was told to it."""
    webhooks.remove(session, caller, webhook_id)


@router.post("/{webhook_id}/secret")
def rotate_secret(webhook_id: UUID, caller: Host, session: Transaction) -> EndpointWithSecret:
    """A new secret; the former one signs beside it for a day."""
    secret = webhooks.rotate(session, caller, webhook_id)
    summary = _summary(webhooks.find(session, caller, webhook_id))
    return EndpointWithSecret(**summary.model_dump(), secret=secret)


@router.post("/{webhook_id}/pause")
def pause_webhook(webhook_id: UUID, caller: Host, session: Transaction) -> EndpointSummary:
    """Send nothing; what happens meanwhile is kept."""
    webhooks.pause(session, caller, webhook_id)
    return _summary(webhooks.find(session, caller, webhook_id))


@router.post("/{webhook_id}/resume")
def resume_webhook(webhook_id: UUID, caller: Host, session: Transaction) -> EndpointSummary:
    """Send again, what waited first."""
    webhooks.resume(session, caller, webhook_id)
    bus.wake(session, jobs.send_webhooks)
    return _summary(webhooks.find(session, caller, webhook_id))


@router.post("/{webhook_id}/test", status_code=202)
def send_test(webhook_id: UUID, caller: Host, session: Transaction) -> DeliveryDetail:
    """Send a made-up event of the type `webhook.test`."""
    delivery_id = webhooks.send_test(session, caller, webhook_id)
    bus.wake(session, jobs.send_webhooks)
    session.flush()
    return _detail(session, caller, webhook_id, delivery_id)


@router.get("/{webhook_id}/deliveries")
def list_deliveries(
    webhook_id: UUID,
    caller: Host,
    session: Transaction,
    state: DeliveryState | None = None,
    after: UUID | None = None,
) -> DeliveryList:
    """Newest first."""
    endpoint = webhooks.find(session, caller, webhook_id)
    rows, following = webhooks.deliveries(session, endpoint, state=state, after=after)
    return DeliveryList(items=[DeliverySummary.model_validate(row) for row in rows], next=following)


@router.get("/{webhook_id}/deliveries/{delivery_id}")
def show_delivery(
    webhook_id: UUID, delivery_id: UUID, caller: Host, session: Transaction
) -> DeliveryDetail:
    """One delivery with what it says and all its tries."""
    return _detail(session, caller, webhook_id, delivery_id)


@router.post("/{webhook_id}/deliveries/{delivery_id}/again", status_code=202)
def send_again(
    webhook_id: UUID, delivery_id: UUID, caller: Host, session: Transaction
) -> DeliveryDetail:
    """Tell it once more, under the same `webhook-id`."""
    webhooks.send_again(session, caller, webhook_id, delivery_id)
    bus.wake(session, jobs.send_webhooks)
    return _detail(session, caller, webhook_id, delivery_id)


def _summary(endpoint: WebhookEndpoint) -> EndpointSummary:
    fields = {
        name: getattr(endpoint, name) for name in EndpointSummary.model_fields if name != "state"
    }
    return EndpointSummary(**fields, state=webhooks.state_of(endpoint))


def _detail(session: Session, caller: Host, webhook_id: UUID, delivery_id: UUID) -> DeliveryDetail:
    _, delivery = webhooks.find_delivery(session, caller, webhook_id, delivery_id)
    summary = DeliverySummary.model_validate(delivery)
    history = [
        WebhookAttemptDetail.model_validate(attempt)
        for attempt in webhooks.attempts(session, delivery_id)
    ]
    return DeliveryDetail(**summary.model_dump(), payload=delivery.payload, history=history)
