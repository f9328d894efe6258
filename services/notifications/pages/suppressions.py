"""Addresses that are not written to: the list, a new one, and taking one off."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.notifications import suppressions, words
from services.notifications.console_schemas import (
    Channel,
    NewSuppression,
    SuppressionFilter,
)
from services.notifications.pages.common import Sent, pages
from services.notifications.resources import Transaction, database, forms
from services.notifications.schemas import Beginning, Held
from services.notifications.suppressions import AlreadySuppressed
from shared import regions
from shared.security import Staff
from shared.web import Form

LIST = "/notifications/suppressions"

router = APIRouter(prefix="/suppressions", include_in_schema=False)


class Wanted(SuppressionFilter):
    """What the list is asked for, as it stands in the address."""

    after: Held = ""


@router.get("")
def list_suppressions(
    request: Request, caller: Staff, session: Transaction, wanted: Annotated[Wanted, Query()]
) -> Response:
    """The list, with search by the beginning of an address and filter by reason."""
    rows, following = suppressions.page(session, caller, wanted, after=wanted.after)
    say = pages.gettext(request)
    chips = [("", say("Semua")), *((name, say(said)) for name, (said, _) in _REASONS)]
    return pages.render(
        request,
        "suppressions.html",
        suppressions=rows,
        words=words,
        wanted=wanted,
        chips=[
            (wanted.url(reason=name), label, name == (wanted.reason or "")) for name, label in chips
        ],
        where=_where,
        next_url=wanted.url(after=following) if following else "",
        done=request.query_params.get("done", ""),
    )


@router.get("/new")
def show_new(request: Request, caller: Staff) -> Response:
    """An empty form."""
    return _form(request, caller.region_code, Form({"channel": "email"}))


@router.post("/new")
def add(request: Request, caller: Staff, data: Sent) -> Response:
    """Hold an address back from now on."""
    values = {name: str(value) for name, value in data.items()}
    try:
        wish = NewSuppression.model_validate(
            {name: values.get(name, "") for name in NewSuppression.model_fields}
        )
        with database.sessions.begin() as session:
            suppressions.add(session, caller, wish)
    except (ValidationError, AlreadySuppressed) as refusal:
        say = pages.gettext(request)
        told = {name: say(words.REFUSALS[code]) for name, code in _told(refusal, values).items()}
        return _form(request, caller.region_code, Form(values, told), 422)
    return RedirectResponse(f"{LIST}?done=added", 303)


@router.get("/remove")
def ask(
    request: Request, caller: Staff, session: Transaction, channel: Channel, address: Beginning
) -> Response:
    """Say what will happen, and ask."""
    found = suppressions.find(session, caller, channel, address)
    return pages.render(
        request, "suppression_remove.html", found=found, words=words, token=forms.new_form()
    )


@router.post("/remove")
def remove(
    caller: Staff, _sent: Sent, session: Transaction, channel: Channel, address: Beginning
) -> Response:
    """Write to an address again."""
    suppressions.remove(session, caller, channel, address)
    return RedirectResponse(f"{LIST}?done=removed", 303)


_REASONS = tuple(words.SUPPRESSIONS.items())


def _form(request: Request, region_code: str, form: Form, status: int = 200) -> Response:
    say = pages.gettext(request)
    return pages.render(
        request,
        "suppression_new.html",
        status,
        form=form,
        channels=[(name, say(label), "") for name, label in words.CHANNELS.items()],
        region=_where(region_code),
        token=forms.new_form(),
    )


def _told(refusal: ValidationError | AlreadySuppressed, values: dict[str, str]) -> dict[str, str]:
    if isinstance(refusal, AlreadySuppressed):
        return {"address": "already-suppressed"}
    kind = "email" if values.get("channel", "email") == "email" else "phone"
    codes = {"channel": "channel", "address": kind, "detail": "reason"}
    places = {str(item["loc"][0]) for item in refusal.errors()}
    return {name: code for name, code in codes.items() if name in places}


def _where(region_code: str) -> str:
    region = regions.find(region_code)
    return region.label if region else "Indonesia"
