"""One of each, with plainly fictitious people."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from shared.events import (
    AccountChanged,
    AccountCreated,
    ActivityReturned,
    AttendanceChanged,
    BoothDecided,
    CertificateIssued,
    CertificateRevoked,
    DataRequestAnswered,
    DataRequestAsked,
    Event,
    ImportFinished,
    LibraryChanged,
    LibraryReminderDue,
    LibraryReportReturned,
    LibrarySilent,
    MeetingCancelled,
    MeetingFacts,
    MeetingPublished,
    OwnLink,
    OwnLinksRequested,
    Participant,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationContactChanged,
    RegistrationCorrected,
    RegistrationErased,
    RegistrationFacts,
    RegistrationImported,
    RegistrationRejected,
    RegistrationRescheduled,
    RegistrationReturned,
    RegistrationSubmitted,
    RegistrationWaitlisted,
    ReportFailed,
    ReportFinished,
    ReturnedReport,
    SeatOffered,
    SignInCodeRequested,
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


def registration_facts(**changes: Any) -> RegistrationFacts:
    """The same registration after the host's first decision."""
    submitted = registration_submitted()
    fields = submitted.model_dump(exclude={"submitted_at"}) | {"version": 2, "status": "approved"}
    return RegistrationFacts.model_validate(fields | changes)


def events() -> list[Event]:
    """One of every event that crosses a border."""
    submitted = registration_submitted()
    imported = RegistrationImported.model_validate(submitted.model_dump(exclude={"own_link"}))
    return [
        MeetingPublished(meeting=meeting_facts()),
        MeetingCancelled(meeting=meeting_facts(version=2), reason="Gedung tidak dapat dipakai."),
        submitted,
        imported,
        *_decisions(),
        RegistrationErased(registration_id=REGISTRATION_ID),
        contact_changed(),
        data_request_asked(),
        data_request_answered(),
        *_certificates(),
        *_for_accounts(),
        *_reports(),
        import_finished(),
        *_for_libraries(),
        AttendanceChanged(
            registration_id=REGISTRATION_ID,
            meeting_slug="plm-2022-21",
            day=date(2022, 8, 9),
            session_id=None,
            present=True,
            changed_at=datetime(2022, 8, 9, 0, 45, tzinfo=UTC),
        ),
    ]


def _decisions() -> list[Event]:
    facts = registration_facts
    reason = "Surat tugas belum bertanda tangan."
    return [
        RegistrationWaitlisted(registration=facts(version=1, status="waiting")),
        RegistrationApproved(registration=facts()),
        RegistrationReturned(registration=facts(status="needs_correction"), reason=reason),
        RegistrationCorrected(registration=facts(version=3, status="submitted")),
        RegistrationRejected(registration=facts(status="rejected"), reason=reason),
        RegistrationCancelled(
            registration=facts(version=3, status="cancelled"), by="host", reason="Acara penuh."
        ),
        BoothDecided(
            registration=facts(), booth_title="Keripik Pisang Contoh", accepted=True, number="7"
        ),
        SeatOffered(
            registration=facts(status="offered"), expires_at=datetime(2022, 8, 2, 5, tzinfo=UTC)
        ),
        RegistrationRescheduled(
            registration=facts(version=3, meeting=meeting_facts(version=2, venue="Gedung Daerah"))
        ),
    ]


def contact_changed(**changes: Any) -> RegistrationContactChanged:
    """The same registrant has another e-mail address now."""
    fields = {
        "registration_id": REGISTRATION_ID,
        "name": "Peserta Contoh",
        "email": "peserta@contoh.id",
        "phone": None,
        "language": "id",
        "region_code": "21.01.04.2001",
        "meeting": meeting_facts(),
    }
    return RegistrationContactChanged.model_validate(fields | changes)


def _data_request() -> dict[str, Any]:
    return {
        "request_id": UUID("01920000-0000-7000-8000-000000000008"),
        "kind": "delete",
        "region_code": "21.01.04.2001",
        "meeting": meeting_facts(),
    }


def data_request_asked(**changes: Any) -> DataRequestAsked:
    """Somebody wants to be forgotten."""
    fields = _data_request() | {"due_at": datetime(2022, 9, 4, 3, tzinfo=UTC)}
    return DataRequestAsked.model_validate(fields | changes)


def data_request_answered(**changes: Any) -> DataRequestAnswered:
    """And is."""
    fields = _data_request() | {
        "done": True,
        "reason": "",
        "name": "Peserta Contoh",
        "email": "peserta@contoh.id",
        "phone": None,
        "language": "id",
        "own_link": "",
    }
    return DataRequestAnswered.model_validate(fields | changes)


def _certificates() -> list[Event]:
    facts = registration_facts(version=3)
    certificate = {
        "certificate_id": UUID("01920000-0000-7000-8000-000000000003"),
        "number": "0001/PLM-21/VIII/2022",
    }
    return [
        CertificateIssued(
            registration=facts,
            **certificate,
            jp=16,
            verify_link="https://sejawat.contoh.id/registration/c/7QF3K-M2DXA",
        ),
        CertificateRevoked(registration=facts, **certificate, reason="Nama salah tulis."),
    ]


