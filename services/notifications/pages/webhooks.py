"""Other systems that are told of events: their endpoints, for those who hold meetings."""

import json
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, ValidationError

from services.notifications import jobs, webhook_types, webhooks
from services.notifications import webhook_words as words
from services.notifications.models import WebhookEndpoint
from services.notifications.pages.common import Sent, Typed, pages
from services.notifications.resources import Transaction, bus, database, forms
from services.notifications.webhook_schemas import DeliveryState, EndpointForm, Words
from services.notifications.webhook_targets import TargetRefused
from shared import regions
from shared.security import BadLink, Host, hosts
from shared.web import Form
from shared.web.errors import explain_fields

LIST = "/notifications/webhooks"

router = APIRouter(prefix="/webhooks", dependencies=[Depends(hosts)], include_in_schema=False)


class Wanted(BaseModel):
    """What a list is asked for, as it stands in the address."""

    q: Words = ""
    state: DeliveryState | str = Field("", max_length=20)
    after: UUID | None = None

    def url(self, **changed: Any) -> str:
        """The address of the list with something changed, from its first page."""
        query = {"q": self.q, "state": self.state} | changed
        return "?" + urlencode({name: value for name, value in query.items() if value})


@router.get("")
def list_webhooks(
    request: Request, caller: Host, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> Response:
    """Endpoints in the caller's region, with search."""
    rows, following = webhooks.page(session, caller, words=wanted.q, after=wanted.after)
    return pages.render(
        request,
        "webhooks.html",
        endpoints=[(row, words.ENDPOINTS[webhooks.state_of(row)]) for row in rows],
        hosts={row.id: urlsplit(row.url).netloc for row in rows},
        where=_where,
        wanted=wanted,
        next_url=wanted.url(after=following) if following else "",
        first_url=wanted.url() if wanted.after else "",
        done=request.query_params.get("done", ""),
    )


@router.get("/new")
def show_new(request: Request, _caller: Host) -> Response:
    """An empty form: nothing is told that nobody chose."""
    return _form(request, Form(), [])


@router.post("/new")
def add(request: Request, caller: Host, data: Typed) -> Response:
    """Make it and show its secret, this once."""
    values, types = _typed(data)
    try:
        form_id = forms.form_id(values.get("form_token", ""))
        form = _read(values, types)
        with database.sessions.begin() as session:
            endpoint, secret = webhooks.add(session, caller, form_id, form)
    except webhooks.MadeBefore:
        return pages.render(request, "error.html", 409, text=words.REFUSALS["made-before"])
    except (ValidationError, BadLink, TargetRefused, webhooks.TooManyEndpoints) as refusal:
        return _form(request, Form(values, _told(request, refusal, values)), types, 422)
    return _secret(request, endpoint, secret)


@router.get("/{webhook_id}")
def show(
    request: Request,
    webhook_id: UUID,
    caller: Host,
    session: Transaction,
    wanted: Annotated[Wanted, Query()],
) -> Response:
    """One endpoint, and what it was told."""
    endpoint = webhooks.find(session, caller, webhook_id)
    asked: Any = wanted.state if wanted.state in words.DELIVERIES else None
    rows, following = webhooks.deliveries(session, endpoint, state=asked, after=wanted.after)
    say = pages.gettext(request)
    states = {name: say(label) for name, (label, _) in words.DELIVERIES.items()}
    chips = [("", say("Semua")), *states.items()]
    return pages.render(
        request,
        "webhook.html",
        endpoint=endpoint,
        state=words.ENDPOINTS[webhooks.state_of(endpoint)],
        types=[say(_label(name)) for name in endpoint.types],
        deliveries=rows,
        words=words,
        label=_label,
        where=_where,
        wanted=wanted,
        chips=[(wanted.url(state=name), label, name == wanted.state) for name, label in chips],
        next_url=wanted.url(after=following) if following else "",
        first_url=wanted.url() if wanted.after else "",
        done=request.query_params.get("done", ""),
        token=forms.new_form(),
    )


@router.get("/{webhook_id}/edit")
def show_edit(request: Request, webhook_id: UUID, caller: Host, session: Transaction) -> Response:
    """Its form."""
    endpoint = webhooks.find(session, caller, webhook_id)
    form = Form({"name": endpoint.name, "url": endpoint.url})
    return _form(request, form, endpoint.types, endpoint=endpoint)


@router.post("/{webhook_id}/edit")
def change(request: Request, webhook_id: UUID, caller: Host, data: Typed) -> Response:
    """Another name, address or choice of events."""
    with database.sessions.begin() as session:
        endpoint = webhooks.find(session, caller, webhook_id)
    values, types = _typed(data)
    try:
        forms.form_id(values.get("form_token", ""))
        form = _read(values, types)
        with database.sessions.begin() as session:
            webhooks.change(session, caller, webhook_id, form)
    except (ValidationError, BadLink, TargetRefused) as refusal:
        told = Form(values, _told(request, refusal, values))
        return _form(request, told, types, 422, endpoint=endpoint)
    return RedirectResponse(f"{LIST}/{webhook_id}?done=changed", 303)


@router.get("/{webhook_id}/secret")
def ask_rotate(request: Request, webhook_id: UUID, caller: Host, session: Transaction) -> Response:
    """Say what a new secret means."""
    return _ask(request, webhooks.find(session, caller, webhook_id), "secret")


@router.post("/{webhook_id}/secret")
def rotate(
    request: Request, webhook_id: UUID, caller: Host, _sent: Sent, session: Transaction
) -> Response:
    """Make a new secret and show it, this once."""
    secret = webhooks.rotate(session, caller, webhook_id)
    return _secret(request, webhooks.find(session, caller, webhook_id), secret)


@router.get("/{webhook_id}/delete")
def ask_delete(request: Request, webhook_id: UUID, caller: Host, session: Transaction) -> Response:
    """Ask once more."""
    return _ask(request, webhooks.find(session, caller, webhook_id), "delete")


@router.post("/{webhook_id}/delete")
def remove(webhook_id: UUID, caller: Host, _sent: Sent, session: Transaction) -> Response:
    """Delete it with all that was told to it."""
    webhooks.remove(session, caller, webhook_id)
    return RedirectResponse(f"{LIST}?done=deleted", 303)


@router.post("/{webhook_id}/pause")
def pause(webhook_id: UUID, caller: Host, _sent: Sent, session: Transaction) -> Response:
    """Send nothing for a while."""
    webhooks.pause(session, caller, webhook_id)
    return RedirectResponse(f"{LIST}/{webhook_id}?done=paused", 303)


@router.post("/{webhook_id}/resume")
def resume(webhook_id: UUID, caller: Host, _sent: Sent, session: Transaction) -> Response:
    """Send again."""
    webhooks.resume(session, caller, webhook_id)
    bus.wake(session, jobs.send_webhooks)
    return RedirectResponse(f"{LIST}/{webhook_id}?done=resumed", 303)


@router.post("/{webhook_id}/test")
def send_test(webhook_id: UUID, caller: Host, _sent: Sent, session: Transaction) -> Response:
    """Send a made-up event."""
    delivery_id = webhooks.send_test(session, caller, webhook_id)
    bus.wake(session, jobs.send_webhooks)
    return RedirectResponse(f"{LIST}/{webhook_id}/deliveries/{delivery_id}", 303)


@router.get("/{webhook_id}/deliveries/{delivery_id}")
def show_delivery(
    request: Request, webhook_id: UUID, delivery_id: UUID, caller: Host, session: Transaction
) -> Response:
    """One delivery with all its tries, and what it says."""
    endpoint, delivery = webhooks.find_delivery(session, caller, webhook_id, delivery_id)
    say = pages.gettext(request)
    return pages.render(
        request,
        "webhook_delivery.html",
        endpoint=endpoint,
        delivery=delivery,
        history=webhooks.attempts(session, delivery_id),
        words=words,
        label=_label,
        payload=json.dumps(delivery.payload, ensure_ascii=False, indent=2),
        detail=lambda said: say(words.TARGETS.get(said.removeprefix("refused: ")) or said),
        token=forms.new_form(),
    )


@router.post("/{webhook_id}/deliveries/{delivery_id}/again")
def send_again(
    webhook_id: UUID, delivery_id: UUID, caller: Host, _sent: Sent, session: Transaction
) -> Response:
    """Tell it once more."""
    webhooks.send_again(session, caller, webhook_id, delivery_id)
    bus.wake(session, jobs.send_webhooks)
    return RedirectResponse(f"{LIST}/{webhook_id}/deliveries/{delivery_id}", 303)


def _form(
    request: Request,
    form: Form,
    types: list[str],
    status: int = 200,
    *,
    endpoint: WebhookEndpoint | None = None,
) -> Response:
    say = pages.gettext(request)
    return pages.render(
        request,
        "webhook_form.html",
        status,
        form=form,
        endpoint=endpoint,
        types=[(name, say(label)) for name, label in webhook_types.LABELS.items()],
        chosen=types,
        token=forms.new_form(),
    )


def _ask(request: Request, endpoint: WebhookEndpoint, what: str) -> Response:
    token = forms.new_form()
    return pages.render(request, "webhook_ask.html", endpoint=endpoint, what=what, token=token)


def _secret(request: Request, endpoint: WebhookEndpoint, secret: str) -> Response:
    return pages.render(request, "webhook_secret.html", endpoint=endpoint, secret=secret)


def _typed(data: Typed) -> tuple[dict[str, str], list[str]]:
    values = {name: str(value) for name, value in data.items()}
    return values, [str(value) for value in data.getlist("types")]


def _read(values: dict[str, str], types: list[str]) -> EndpointForm:
    known = [name for name in types if name in webhook_types.LABELS]
    fields = {name: values.get(name, "") for name in ("name", "url")}
    return EndpointForm.model_validate(fields | {"types": known})


def _told(request: Request, refusal: Exception, values: dict[str, str]) -> dict[str, str]:
    say = pages.gettext(request)
    match refusal:
        case ValidationError():
            told = explain_fields(refusal.errors(), say)
            if not values.get("name", "").strip():
                told["name"] = say(words.REFUSALS["name"])
            if "url" in told:
                told["url"] = say(words.TARGETS["url"])
            if "types" in told:
                told["types"] = say(words.REFUSALS["types"])
            return told
        case TargetRefused():
            return {"url": say(words.TARGETS[refusal.code])}
        case webhooks.TooManyEndpoints():
            return {"": say(words.REFUSALS["too-many"])}
        case _:
            return {"": say(words.REFUSALS["form-expired"])}


def _label(name: str) -> str:
    """A type of event in words, for the catalogue."""
    return {webhook_types.TEST: words.TEST, webhook_types.ERASED: words.ERASED}.get(
        name, webhook_types.LABELS.get(name, name)
    )


def _where(region_code: str) -> str:
    region = regions.find(region_code)
    return region.label if region else "Indonesia"
