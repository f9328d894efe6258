"""The form again, for who registered already: everything they wrote, to be changed."""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from services.registration import booths, corrections, questions
from services.registration.models import Booth
from services.registration.pages import filling
from services.registration.pages.common import TypedWithFiles, pages
from services.registration.pages.filling import Say, Sheet
from services.registration.pages.own import Opened, Own
from services.registration.pages.register import (
    BUTTONS,
    Type,
    choose_type,
    full_field,
    in_language,
    show,
)
from services.registration.participant_types import TERMS
from services.registration.registrations import AlreadyRegistered, QuotaFull
from services.registration.resources import Transaction, database
from services.registration.schemas import RegistrationForm
from services.registration.seats import NotPossible
from services.registration.words import REFUSALS
from shared import regions
from shared.security import anyone

router = APIRouter(
    prefix="/r/{token}/correct", dependencies=[Depends(anyone)], include_in_schema=False
)


@router.get("")
def show_form(
    request: Request, opened: Opened, session: Transaction, participant_type: Type = ""
) -> Response:
    """The form as it was sent in; with another type, its questions; `-` asks for the type."""
    if participant_type == "-":
        return choose_type(request, opened.meeting, "", opened.address)
    values = _values(opened.registration, booths.of(session, opened.registration.id))
    if participant_type in TERMS:
        values["participant_type"] = participant_type
    sheet = filling.blank(opened.meeting, values, opened.registration.id)
    return show(request, sheet, own=opened.address)


@router.post("")
def correct(request: Request, opened: Opened, data: TypedWithFiles) -> Response:
    """Write it over the registration, and go to the own page."""
    request = in_language(request, data.get("switch_language"))
    if data.get("participant_type") not in TERMS:
        return choose_type(request, opened.meeting, "-", opened.address)
    say = pages.gettext(request)
    sheet = filling.read(request, data, opened.meeting, say, opened.registration.id)
    if any(name in data for name in BUTTONS):
        return show(request, sheet, own=opened.address)
    form = filling.validate(request, sheet, say)
    if form is None:
        return show(request, sheet, 422, own=opened.address)
    return _save(request, opened, sheet, form, say)


def _save(
    request: Request, opened: Own, sheet: Sheet, form: RegistrationForm, say: Say
) -> Response:
    if not regions.is_within(form.region_code, opened.meeting.province_code):
        sheet.errors["region_code"] = say(REFUSALS["region-outside"])
        return show(request, sheet, 422, own=opened.address)
    try:
        with database.sessions.begin() as session:
            corrections.save(session, opened.registration, form, sheet.form_id, sheet.dropped)
    except QuotaFull as refusal:
        name, code = full_field(refusal)
        sheet.errors[name] = say(REFUSALS[code])
    except AlreadyRegistered:
        sheet.errors[""] = say(REFUSALS["already-registered"])
    except NotPossible:
        sheet.errors[""] = say(REFUSALS["not-possible"])
    else:
        return RedirectResponse(opened.address, 303)
    return show(request, sheet, 409, own=opened.address)


def _values(person: Any, booth: Booth | None) -> dict[str, str]:
    """A registration as the fields of its form; the NIK never leaves again."""
    plain = ("name", "email", "phone", "participant_type", "region_code", "library_name")
    values = {name: getattr(person, name) or "" for name in (*plain, "position")}
    values["region_code_text"] = regions.get(person.region_code).label
    values["library_id"] = str(person.library_id or "")
    values |= {name: str(person.needs.get(name, "")) for name in filling.NEEDS}
    values["lodging"] = "yes" if person.needs.get("lodging") else ""
    values |= questions.form_values(person.answers)
    if booth is None:
        return values
    values |= {"booth_title": booth.title, "booth_description": booth.description}
    values["booth_public"] = "yes" if booth.is_public else ""
    for n, product in enumerate(booth.products[: filling.PRODUCTS], 1):
        price = product.get("price")
        values[f"product_name_{n}"] = product["name"]
        values[f"product_price_{n}"] = "" if price is None else str(price)
        values[f"product_about_{n}"] = product.get("description", "")
    return values
