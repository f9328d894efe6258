"""Delegations: many people registered by one hand, row by row, on a page or from a spreadsheet."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, Row, select, text
from sqlalchemy.orm import Session

from services.registration import imports, participant_types, places, registrations
from services.registration.desk_words import FAULTS, OUTCOMES, PEOPLE_CONSENT_VERSION
from services.registration.imports import Column, Fault, Kind, Parsed, Task
from services.registration.models import Registration
from services.registration.registrations import Origin
from services.registration.schemas import RegistrationForm
from services.registration.words import EMPTY, PARTICIPANT_TYPES
from shared import regions
from shared.names import plain_name
from shared.security import Caller, in_scope
from shared.web import gettext_noop as _

COLUMNS = (
    Column(
        "name",
        "Nama lengkap",
        _("Seperti yang ditulis di sertifikat, dengan gelar bila ada."),
        "Siti Contoh, S.Pd.",
        ("Nama", "Nama peserta", "Name", "Full name"),
        required=True,
    ),
    Column(
        "participant_type",
        "Jenis peserta",
        _("Salah satu dari lembar Kode; tulisannya atau kodenya."),
        "Perpustakaan desa/kelurahan",
        ("Jenis", "Kategori", "Kategori peserta", "Datang sebagai", "Participant type"),
        required=True,
    ),
    *places.COLUMNS,
    Column(
        "library_name",
        "Nama perpustakaan atau instansi",
        _("Nama lengkapnya."),
        "Perpustakaan Desa Malang Rapat",
        ("Perpustakaan", "Instansi", "Nama perpustakaan", "Asal instansi", "Institution"),
        required=True,
    ),
    Column(
        "position",
        "Jabatan",
        _("Jabatan orang itu di sana."),
        "Pengelola perpustakaan",
        ("Jabatan di perpustakaan", "Position"),
        required=True,
    ),
    Column(
        "email",
        "Surel",
        _("Isi surel, nomor HP, atau keduanya: ke sana pesannya dikirim."),
        "siti@contoh.id",
        ("Email", "E-mail", "Alamat surel", "Alamat email"),
    ),
    Column(
        "phone",
        "Nomor HP",
        _("Isi surel, nomor HP, atau keduanya."),
        "0812 3456 7890",
        ("HP", "No HP", "No. HP", "Telepon", "No Telepon", "WhatsApp", "No WA", "Phone"),
    ),
)

# As people write the participant types in their own lists, on top of the words of the form.
_SPOKEN_TYPES = {
    "province_library": ("dinas provinsi", "dispusip provinsi", "perpustakaan provinsi"),
    "regency_library": (
        *("dinas perpustakaan kabupaten", "dinas perpustakaan kota", "dinas kabupaten"),
        *("dinas kota", "perpustakaan kabupaten", "perpustakaan kota", "perpustakaan daerah"),
    ),
    "village_library": (
        *("perpustakaan desa", "perpustakaan kelurahan", "perpusdes", "desa", "kelurahan"),
        *("taman bacaan", "tbm"),
    ),
    "champion_village": ("champion", "champion village"),
    "impact": ("impact", "penerima manfaat", "warga"),
}
_FIELDS = ("name", "participant_type", "library_name", "position", "email", "phone")

_EARLIER = text("""
    SELECT status FROM registration
    WHERE meeting_id = :meeting_id AND idempotency_key = :key AND submitted_at < :since""")


def check(meeting: Row[Any], caller: Caller, cells: Mapping[str, str]) -> Parsed:
    """One row of people, with all that is wrong with it."""
    faults: list[Fault] = []
    fields: dict[str, Any] = {name: cells.get(name, "") for name in _FIELDS}
    kind = _participant_type(fields["participant_type"])
    region, wrong_region = _region(meeting, caller, kind, cells)
    if wrong_region:
        faults.append(wrong_region)
    if not kind:
        faults.append(_wrong_type(fields["participant_type"]))
    if kind and region and (fault := _wrong_level(kind, region)):
        faults.append(fault)
    if kind and not fields["position"]:
        fields["position"] = participant_types.TERMS[kind].position
    fields |= {"participant_type": kind, "region_code": region, "consent": True}
    try:
        form = RegistrationForm.model_validate(fields)
    except ValidationError as error:
        found = imports.faults_of(error, EMPTY)
        faults += [f for f in found if f.column not in {"participant_type", "region_code"}]
        return Parsed(fields, tuple(_in_order(faults)))
    person = registrations.person_key(form.name, form.email, form.phone, form.region_code)
    plain = form.model_dump(mode="json", include={*_FIELDS, "region_code"})
    return Parsed(plain, tuple(_in_order(faults)), same=person)


def register(  # noqa: PLR0913, PLR0917 - who, where, and by what hand
    connection: Connection,
    meeting: Row[Any],
    fields: Mapping[str, Any],
    key: str,
    kind: str,
    caller: Caller,
) -> str:
    """Register one checked row; its outcome, a key of `OUTCOMES`.

    Who finds no seat waits, if the meeting has a waiting list. The same key again is the same.
    """
    form = RegistrationForm.model_validate({**fields, "consent": True, "join_waiting_list": True})
    account = _account_id(caller)
    origin = Origin(kind, account, consent_version=PEOPLE_CONSENT_VERSION, actor=caller)
    try:
        done = registrations.submit(connection, meeting, form, key, origin)
    except registrations.QuotaFull:
        return "full"
    except registrations.Closed:
        return "closed"
    except (registrations.AlreadyRegistered, registrations.KeyReused):
        return "already"
    return _outcome(done.status)


def row_key(form_id: UUID, number: int) -> str:
    """The idempotency key of one row of a delegation's page."""
    return f"delegation:{form_id}:{number}"


