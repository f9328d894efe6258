"""The quotas of a meeting, and how its waiting list works."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.registration import hosting
from services.registration.hosting_schemas import QuotaForm
from services.registration.models import Meeting, Quota
from services.registration.pages.common import pages
from services.registration.pages.hosting import (
    REFUSALS_OF_FORMS,
    Refusal,
    Typed,
    page,
    read,
    refusal,
    values_of,
    version_of,
)
from services.registration.resources import Transaction
from services.registration.seats import ENDED
from services.registration.words import PARTICIPANT_TYPES
from shared import regions
from shared.security import Host
from shared.web import Form

router = APIRouter(include_in_schema=False)


@router.get("/meetings/{slug}/quotas")
def show(request: Request, slug: str, caller: Host, session: Transaction) -> Response:
    """The quotas as they are, with what is taken."""
    meeting = hosting.find(session, caller, slug)
    values = {
        "per_institution": str(meeting.per_institution or ""),
        "waiting_list": "yes" if meeting.waiting_list else "",
        "offer_hours": str(meeting.offer_hours),
        "version": str(meeting.version),
    }
    for quota in _quotas(session, meeting):
        if quota.kind != "institution":
            name = quota.kind if quota.kind == "meeting" else f"{quota.kind}.{quota.key}"
            values[name] = str(quota.capacity)
    return _page(request, session, meeting, Form(values))


@router.post("/meetings/{slug}/quotas")
def save(request: Request, slug: str, caller: Host, session: Transaction, data: Typed) -> Response:
    """Save, or the form again with all as typed."""
    meeting = hosting.find(session, caller, slug, lock=True)
    values = values_of(data)
    known = {region.code for region in regions.children(meeting.province_code)}
    inside = {
        name: value
        for name, value in values.items()
        if not name.startswith("region.") or name.partition(".")[2] in known
    }
    try:
        form = read(QuotaForm, inside)
        actions = ("quotas_changed", "waiting_changed")
        hosting.expect(session, meeting, version_of(values), actions)
        hosting.set_quotas(session, caller, meeting, form)
    except REFUSALS_OF_FORMS as error:
        refused = refusal(error, meeting, request)
        values["version"] = str(meeting.version)
        return _page(request, session, meeting, Form(values, refused.errors), refused)
    return RedirectResponse("quotas?done=saved", 303)


def _page(
    request: Request,
    session: Session,
    meeting: Meeting,
    form: Form,
    refused: Refusal | None = None,
) -> Response:
    say = pages.gettext(request)
    quotas = _quotas(session, meeting)
    return page(
        request,
        "host_quotas.html",
        meeting,
        form,
        refused.status if refused else 200,
        entries=refused.entries if refused else None,
        is_over=meeting.status in ENDED,
        taken={f"{quota.kind}.{quota.key}": quota.taken for quota in quotas},
        capacities={f"{quota.kind}.{quota.key}": quota.capacity for quota in quotas},
        types=[(code, say(words[0])) for code, words in PARTICIPANT_TYPES.items()],
        regencies=[(each.code, each.name) for each in regions.children(meeting.province_code)],
    )


def _quotas(session: Session, meeting: Meeting) -> list[Quota]:
    query = select(Quota).where(Quota.meeting_id == meeting.id).order_by(Quota.id)
    return list(session.scalars(query))