def _reports() -> list[Event]:
    told: dict[str, Any] = {
        "report_id": UUID("01920000-0000-7000-8000-000000000005"),
        "kind": "periodic",
        "format": "pdf",
        "requested_by": "01920000-0000-7000-8000-000000000004",
        "region_code": "21",
        "period": "2026-Q1",
        "meeting": "",
        "scheduled": True,
        "link": "https://sejawat.contoh.id/reporting/reports/01920000-0000-7000-8000-000000000005",
    }
    until = datetime(2026, 5, 11, 1, tzinfo=UTC)
    return [
        ReportFinished(**told, row_count=7, until=until),
        ReportFailed(**told, reason="gave-up"),
    ]


def import_finished(**changes: Any) -> ImportFinished:
    """A province's list of people is done."""
    fields = {
        "import_id": UUID("01920000-0000-7000-8000-000000000006"),
        "kind": "registrations",
        "requested_by": "01920000-0000-7000-8000-000000000004",
        "region_code": "21",
        "file_name": "delegasi-bintan.xlsx",
        "state": "done",
        "taken": 41,
        "waiting": 0,
        "completed": 0,
        "already": 3,
        "refused": 0,
        "faulty": 2,
        "link": "https://sejawat.contoh.id/registration/imports/01920000-0000-7000-8000-000000000006",
    }
    return ImportFinished.model_validate(fields | changes)


def _for_accounts() -> list[Event]:
    request_id = UUID("01920000-0000-7000-8000-000000000004")
    reader: dict[str, Any] = {"phone": None, "language": "id", "region_code": "21.01"}
    expires_at = datetime(2022, 7, 1, 3, 10, tzinfo=UTC)
    own = OwnLink(
        name="Peserta Contoh",
        meeting=meeting_facts(),
        own_link="https://sejawat.contoh.id/registration/r/token",
    )
    return [
        OwnLinksRequested(request_id=request_id, email="peserta@contoh.id", links=(own,), **reader),
        SignInCodeRequested(
            code_id=request_id,
            email="pic.bintan@contoh.id",
            code="482913",
            expires_at=expires_at,
            **reader,
        ),
        AccountCreated(
            request_id=request_id,
            name="PIC Contoh",
            email="pic.bintan@contoh.id",
            role="regency",
            link="https://sejawat.contoh.id/registration/password/token",
            expires_at=expires_at,
            **reader,
        ),
        AccountChanged(
            account_id=request_id,
            version=1,
            name="PIC Contoh",
            email="pic.bintan@contoh.id",
            role="regency",
            active=True,
            **reader,
        ),
        LibraryChanged(
            library_id=request_id,
            version=1,
            name="Perpustakaan Desa Contoh",
            kind="village",
            region_code="21.01.06.2001",
            partner_status="self_funded",
            joined_year=2024,
            merged_into=None,
        ),
    ]


def library_silent(**changes: Any) -> LibrarySilent:
    """A library that has not reported October."""
    fields = {
        "library_id": UUID("01920000-0000-7000-8000-000000000005"),
        "name": "Perpustakaan Desa Contoh",
        "region_code": "21.01.04.2001",
        "month": date(2026, 10, 1),
        "step": 1,
        "deadline": date(2026, 11, 10),
        "link": "https://sejawat.contoh.id/reporting/own/l/token",
    }
    return LibrarySilent.model_validate(fields | changes)


def library_reminder(**changes: Any) -> LibraryReminderDue:
    """The same library, as registration knows to reach it."""
    fields = library_silent().model_dump(exclude={"name"}) | {
        "library_name": "Perpustakaan Desa Contoh",
        "name": "Pengelola Contoh",
        "email": "perpustakaan@contoh.id",
        "phone": None,
        "language": "id",
    }
    return LibraryReminderDue.model_validate(fields | changes)


def returned_report(**changes: Any) -> ReturnedReport:
    """A class in batik, of which the numbers look wrong."""
    fields = {
        "activity_id": UUID("01920000-0000-7000-8000-000000000007"),
        "revision": 2,
        "library_id": UUID("01920000-0000-7000-8000-000000000005"),
        "library_name": "Perpustakaan Desa Contoh",
        "region_code": "21.01.04.2001",
        "stream": "pelibatan",
        "every": "day",
        "title": "Kelas membatik",
        "day": date(2026, 10, 5),
        "comment": "Jumlah pesertanya keliru?",
        "others": 0,
        "link": "https://sejawat.contoh.id/reporting/own/l/token",
    }
    return ReturnedReport.model_validate(fields | changes)


def report_returned(**changes: Any) -> LibraryReportReturned:
    """The same, as registration knows to reach its library."""
    contact = {
        "name": "Pengelola Contoh",
        "email": "perpustakaan@contoh.id",
        "phone": None,
        "language": "id",
    }
    return LibraryReportReturned(report=returned_report(**changes), **contact)


def _for_libraries() -> list[Event]:
    returned = ActivityReturned(report=returned_report())
    return [library_silent(), library_reminder(), returned, report_returned()]
