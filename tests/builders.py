"""One of each, with plainly fictitious people."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from shared.events import (
    Event,
    MeetingFacts,
    MeetingPublished,
    Participant,
    RegistrationImported,
    RegistrationSubmitted,
)

MEETING_ID = UUID("01920000-0000-7000-8000-000000000001")
REGISTRATION_ID = UUID("01920000-0000-7000-8000-000000000002")


def meeting_facts(**changes: Any) -> MeetingFacts:
    """The example meeting of 2022."""
    facts = {
        "slug": "plm-2022-21",
        "version": 1,
        "title": "Peer Learning Meeting Provinsi Kepulauan Riau 2022",
        "province_code": "21",
        "venue": "CK Hotel Tanjungpinang",
        "zone": "Asia/Jakarta",
        "starts_at": datetime(2022, 8, 9, 1, 0, tzinfo=UTC),
        "ends_at": datetime(2022, 8, 10, 9, 0, tzinfo=UTC),
        "days": (date(2022, 8, 9), date(2022, 8, 10)),
    }
    return MeetingFacts.model_validate(facts | changes)


def participant(**changes: Any) -> Participant:
    """A village library's manager."""
    person = {
        "name": "Peserta Contoh",
        "email": "peserta@contoh.id",
        "phone": "+628110000001",
        "language": "id",
        "participant_type": "village_library",
        "region_code": "21.01.04.2001",
        "library_name": "Perpustakaan Desa Contoh",
        "position": "Pengelola perpustakaan",
    }
    return Participant.model_validate(person | changes)


def registration_submitted(**changes: Any) -> RegistrationSubmitted:
    """Somebody registered for the example meeting."""
    fields = {
        "registration_id": REGISTRATION_ID,
        "code": "K7QF3-M2DXA",
        "submitted_at": datetime(2022, 7, 1, 3, 0, tzinfo=UTC),
        "meeting": meeting_facts(),
        "participant": participant(),
        "own_link": "https://sejawat.contoh.id/registration/r/token",
    }
    return RegistrationSubmitted.model_validate(fields | changes)


def events() -> list[Event]:
    """One of every event that crosses a border."""
    submitted = registration_submitted()
    imported = RegistrationImported.model_validate(submitted.model_dump(exclude={"own_link"}))
    return [MeetingPublished(meeting=meeting_facts()), submitted, imported]
