"""Meetings and registrations over JSON."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sqlalchemy import Connection, Row
from uuid_utils.compat import uuid7

from services.registration import meetings, participant_types, questions, registrations
from services.registration.pages.common import pages
from services.registration.resources import Transaction, database, limiter
from services.registration.schemas import (
    Links,
    MeetingDetail,
    MeetingList,
    MeetingSummary,
    Registered,
    RegistrationForm,
    Seats,
)
from services.registration.settings import settings
from services.registration.words import CONSENT, PARTICIPANT_TYPES, QUOTA_KINDS
from shared import regions
from shared.limits import Limit, client_address
from shared.security import anyone

router = APIRouter(prefix="/api/v1/meetings", tags=["meetings"], dependencies=[Depends(anyone)])

BY_ADDRESS = Limit("register-address", 300, 3600)
# A contact is not proven yet, and each holds a seat: colleagues may share an address, but whoever
# has more people than this sends a delegation.
BY_CONTACT = Limit("register-contact", 20, 24 * 3600)
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=128)]


class WrongAnswers(Exception):
    """Answers to the meeting's own questions that are none; `errors` by field name."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = [{"field": name, "message": text} for name, text in errors.items()]


@router.get("")
def list_meetings(
    session: Transaction,
    q: Annotated[str, Query(max_length=100)] = "",
    after: Annotated[str | None, Query(max_length=100)] = None,
    *,
    open_only: Annotated[bool, Query(alias="open")] = True,
) -> MeetingList:
    """Meetings by date; `open=false` shows those that take no registrations as well."""
    rows, following = meetings.page(session, words=q, open_only=open_only, after=after)
    return MeetingList(items=[MeetingSummary(**summary(row)) for row in rows], next=following)


@router.get("/{slug}")
def show_meeting(slug: str, session: Transaction) -> MeetingDetail:
    """One meeting with its quotas and seats left."""
    meeting = meetings.find(session, slug)
    return MeetingDetail(
        **summary(meeting),
        participant_types=list(PARTICIPANT_TYPES),
        quotas=[
            Seats(**row._mapping, label=quota_label(row.kind, row.key))  # noqa: SLF001 - SQLAlchemy's public name
            for row in meetings.quotas(session, meeting.id)
        ],
        consent_version=registrations.CONSENT_VERSION,
        consent_text=CONSENT,
    )


@router.post("/{slug}/registrations", status_code=201)
def register(
    request: Request,
    slug: str,
    form: RegistrationForm,
    response: Response,
    idempotency_key: Key = None,
) -> Registered:
    """Register one person. The same key with the same body gives the first answer again.

    A participant type comes from a region of its own level. `answers` are those to the meeting's
    own questions, by key. Refusals: `quota-full` 409, `already-registered` 409, `closed` 409,
    `key-reused` 409, `region-outside` 422, `region-level` 422, `answers` 422.
    """
    participant_types.check(form.participant_type, form.region_code)
    guard(request, form, slug)
    with database.autocommit() as connection:
        meeting = meetings.find(connection, slug)
        form = _answered(connection, meeting, form)
        key = f"header:{idempotency_key or uuid7()}"
        done = registrations.submit(connection, meeting, form, key)
    response.headers["Location"] = done.own_link
    return Registered(
        id=done.id,
        code=done.code,
        status=done.status,
        links=Links(
            own=done.own_link, meeting=f"{settings().base_url}/registration/meetings/{slug}"
        ),
    )


def guard(request: Request, form: RegistrationForm, slug: str) -> None:
    """Keep flooding slow; a whole office behind one address registers at its ease.

    Raises `TooMany`.
    """
    limiter.guard(BY_ADDRESS, client_address(request))
    limiter.guard(BY_CONTACT, (form.email or form.phone or "").lower(), slug)


def _answered(
    connection: Connection, meeting: Row[Any], form: RegistrationForm
) -> RegistrationForm:
    """With the answers as they are stored; a program sends no files. Raises `WrongAnswers`."""
    if not meeting.has_questions and not form.answers:
        return form
    asked = questions.asked(connection, meeting.id, form.participant_type)
    asked = [each for each in asked if each.type != "file"]
    answers, wrong = questions.check(asked, form.answers, pages.bilingual)
    if wrong:
        raise WrongAnswers(wrong)
    return form.model_copy(update={"answers": answers})


def summary(meeting: Row[Any]) -> dict[str, Any]:
    """What a list shows of a meeting."""
    return {
        **meeting._mapping,  # noqa: SLF001 - SQLAlchemy's public name
        "province": regions.get(meeting.province_code).name,
        "seats_left": max(meeting.seats_left, 0),
    }


def quota_label(kind: str, key: str) -> str:
    """A quota in words: a participant type, a kab/kota, or the whole meeting."""
    if kind == "region":
        return regions.get(key).name
    return PARTICIPANT_TYPES[key][0] if kind == "participant_type" else QUOTA_KINDS[kind]
