"""The registration form: as what one comes, then the questions for that."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Row
from uuid_utils.compat import uuid7

from services.registration import meetings, registrations
from services.registration.api.meetings import guard
from services.registration.form_words import (
    DIRECTORY_CONSENT,
    GALLERY_CONSENT,
    PHOTO_CONSENT,
    TOO_MANY_TRIES,
)
from services.registration.pages import filling
from services.registration.pages.common import TypedWithFiles, pages
from services.registration.pages.filling import HONEYPOT, Say, Sheet
from services.registration.participant_types import TERMS
from services.registration.registrations import (
    AlreadyRegistered,
    Closed,
    KeyReused,
    Origin,
    QuotaFull,
    RegionOutside,
)
from services.registration.resources import database, forms
from services.registration.schemas import RegistrationForm
from services.registration.uploads import LETTER, MOST_PHOTOS, PHOTO
from services.registration.words import CONSENT, EMPTY, PARTICIPANT_TYPES, REFUSALS
from shared.limits import REFUSED
from shared.problems import TooMany
from shared.security import anyone
from shared.uploads import ACCEPT
from shared.web import Form, region_lists
from shared.web.languages import LANGUAGES
from shared.web.pages import NOT_STORED

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)

Type = Annotated[str, Query(alias="participant_type", max_length=40)]
BUTTONS = ("choose_region", "switch_language", "upload")  # they show the form again as it is


@router.get("/meetings/{slug}/register")
def show_form(request: Request, slug: str, participant_type: Type = "") -> Response:
    """The choice of type; or with one, the empty form for it."""
    meeting = _meeting(slug)
    if participant_type not in TERMS:
        return choose_type(request, meeting, participant_type)
    sheet = filling.blank(meeting, {"participant_type": participant_type})
    return show(request, sheet)


@router.post("/meetings/{slug}/register")
def submit(request: Request, slug: str, data: TypedWithFiles) -> Response:
    """Register, and go to the own page; or the form again with what is wrong, and all as typed."""
    meeting = _meeting(slug)
    if data.get(HONEYPOT):
        REFUSED.labels("honeypot").inc()
        return RedirectResponse(registrations.own_link(uuid7(), meeting.ends_at), 303)
    request = in_language(request, data.get("switch_language"))
    if data.get("participant_type") not in TERMS:
        return choose_type(request, meeting, "-")
    say = pages.gettext(request)
    sheet = filling.read(request, data, meeting, say)
    if any(name in data for name in BUTTONS):
        return show(request, sheet)
    form = filling.validate(request, sheet, say)
    if form is None:
        return show(request, sheet, 422)
    return _register(request, sheet, form, say)


def _register(request: Request, sheet: Sheet, form: RegistrationForm, say: Say) -> Response:
    try:
        guard(request, form, sheet.meeting.slug)
        with database.autocommit() as connection:
            done = registrations.submit(
                connection,
                sheet.meeting,
                form,
                f"form:{sheet.form_id}",
                Origin("form", form_id=sheet.form_id),
            )
    except (TooMany, QuotaFull, AlreadyRegistered, Closed, RegionOutside, KeyReused) as refusal:
        name, sentence, status = _refused(refusal)
        sheet.errors[name] = say(sentence)
        if isinstance(refusal, KeyReused):
            # Its files went with the first one, so this is a form of its own from here on.
            sheet.token = forms.new_form()
        known = isinstance(refusal, AlreadyRegistered)
        return show(
            request,
            sheet,
            status,
            may_wait=isinstance(refusal, QuotaFull) and refusal.may_wait,
            known=(form.email or form.phone or "") if known else "",
        )
    return RedirectResponse(done.own_link, 303)


def _refused(refusal: Exception) -> tuple[str, str, int]:
    """At which field a refusal is told, in which words, and its status."""
    match refusal:
        case QuotaFull():
            name, code = full_field(refusal)
            return name, REFUSALS[code], 409
        case AlreadyRegistered():
            return "", REFUSALS["already-registered"], 409
        case Closed():
            return "", REFUSALS["closed"], 409
        case KeyReused():
            return "", REFUSALS["form-reused"], 409
        case RegionOutside():
            return "region_code", REFUSALS["region-outside"], 422
        case _:
            return "", TOO_MANY_TRIES, 429


def full_field(refusal: QuotaFull) -> tuple[str, str]:
    """Which field a full quota stands at, and its sentence.

    The narrowest full one is the one that a person can do something about.
    """
    kinds = ("institution", "region", "participant_type", "meeting")
    kind = next((each for each in kinds if each in refusal.kinds), "meeting")
    fields = {"region": "region_code", "institution": "library_name", "meeting": ""}
    return fields.get(kind, kind), f"quota-full-{kind}"


def choose_type(request: Request, meeting: Row[Any], chosen: str, own: str = "") -> Response:
    """Radio cards; `chosen` is what was asked for in vain, `own` the page of who corrects."""
    say = pages.gettext(request)
    errors = {"participant_type": say(EMPTY["participant_type"])} if chosen else {}
    return pages.render(
        request,
        "register_type.html",
        422 if chosen else 200,
        meeting=meeting,
        form=Form({}, errors),
        own=own,
        participant_types=[
            (code, *(say(word) if word else "" for word in PARTICIPANT_TYPES[code]))
            for code in TERMS
        ],
    )


def show(  # noqa: PLR0913 - what the page may be told
    request: Request,
    sheet: Sheet,
    status: int = 200,
    *,
    may_wait: bool = False,
    known: str = "",
    own: str = "",
) -> Response:
    """The form with all that it holds; `own` is the own page of the registration it corrects."""
    page = pages.render(
        request,
        "correct.html" if own else "register.html",
        status,
        meeting=sheet.meeting,
        own=own,
        may_wait=may_wait,
        known=known,
        link_token=forms.new_form() if known else "",
        **_filled(sheet, pages.gettext(request)),
    )
    if request.method != "GET" or own:
        page.headers["Cache-Control"] = NOT_STORED
    return page


def _filled(sheet: Sheet, say: Say) -> dict[str, Any]:
    """What a sheet holds, as its page shows it."""
    files = sheet.files()
    code = sheet.values.get("region_code", "")
    return {
        "form": Form(sheet.values, sheet.errors),
        "token": sheet.token,
        "terms": sheet.terms,
        "participant_type": PARTICIPANT_TYPES[sheet.values["participant_type"]][0],
        "levels": region_lists(sheet.meeting.province_code, code, say, deepest=sheet.terms.deepest),
        "letter": next((upload for upload in files if upload.kind == LETTER), None),
        "photos": [upload for upload in files if upload.kind == PHOTO],
        "most_photos": MOST_PHOTOS,
        "dropped": sheet.dropped,
        "answered": {
            each.key: upload.name
            for each in sheet.questions
            for upload in files
            if upload.kind == f"answer:{each.key}"
        },
        "questions": sheet.questions,
        "accept": ACCEPT,
        "products": filling.PRODUCTS,
        "honeypot": HONEYPOT,
        "consents": {
            "consent": CONSENT,
            "photo": PHOTO_CONSENT,
            "directory": DIRECTORY_CONSENT,
            "gallery": GALLERY_CONSENT,
        },
        "consent_version": registrations.CONSENT_VERSION,
    }


def in_language(request: Request, wish: object) -> Request:
    """The request as its reader would have sent it in another language; the choice is kept."""
    if wish not in LANGUAGES:
        return request
    return Request({**request.scope, "query_string": f"lang={wish}".encode()}, request.receive)


def _meeting(slug: str) -> Row[Any]:
    with database.autocommit() as connection:
        return meetings.find(connection, slug)
