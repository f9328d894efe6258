"""The registration form as it was filled in: read, judged, and shown again with all that it held.

A new registration and a correction share it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy import Row
from starlette.datastructures import FormData

from services.registration import participant_types, questions, uploads
from services.registration.form_words import (
    BOOTH_TITLE,
    PRICE,
    PRODUCT_NAME,
    REGION_LEVELS,
    TOO_MANY_FILES,
    TOO_MANY_PHOTOS,
)
from services.registration.models import Question, Upload
from services.registration.participant_types import TERMS, RegionLevel, Terms
from services.registration.resources import database, forms, limiter
from services.registration.schemas import RegistrationForm
from services.registration.uploads import ANSWER, LETTER, PHOTO
from services.registration.words import EMPTY, REFUSALS
from shared.ids import to_uuid
from shared.limits import Limit, client_address
from shared.security import BadLink
from shared.uploads import REASONS, Refused
from shared.web import chosen_region, uploaded
from shared.web.errors import MESSAGES, explain_fields
from shared.web.languages import choose_language

Say = Callable[[str], str]

HONEYPOT = "website"  # nobody sees this field, so who fills it in is a machine
PRODUCTS = 6
NEEDS = ("diet", "access", "transport")
FILES = Limit("upload-address", 300, 3600)

# In the order of the page, which the error summary follows.
_ORDER = (
    *("", "participant_type", "name", "nik", "position", "region_code", "library_name"),
    *("email", "phone", LETTER, *NEEDS, "booth_title", "booth_description"),
    *(f"product_{part}_{n}" for n in range(1, PRODUCTS + 1) for part in ("name", "price", "about")),
    PHOTO,
)


@dataclass(slots=True)
class Sheet:
    """One form on its way. `owner` is the registration that it corrects, if it does.

    `answers` are those to the meeting's own questions, by key, as they were typed.
    """

    meeting: Row[Any]
    values: dict[str, str]
    token: str
    form_id: UUID
    questions: list[Question] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    owner: UUID | None = None
    dropped: set[UUID] = field(default_factory=set)

    @property
    def terms(self) -> Terms:
        """What this participant type is asked."""
        return TERMS[self.values["participant_type"]]

    def files(self) -> list[Upload]:
        """What this form holds by now, and the registration that it corrects."""
        owners = [self.form_id, *([self.owner] if self.owner else [])]
        with database.sessions.begin() as session:
            return uploads.of(session, *owners)


def blank(meeting: Row[Any], values: dict[str, str], owner: UUID | None = None) -> Sheet:
    """A form to begin with."""
    token = forms.new_form()
    sheet = Sheet(meeting, values, token, forms.form_id(token), owner=owner)
    with database.autocommit() as connection:
        sheet.questions = questions.asked(connection, meeting.id, values["participant_type"])
    return sheet


def read(
    request: Request, data: FormData, meeting: Row[Any], say: Say, owner: UUID | None = None
) -> Sheet:
    """What was sent; its files are kept from here on, whatever else is wrong.

    A form token that is over or forged is told as an error, and replaced. The participant type
    must be known already.
    """
    values = {name: value for name, value in data.items() if isinstance(value, str)}
    codes = [str(code) for code in data.getlist("region_code")]
    values["region_code"] = chosen_region([meeting.province_code, *codes]) if any(codes) else ""
    sheet = blank(meeting, values, owner)
    try:
        sheet.form_id = forms.form_id(values.get("form_token", ""))
        sheet.token = values["form_token"]
    except BadLink:
        sheet.errors[""] = say(REFUSALS["form-expired"])
    sheet.answers = questions.typed(sheet.questions, data)
    values |= questions.form_values(sheet.answers)
    _take_files(request, data, sheet, say)
    return sheet


def validate(request: Request, sheet: Sheet, say: Say) -> RegistrationForm | None:
    """The form as a whole; or nothing, and `sheet.errors` says why in the order of the page."""
    errors = dict(sheet.errors)
    files = {upload.kind: upload for upload in sheet.files()}
    for kind, upload in files.items():
        if kind.startswith(ANSWER):
            sheet.answers[kind.removeprefix(ANSWER)] = str(upload.id)
    answers, wrong = questions.check(sheet.questions, sheet.answers, say)
    form = None
    try:
        fields = _fields(sheet) | {"language": choose_language(request), "answers": answers}
        form = RegistrationForm.model_validate(fields)
    except ValidationError as error:
        errors |= _told(error, sheet, say)
    code = sheet.values.get("region_code", "")
    if sheet.terms.asks_region and code and "region_code" not in errors:
        try:
            participant_types.check(sheet.values["participant_type"], code)
        except RegionLevel:
            errors["region_code"] = say(REGION_LEVELS[sheet.terms.least, sheet.terms.deepest])
    for name, sentence in wrong.items():
        errors.setdefault(name, sentence)
    last = [name for name in errors if name not in _ORDER]
    order = [name for name in (*_ORDER, *last) if name in errors]
    # Consent stands last on the page.
    sheet.errors = {
        name: errors[name] for name in sorted(order, key=lambda name: name == "consent")
    }
    return None if errors else form


def _take_files(request: Request, data: FormData, sheet: Sheet, say: Say) -> None:
    sheet.dropped = {found for text in data.getlist("drop_upload") if (found := to_uuid(text))}
    with database.sessions.begin() as session:
        uploads.drop(session, sheet.form_id, sheet.dropped)
    fields = {LETTER: LETTER, PHOTO: PHOTO} | {
        questions.field_name(each.key): f"{ANSWER}{each.key}"
        for each in sheet.questions
        if each.type == "file"
    }
    for name, kind in fields.items():
        for file in uploaded(data, name):
            if limiter.hit(FILES, client_address(request)):
                sheet.errors[name] = say(TOO_MANY_FILES)
                return
            try:
                received = uploads.receive(kind, file.filename or "", file.file)
                kept = _kept_photos(sheet)
                with database.sessions.begin() as session:
                    uploads.add(session, sheet.form_id, kind, received, kept=kept)
            except Refused as refused:
                sheet.errors[name] = say(REASONS[refused.code])
            except uploads.TooManyPhotos:
                sheet.errors[name] = say(TOO_MANY_PHOTOS)


def _kept_photos(sheet: Sheet) -> int:
    return sum(
        upload.kind == PHOTO
        and upload.registration_id is not None
        and upload.id not in sheet.dropped
        for upload in sheet.files()
    )


def _fields(sheet: Sheet) -> dict[str, Any]:
    values, terms = sheet.values, sheet.terms
    plain = ("name", "email", "phone", "participant_type", "library_name", "nik")
    ticked = ("consent", "photo_consent", "directory_consent", "join_waiting_list")
    fields: dict[str, Any] = {name: values.get(name, "") for name in plain}
    fields |= {name: values.get(name) == "yes" for name in ticked}
    fields |= {
        "region_code": values["region_code"] if terms.asks_region else sheet.meeting.province_code,
        "position": terms.position or values.get("position", ""),
        "library_id": to_uuid(values.get("library_id", "")),
        "needs": {name: values.get(name, "") for name in NEEDS}
        | {"lodging": values.get("lodging") == "yes"},
        "booth": _booth(values) if terms.booth else None,
    }
    # What a correction is about was agreed to before.
    return fields | ({"consent": True} if sheet.owner else {})


def _booth(values: Mapping[str, str]) -> dict[str, Any] | None:
    title, about = values.get("booth_title", ""), values.get("booth_description", "")
    products = [
        {
            "name": values.get(f"product_name_{n}", ""),
            "price": _price(values.get(f"product_price_{n}", "")),
            "description": values.get(f"product_about_{n}", ""),
        }
        for n in _filled_products(values)
    ]
    if not title.strip() and not about.strip() and not products:
        return None
    is_public = values.get("booth_public") == "yes"
    return {"title": title, "description": about, "products": products, "is_public": is_public}


def _filled_products(values: Mapping[str, str]) -> list[int]:
    parts = ("name", "price", "about")
    return [
        n
        for n in range(1, PRODUCTS + 1)
        if any(values.get(f"product_{part}_{n}", "").strip() for part in parts)
    ]


def _price(typed: str) -> int | str | None:
    """In rupiah, from "Rp25.000", "25.000,00" or "25000"."""
    plain = re.sub(r"^rp|[\s.]|,(00?|-)?$", "", typed.strip().lower())
    if not plain:
        return None
    return int(plain) if re.fullmatch(r"[0-9]{1,12}", plain) else typed


def _told(error: ValidationError, sheet: Sheet, say: Say) -> dict[str, str]:
    """What is wrong, by the names of the page's fields; what is empty has a sentence of its own."""
    values = sheet.values
    rows = _filled_products(values)
    told = explain_fields(
        [{**item, "loc": (_field_name(item["loc"], rows),)} for item in error.errors()], say
    )
    for name in told.keys() & EMPTY.keys():
        if not values.get(name, "").strip():
            told[name] = say(EMPTY[name])
    if "booth_title" in told and not values.get("booth_title", "").strip():
        told["booth_title"] = say(BOOTH_TITLE)
    for n in rows:
        if f"product_price_{n}" in told:
            told[f"product_price_{n}"] = say(PRICE)
        if f"product_name_{n}" in told and not values.get(f"product_name_{n}", "").strip():
            told[f"product_name_{n}"] = say(PRODUCT_NAME)
    # Asked by the model only when each field is right, and a person wants to know at once.
    told.pop("", None)
    if not any(values.get(name, "").strip() for name in ("email", "phone")):
        told["email"] = say(MESSAGES["contact"])
    return told


def _field_name(loc: tuple[int | str, ...], rows: list[int]) -> str:
    match loc:
        case ("needs", str(name), *_):
            return name
        case ("booth", "products", int(at), str(part), *_):
            return f"product_{'about' if part == 'description' else part}_{rows[at]}"
        case ("booth", str(name), *_):
            return f"booth_{name}"
        case (str(name), *_):
            return name
    return ""
