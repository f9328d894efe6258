"""The registration form, and the registrant's own page."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy import Row
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from services.registration import meetings, registrations
from services.registration.pages.common import pages
from services.registration.registrations import Closed, KeyReused, QuotaFull, RegionOutside
from services.registration.resources import database, forms, own_links
from services.registration.schemas import RegistrationForm
from services.registration.words import (
    CONSENT,
    EMPTY,
    LEVELS,
    PARTICIPANT_TYPES,
    REFUSALS,
    STATUSES,
)
from shared import regions
from shared.security import BadLink, anyone
from shared.web import Form, chosen_region, read_form
from shared.web.errors import MESSAGES, explain_fields
from shared.web.languages import choose_language
from shared.web.pages import NOT_STORED

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)

Transaction = Annotated[Session, Depends(database.transaction, scope="function")]


async def typed(request: Request) -> FormData:
    """What was typed; the one asynchronous step, as the body arrives in pieces."""
    return await read_form(request)


Typed = Annotated[FormData, Depends(typed)]


@router.get("/meetings/{slug}/register")
def show_form(request: Request, slug: str, session: Transaction) -> Response:
    """An empty form."""
    return _form(request, meetings.find(session, slug), Form())


@router.post("/meetings/{slug}/register")
def submit(request: Request, slug: str, data: Typed) -> Response:
    """Register, and go to the own page; or the form again with what is wrong, and all as typed."""
    with database.autocommit() as connection:
        meeting = meetings.find(connection, slug)
    values = _values(data, meeting.province_code)
    if "choose_region" in data:  # "show the next list", without JavaScript
        return _form(request, meeting, Form(values))
    say = pages.gettext(request)
    try:
        form_id = forms.form_id(values.get("form_token", ""))
        form = RegistrationForm.model_validate(_fields(request, values))
        with database.autocommit() as connection:
            done = registrations.submit(connection, meeting, form, f"form:{form_id}")
    except ValidationError as error:
        return _form(request, meeting, Form(values, _told(error, values, say)), 422)
    except (BadLink, QuotaFull, Closed, RegionOutside, KeyReused) as refusal:
        errors, code = _refused(refusal, say)
        return _form(request, meeting, Form(values, errors), code)
    return RedirectResponse(done.own_link, 303)


@router.get("/r/{token}")
def own(request: Request, token: str, session: Transaction) -> Response:
    """The registrant's own page; 404 for a link that is forged or over."""
    try:
        registration = registrations.find(session, UUID(own_links.read(token)))
    except (BadLink, registrations.RegistrationNotFound):
        return pages.render(request, "own_link_over.html", 404)
    page = pages.render(
        request,
        "own.html",
        registration=registration,
        meeting=meetings.find(session, registration.slug),
        status_label=STATUSES[registration.status],
        participant_type=PARTICIPANT_TYPES[registration.participant_type][0],
        region=regions.get(registration.region_code),
    )
    page.headers["Cache-Control"] = NOT_STORED
    return page


def _form(request: Request, meeting: Row[Any], form: Form, status: int = 200) -> Response:
    # A new token each time, unless what was typed is still to be sent under the old one.
    token = form.values.get("form_token", "")
    if not token or status == 409 or "form_token" in form.errors:
        token = forms.new_form()
    say = pages.gettext(request)
    errors = {("" if name == "form_token" else name): text for name, text in form.errors.items()}
    return pages.render(
        request,
        "register.html",
        status,
        meeting=meeting,
        form=Form(form.values, errors),
        token=token,
        participant_types=[
            (code, *(say(word) if word else "" for word in words))
            for code, words in PARTICIPANT_TYPES.items()
        ],
        levels=_levels(meeting.province_code, form.values.get("region_code", ""), say),
        consent=CONSENT,
    )


def _values(data: FormData, province_code: str) -> dict[str, str]:
    values = {name: value for name, value in data.items() if isinstance(value, str)}
    codes = [str(code) for code in data.getlist("region_code")]
    return values | {"region_code": chosen_region([province_code, *codes]) if any(codes) else ""}


def _fields(request: Request, values: Mapping[str, str]) -> dict[str, Any]:
    fields = {name: values.get(name, "") for name in RegistrationForm.model_fields}
    return fields | {
        "consent": values.get("consent") == "yes",
        "language": choose_language(request),
    }


def _told(
    error: ValidationError, values: Mapping[str, str], say: Callable[[str], str]
) -> dict[str, str]:
    """What is wrong, in the order of the form; what is empty gets a sentence of its own."""
    told = explain_fields(error.errors(), say)
    for name in told.keys() & EMPTY.keys():
        if not values.get(name, "").strip():
            told[name] = say(EMPTY[name])
    # Asked by the model only when each field is right, and a person wants to know at once.
    told.pop("", None)
    if not any(values.get(name, "").strip() for name in ("email", "phone")):
        told["email"] = say(MESSAGES["contact"])
    return {name: told[name] for name in RegistrationForm.model_fields if name in told}


def _refused(refusal: Exception, say: Callable[[str], str]) -> tuple[dict[str, str], int]:
    match refusal:
        case QuotaFull():
            # The narrowest full quota is the one a person can do something about.
            kind = next(k for k in ("region", "participant_type", "meeting") if k in refusal.kinds)
            field = {"region": "region_code", "meeting": ""}.get(kind, kind)
            return {field: say(REFUSALS[f"quota-full-{kind}"])}, 409
        case Closed():
            return {"": say(REFUSALS["closed"])}, 409
        case KeyReused():
            return {"form_token": say(REFUSALS["form-reused"])}, 409
        case RegionOutside():
            return {"region_code": say(REFUSALS["region-outside"])}, 422
        case _:
            return {"form_token": say(REFUSALS["form-expired"])}, 422


def _levels(province_code: str, chosen: str, say: Callable[[str], str]) -> list[dict[str, Any]]:
    """The lists below the meeting's province, as far as a choice was made."""
    region = regions.find(chosen)
    path = [step.code for step in region.path] if region else []
    levels, parent = [], province_code
    for level, label in LEVELS.items():
        options = [(child.code, child.name) for child in regions.children(parent)]
        picked = path[level - 1] if len(path) >= level else ""
        levels.append({"label": say(label), "options": options, "chosen": picked})
        if not picked:
            break
        parent = picked
    return levels