def names(session: Session, caller: Caller, meeting_id: UUID, form_id: UUID) -> dict[int, str]:
    """Who was registered by a delegation's page, by the number of the row."""
    query = select(Registration.idempotency_key, Registration.name).where(
        Registration.meeting_id == meeting_id,
        Registration.idempotency_key.startswith(row_key(form_id, 0)[:-1]),
        in_scope(Registration.region_code, caller),
    )
    return {int(row[0].rpartition(":")[2]): row[1] for row in session.execute(query)}


def _take_row(connection: Connection, task: Task, fields: dict[str, Any]) -> str:
    """Keyed by what the row says: from whatever file, it is one registration."""
    assert task.meeting is not None  # noqa: S101 - this kind is always for a meeting
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
    key = f"import:{digest[:40]}"
    earlier = connection.execute(
        _EARLIER, {"meeting_id": task.meeting.id, "key": key, "since": task.created_at}
    ).first()
    if earlier:
        return "ended" if earlier.status in {"rejected", "cancelled"} else "already"
    return register(connection, task.meeting, fields, key, "import", task.caller)


def _parse_row(task: Task, cells: Mapping[str, str]) -> Parsed:
    assert task.meeting is not None  # noqa: S101 - this kind is always for a meeting
    return check(task.meeting, task.caller, cells)


def _outcome(status: str) -> str:
    if status in {"rejected", "cancelled"}:
        return "ended"
    return "waiting" if status == "waiting" else "taken"


def _region(
    meeting: Row[Any], caller: Caller, kind: str, cells: Mapping[str, str]
) -> tuple[str, Fault | None]:
    nothing = not any(cells.get(column.key) for column in places.COLUMNS)
    if kind == "province_library" and nothing and caller.may_see(meeting.province_code):
        return meeting.province_code, None
    if kind == "regency_library" and nothing and caller.role == "regency":
        return caller.region_code, None
    return places.resolve(cells, caller, meeting.province_code)


def _wrong_level(kind: str, region: str) -> Fault | None:
    try:
        participant_types.check(kind, region)
    except participant_types.RegionLevel:
        deepest = participant_types.TERMS[kind].deepest
        code = "region-too-small" if regions.get(region).level > deepest else "region-too-large"
        return Fault("region_code", FAULTS[code], {"type": PARTICIPANT_TYPES[kind][0]})
    return None


def _participant_type(typed: str) -> str:
    return _type_names().get(plain_name(typed), "") if typed else ""


@cache
def _type_names() -> dict[str, str]:
    names = {}
    for code, (label, _hint) in PARTICIPANT_TYPES.items():
        for name in (code, label, imports.english()(label), *_SPOKEN_TYPES.get(code, ())):
            names[plain_name(name)] = code
    return names


def _wrong_type(typed: str) -> Fault:
    if not typed:
        return Fault("participant_type", FAULTS["type-empty"])
    known = ", ".join(label for label, _hint in PARTICIPANT_TYPES.values())
    values = {"name": typed[:80], "known": known}
    return Fault("participant_type", FAULTS["type-unknown"], values)


def _in_order(faults: list[Fault]) -> list[Fault]:
    order = [column.key for column in COLUMNS]
    # Neither address is there: said of the row as a whole, but it is the address that is missing.
    placed = [Fault(f.column or "email", f.text, f.values) for f in faults]
    return sorted(placed, key=lambda fault: order.index(fault.column))


def _account_id(caller: Caller) -> UUID | None:
    """A program of the national office has no account."""
    try:
        return UUID(caller.subject)
    except ValueError:
        return None


def _codes(task: Task) -> list[tuple[str, str, str]]:
    """The participant types, and the kab/kota of the province that the caller sees."""
    types = [("Jenis peserta", code, label) for code, (label, _) in PARTICIPANT_TYPES.items()]
    if task.meeting is None:
        return types
    inside = regions.children(task.meeting.province_code)
    return types + [
        ("Kode wilayah", region.code, region.name)
        for region in inside
        if task.caller.may_see(region.code)
    ]


imports.add(Kind("registrations", COLUMNS, _parse_row, _take_row, OUTCOMES, _codes))
