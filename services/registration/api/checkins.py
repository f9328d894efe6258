"""Check-in over JSON: scans in, results out; who may come in; how many are there."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from services.registration import checkins
from services.registration.attendance_schemas import (
    AttendanceCount,
    Attendee,
    Attendees,
    Decoded,
    ScanResult,
    ScanResults,
    Scans,
)
from services.registration.checkins import BadPicture
from services.registration.resources import Transaction, database, limiter
from shared.limits import Limit
from shared.security import Crew

router = APIRouter(prefix="/api/v1", tags=["check-in"])

PICTURE_BYTES = 200_000
# A device sends two pictures a second, and one account may be at several doors.
DECODING = Limit("decode", 600, 60)


async def picture(request: Request) -> bytes:
    """The JPEG in the body. Raises 415 for anything else, 413 for one that is too large."""
    if request.headers.get("content-type", "") != "image/jpeg":
        raise HTTPException(415)
    body = await request.body()
    if len(body) > PICTURE_BYTES:
        raise HTTPException(413)
    return body


@router.post("/meetings/{slug}/check-ins", response_model=ScanResults)
def check_in(slug: str, body: Scans, caller: Crew) -> Response:
    """Check in whom the scans name, each person once for a day or a session.

    The ids come from the device, so what it sends again, as it heard no answer, changes nothing
    and is answered the same. A scan that cannot count is no error: its `status` says why.
    """
    with database.autocommit() as connection:
        meeting = checkins.busy_door(connection, slug, caller)
        results = checkins.record(connection, caller, meeting, body.scans)
    answer = ScanResults(items=[ScanResult(**result) for result in results])
    # Written here: FastAPI would have another thread check it once more, at a busy door.
    return Response(answer.model_dump_json(), media_type="application/json")


@router.delete("/meetings/{slug}/check-ins/{check_in_id}", status_code=204)
def undo(slug: str, check_in_id: UUID, caller: Crew, session: Transaction) -> None:
    """Take a check-in back; the person can be checked in again, by a new scan."""
    meeting = checkins.door(session, slug, caller)
    checkins.undo(session, caller, meeting.id, check_in_id)


@router.get("/meetings/{slug}/attendees")
def list_attendees(slug: str, caller: Crew, session: Transaction) -> Attendees:
    """Everybody who may come in, for a device that will be without a line.

    Officials of the province's kab/kota get it from 3 days before the meeting to 7 days after it.
    """
    meeting = checkins.door(session, slug, caller)
    rows = checkins.people(session, caller, meeting)
    return Attendees(items=[Attendee(**row._mapping) for row in rows])  # noqa: SLF001 - SQLAlchemy's public name


@router.get("/meetings/{slug}/attendance")
def count(
    slug: str,
    caller: Crew,
    session: Transaction,
    day: date | None = None,
    session_id: UUID | None = None,
) -> AttendanceCount:
    """How many are there; without `day` today, or the day of the meeting that is nearest."""
    desk = checkins.desk(session, slug, caller)
    wanted = day or checkins.today(desk.meeting, desk.days)
    counted = checkins.count(session, desk.meeting.id, wanted, session_id)
    return AttendanceCount(
        day=wanted,
        session_id=session_id,
        present=counted.present,
        approved=counted.approved,
    )


@router.post(
    "/check-ins/decode",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def decode(caller: Crew, content: Annotated[bytes, Depends(picture)]) -> Decoded:
    """Read a QR for a browser that cannot; the picture is not kept."""
    limiter.guard(DECODING, caller.subject)
    try:
        return Decoded(text=checkins.decode(content))
    except BadPicture:
        raise HTTPException(415) from None
