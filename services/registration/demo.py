"""Demo data: the example meeting of 2022 with plainly fictitious people, and an open round."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import (
    accounts,
    certificates,
    checkins,
    demo_programme,
    libraries,
    meetings,
    training,
)
from services.registration.attendance_schemas import Scan
from services.registration.audit import SYSTEM
from services.registration.meetings import QuotaPlan
from services.registration.models import Library, Meeting, Registration
from services.registration.registrations import institution_key, person_key
from services.registration.resources import bus
from services.registration.rounds import RoundPlan, open_round
from shared import regions
from shared.events import LibraryChanged, Participant, RegistrationImported
from shared.names import plain_name
from shared.security import Role

PASSWORD = "demo-only-sejawat"  # noqa: S105 - printed on the screen, and refused in production

ACCOUNTS: list[tuple[str, str, Role, str]] = [
    ("nasional@contoh.id", "Petugas Nasional (contoh)", "national", ""),
    ("kepri@contoh.id", "Petugas Provinsi Kepulauan Riau (contoh)", "province", "21"),
    ("bintan@contoh.id", "PIC Kabupaten Bintan (contoh)", "regency", "21.01"),
    ("pustaka@contoh.id", "Pengelola Perpustakaan (contoh)", "library", "21.01.04.1005"),
    ("mentor@contoh.id", "Master Trainer (contoh)", "master_trainer", "21"),
]

EXAMPLE = "plm-2022-21"
# The beneficiary regencies of the example meeting; Kepulauan Anambas (21.05) was missing.
REGENCIES = ("21.01", "21.02", "21.03", "21.04", "21.71", "21.72")
# Other provinces have a few libraries as well: two kab/kota each, one village of each.
ELSEWHERE = ("12", "14", "33", "51", "53", "64", "73", "91")
OFFICES = (
    ("province", "21", "Provinsi Kepulauan Riau"),
    ("regency", "21.01", "Kabupaten Bintan"),
    ("regency", "33.01", "Kabupaten Cilacap"),
)
CONTACT = "Pengelola Contoh"
ROUND = RoundPlan(
    name="plm-2027",
    first_day=date(2027, 6, 8),
    waves=5,
    capacity=60,
    per_type={"province_library": 6, "regency_library": 20, "impact": 10},
    per_regency=10,
    title="PLM Provinsi 2027",
    copy_from=EXAMPLE,
)


# The demo librarian reports for the directory's library of the same village.
_GIVE_LIBRARY = text("""
    UPDATE account SET library_id = library.id FROM library
    WHERE account.role = 'library' AND library.region_code = account.region_code""")


def seed(session: Session) -> bool:
    """Add the demo data, unless it is there; returns whether it was added."""
    if session.execute(text("SELECT EXISTS (SELECT FROM meeting)")).scalar_one():
        return False
    for email, name, role, region_code in ACCOUNTS:
        accounts.create(
            session, email=email, password=PASSWORD, name=name, role=role, region_code=region_code
        )
    example = _example_meeting(session)
    demo_programme.add(session, example)
    _attendance(session, example)
    _directory(session)
    session.execute(_GIVE_LIBRARY)
    open_round(session, ROUND, regions.children(None))
    return True


def _example_meeting(session: Session) -> Meeting:
    wib = datetime(2022, 8, 9, 1, 0, tzinfo=UTC)  # 08.00 WIB
    meeting = Meeting(
        slug=EXAMPLE,
        title="Peer Learning Meeting Provinsi Kepulauan Riau 2022",
        province_code="21",
        venue="CK Hotel Tanjungpinang",
        zone="Asia/Jakarta",
        starts_at=wib,
        ends_at=wib + timedelta(days=1, hours=8),
        closes_at=wib - timedelta(days=7),
        status="done",
        certificate={
            "jp": 16,
            "min_days": 2,
            "signer_prefix": "a.n.",
            "signer_office": "Kepala Dinas Perpustakaan dan Kearsipan",
            "signer_title": "Ketua Panitia",
            "signer_name": "Nama Pejabat Contoh",
            "city": "Tanjungpinang",
        },
    )
    meetings.publish(session, meeting, [QuotaPlan("meeting", "", 15)])
    facts = meetings.facts(meeting)
    events = []
    for number in range(1, 16):
        registration = _participant(meeting, number)
        session.add(registration)
        fields = {name: getattr(registration, name) for name in Participant.model_fields}
        events.append(
            RegistrationImported(
                registration_id=registration.id,
                code=registration.code,
                submitted_at=registration.submitted_at,
                meeting=facts,
                participant=Participant(**fields),
            )
        )
    session.flush()
    session.execute(_FULL, {"meeting_id": meeting.id, "taken": len(events)})
    bus.publish(session, *events)
    return meeting


def _attendance(session: Session, meeting: Meeting) -> None:
    """All but one were there on both days, and have their certificates."""
    row = meetings.find(session, meeting.slug)
    scans = [
        Scan(id=uuid4(), code=f"KEPRI-CONT{number:02}", day=day, at=meeting.ends_at)
        for day in meetings.days(meeting.starts_at, meeting.ends_at, meeting.zone)
        for number in range(1, 15)
    ]
    checkins.record(session.connection(), SYSTEM, row, scans)
    certificates.issue(session, SYSTEM, meeting, limit=len(scans))


def _participant(meeting: Meeting, number: int) -> Registration:
    regency = REGENCIES[number % len(REGENCIES)]
    village = regions.children(regions.children(regency)[0].code)[0]
    kinds: dict[str, Any] = {
        "participant_type": "village_library",
        "region_code": village.code,
        "library_name": f"Perpustakaan {village.kind.title()} {village.name}",
        "position": "Pengelola perpustakaan",
    }
    if number <= 2:
        kinds = {
            "participant_type": "province_library",
            "region_code": "21",
            "library_name": "Dinas Perpustakaan dan Kearsipan Provinsi Kepulauan Riau",
            "position": "Pustakawan",
        }
    name, email = f"Peserta Contoh {number:02}", f"peserta{number:02}@contoh.id"
    return Registration(
        id=uuid7(),
        code=f"KEPRI-CONT{number:02}",
        meeting_id=meeting.id,
        status="approved",
        name=name,
        email=email,
        person_key=person_key(name, email, None, kinds["region_code"]),
        institution=institution_key(kinds["library_name"], kinds["region_code"]),
        phone=f"+62811000{number:04}",
        language="id",
        idempotency_key=f"demo:{number}",
        request_hash="",
        submitted_at=meeting.closes_at - timedelta(days=number),
        **kinds,
    )


_FULL = text("UPDATE quota SET taken = :taken WHERE meeting_id = :meeting_id")


def directory(session: Session) -> list[LibraryChanged]:
    """The libraries of the demo, as events tell of them."""
    ours = Library.contact_name.startswith(f"{CONTACT} ")
    return [libraries.fact(library) for library in session.scalars(select(Library).where(ours))]


def _directory(session: Session) -> None:
    """The 24 beneficiary villages of the example meeting, four a kab/kota; others; offices."""
    villages = [
        regions.children(district.code)[0]
        for regency in REGENCIES
        for district in regions.children(regency)[:4]
    ]
    villages += [
        regions.children(regions.children(regency.code)[0].code)[0]
        for province in ELSEWHERE
        for regency in regions.children(province)[:2]
    ]
    for number, village in enumerate(villages, 1):
        name = f"Perpustakaan {village.kind.title()} {village.name}"
        session.add(
            Library(
                id=uuid7(),
                name=name,
                name_key=plain_name(name),
                kind="village",
                region_code=village.code,
                partner_status="champion" if number % 8 == 0 else "partner",
                joined_year=2018 + number % 4,
                contact_name=f"{CONTACT} {number:02}",
                email=f"perpus{number:02}@contoh.id",
            )
        )
    for kind, code, where in OFFICES:
        name = f"Dinas Perpustakaan dan Kearsipan {where}"
        session.add(
            Library(
                id=uuid7(),
                name=name,
                name_key=plain_name(name),
                kind=kind,
                region_code=code,
                contact_name=f"{CONTACT} {code}",
            )
        )
    session.flush()
    training.keep(session)
