"""Shapes of check-in and certificates over HTTP."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.registration.schemas import Name, Note

CheckInStatus = Literal[
    "checked_in", "already", "undone", "not_approved", "unknown", "wrong_meeting", "wrong_day"
]
MOST_SCANS = 500


class Scan(BaseModel):
    """One ticket before one device. `id` is made by the device: sent twice, it is still one scan.

    `code` is what was read or typed: a code in any spelling, or the address of a ticket's page.
    """

    id: UUID
    code: Annotated[str, Field(max_length=2000)]  # a QR may say anything
    day: date
    session_id: UUID | None = None
    at: AwareDatetime
    device: Note = ""


class Scans(BaseModel):
    """What a device has seen since it was heard last, in order."""

    scans: Annotated[list[Scan], Field(min_length=1, max_length=MOST_SCANS)]


class ScanResult(BaseModel):
    """What became of one scan.

    `at` and `by` (a first name) tell of the check-in that counts, this one or an earlier one.
    `name` and `library` are there for people of this meeting only. `check_in_id` is the check-in
    that counts, to be taken back by.
    """

    id: UUID
    status: CheckInStatus
    name: str | None = None
    library: str | None = None
    at: AwareDatetime | None = None
    by: str | None = None
    check_in_id: UUID | None = None


class ScanResults(BaseModel):
    """The results, in the order of the scans."""

    items: list[ScanResult]


class Attendee(BaseModel):
    """What a device without a line needs of somebody, and nothing more."""

    code: str
    name: str
    library: str


class Attendees(BaseModel):
    """Everybody who may come in."""

    items: list[Attendee]


class AttendanceCount(BaseModel):
    """How many are there on a day, or in one of its sessions, of how many who may come."""

    day: date
    session_id: UUID | None
    present: int
    approved: int


class Decoded(BaseModel):
    """What a QR in a picture says; none when there is none to be read."""

    text: str | None


class CertificateProof(BaseModel):
    """What the public may know of a certificate: whether it holds, and what stands on it."""

    status: Literal["valid", "revoked", "replaced"]
    number: str
    name: str
    role: str
    meeting: str
    organiser: str
    first_day: date
    last_day: date
    venue: str
    jp: int
    signer_name: str
    signer_title: str
    issued_on: date


class CertificateRunDetail(BaseModel):
    """How far a run is. `files` are for printing; `download` is the one if it is alone."""

    id: UUID
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    total: int
    done: int
    seconds_left: float | None
    download: str | None
    files: list[str]


class NewName(BaseModel):
    """The name on a certificate that is issued again."""

    name: Name
