"""Libraries and people from spreadsheets: two kinds for `imports.py`.

A row that is there already fills gaps and overwrites nothing, so an old file spoils no newer entry,
and the same file again changes nothing.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, text
from uuid_utils.compat import uuid7

from services.registration import imports, libraries, places, registrations
from services.registration.directory_schemas import LibraryForm, PersonForm
from services.registration.directory_words import IMPORTED, KINDS, PARTNERS, REFUSALS
from services.registration.imports import Column, Fault, Kind, Parsed, Task
from services.registration.words import EMPTY
from shared import regions
from shared.names import plain_name
from shared.web import gettext_noop as _
from shared.web.errors import MESSAGES

_EMAIL = Column(
    "email",
    "Surel",
    _("Alamat surel, bila ada."),
    "perpus.contoh@contoh.id",
    ("Email", "E-mail", "Alamat surel"),
)
_PHONE = Column(
    "phone",
    "Nomor HP",
    _("Nomor HP, bila ada."),
    "0812 3456 7890",
    ("HP", "No HP", "No. HP", "Telepon", "No Telepon", "WhatsApp", "Phone"),
)

LIBRARY_COLUMNS = (
    Column(
        "name",
        "Nama perpustakaan",
        _("Nama lengkapnya."),
        "Perpustakaan Desa Malang Rapat",
        ("Nama", "Perpustakaan", "Library", "Name"),
        required=True,
    ),
    Column(
        "kind",
        "Jenis",
        _("Salah satu dari daftar di bawah; bila kosong, mengikuti wilayahnya."),
        "Perpustakaan desa/kelurahan",
        ("Jenis perpustakaan", "Kind"),
    ),
    *places.COLUMNS,
    Column("npp", "NPP", _("Nomor pokok perpustakaan, bila ada."), "2101062D1000001"),
    Column(
        "partner_status",
        "Status mitra",
        _("Salah satu dari daftar di bawah, bila ada."),
        "Mitra program",
        ("Mitra", "Partner status"),
    ),
    Column(
        "joined_year",
        "Tahun bergabung",
        _("Tahun mulai ikut program, bila ada."),
        "2019",
        ("Tahun", "Joined year"),
    ),
    Column(
        "contact_name",
        "Nama kontak",
        _("Siapa yang dapat dihubungi, bila ada."),
        "Pengelola Contoh",
        ("Kontak", "Contact"),
    ),
    _EMAIL,
    _PHONE,
)

PEOPLE_COLUMNS = (
    Column(
        "name",
        "Nama lengkap",
        _("Seperti yang ditulis di sertifikat, dengan gelar bila ada."),
        "Siti Contoh, S.Pd.",
        ("Nama", "Name", "Full name"),
        required=True,
    ),
    *places.COLUMNS,
    Column(
        "library_name",
        "Nama perpustakaan",
        _("Seperti di direktori, supaya orang ini terhubung ke sana."),
        "Perpustakaan Desa Malang Rapat",
        ("Perpustakaan", "Instansi", "Library"),
    ),
    Column("position", "Jabatan", _("Jabatan orang itu di sana."), "Pengelola", ("Position",)),
    _EMAIL,
    _PHONE,
)

_LIBRARY_FIELDS = tuple(LibraryForm.model_fields)
_KIND_OF_LEVEL = {1: "province", 2: "regency", 4: "village"}

# A library whose name was merged into another is that other one.
_TAKE_LIBRARY = text("""
    INSERT INTO library (id, name, name_key, kind, region_code, npp, partner_status, joined_year,
        contact_name, email, phone)
    SELECT :id, :name, :name_key, :kind, :region_code, :npp, :partner_status, :joined_year,
        :contact_name, :email, :phone
    WHERE NOT EXISTS (SELECT FROM library WHERE region_code = :region_code
                      AND name_key = :name_key AND merged_into IS NOT NULL)
    ON CONFLICT (region_code, name_key) WHERE merged_into IS NULL DO UPDATE SET
        npp = coalesce(library.npp, excluded.npp),
        joined_year = coalesce(library.joined_year, excluded.joined_year),
        partner_status = CASE library.partner_status WHEN 'none' THEN excluded.partner_status
                              ELSE library.partner_status END,
        contact_name = CASE library.contact_name WHEN '' THEN excluded.contact_name
                            ELSE library.contact_name END,
        email = coalesce(library.email, excluded.email),
        phone = coalesce(library.phone, excluded.phone),
        version = library.version + 1
    WHERE (library.npp IS NULL AND excluded.npp IS NOT NULL)
       OR (library.joined_year IS NULL AND excluded.joined_year IS NOT NULL)
       OR (library.partner_status = 'none' AND excluded.partner_status <> 'none')
       OR (library.contact_name = '' AND excluded.contact_name <> '')
       OR (library.email IS NULL AND excluded.email IS NOT NULL)
       OR (library.phone IS NULL AND excluded.phone IS NOT NULL)
    RETURNING version""")

# Somebody known in another region is left alone, and the answer is that for who needs nothing.
_TAKE_PERSON = text("""
    WITH works_at AS (
        SELECT coalesce(merged_into, id) AS id FROM library
        WHERE region_code = :region_code AND name_key = :library_key
        ORDER BY merged_into NULLS FIRST LIMIT 1
    )
    INSERT INTO person (id, person_key, name, email, phone, position, region_code, imported,
        library_id)
    SELECT :id, :person_key, :name, :email, :phone, :position, :region_code, true,
        (SELECT id FROM works_at)
    WHERE NOT EXISTS (SELECT FROM person WHERE person_key = :person_key
                      AND merged_into IS NOT NULL)
    ON CONFLICT (person_key) WHERE merged_into IS NULL DO UPDATE SET
        position = CASE person.position WHEN '' THEN excluded.position ELSE person.position END,
        email = coalesce(person.email, excluded.email),
        phone = coalesce(person.phone, excluded.phone),
        library_id = coalesce(person.library_id, excluded.library_id)
    WHERE starts_with(person.region_code || '.', :within) AND (
          (person.position = '' AND excluded.position <> '')
       OR (person.email IS NULL AND excluded.email IS NOT NULL)
       OR (person.phone IS NULL AND excluded.phone IS NOT NULL)
       OR (person.library_id IS NULL AND excluded.library_id IS NOT NULL))
    RETURNING id""")


def _parse_library(task: Task, cells: Mapping[str, str]) -> Parsed:
    region, fault = places.resolve(cells, task.caller, None)
    faults = [fault] if fault else []
    kind, partner = (
        _named(KINDS, cells.get("kind", "")),
        _named(PARTNERS, cells.get("partner_status", "")),
    )
    fields: dict[str, Any] = {name: cells.get(name, "") for name in _LIBRARY_FIELDS}
    fields |= {
        "region_code": region,
        "kind": kind or (_kind_of(region) if not cells.get("kind") else ""),
        "partner_status": partner or ("none" if not cells.get("partner_status") else ""),
    }
    return _judged(LibraryForm, fields, faults)


def _parse_person(task: Task, cells: Mapping[str, str]) -> Parsed:
    region, fault = places.resolve(cells, task.caller, None)
    fields: dict[str, Any] = {name: cells.get(name, "") for name in PersonForm.model_fields}
    return _judged(PersonForm, fields | {"region_code": region}, [fault] if fault else [])


def _judged(
    shape: type[LibraryForm | PersonForm], fields: dict[str, Any], faults: list[Fault]
) -> Parsed:
    try:
        form = shape.model_validate(fields)
    except ValidationError as error:
        types = {item["type"] for item in error.errors()}
        if "region_level" in types:
            faults.append(Fault("region_code", REFUSALS["region-level"]))
        if "contact" in types:
            faults.append(Fault("email", MESSAGES["contact"]))
        found = imports.faults_of(error, {**EMPTY, "name": REFUSALS["name"]})
        told = {fault.column for fault in faults} | {"", "region_code"}
        return Parsed(fields, (*faults, *(fault for fault in found if fault.column not in told)))
    same = _key(form) if not faults else ""
    return Parsed(form.model_dump(mode="json"), tuple(faults), same=same)


def _key(form: LibraryForm | PersonForm) -> str:
    if isinstance(form, PersonForm):
        return registrations.person_key(form.name, form.email, form.phone, form.region_code)
    return f"{libraries.name_key(form.name)}@{form.region_code}"


def _take_library(connection: Connection, _task: Task, fields: dict[str, Any]) -> str:
    values = fields | {"id": uuid7(), "name_key": libraries.name_key(fields["name"])}
    version = connection.execute(_TAKE_LIBRARY, values).scalar()
    return "already" if version is None else "taken" if version == 1 else "completed"


def _take_person(connection: Connection, task: Task, fields: dict[str, Any]) -> str:
    values = fields | {
        "id": uuid7(),
        "library_key": libraries.name_key(fields["library_name"]),
        "person_key": registrations.person_key(
            fields["name"], fields["email"], fields["phone"], fields["region_code"]
        ),
        "within": "" if task.caller.role == "national" else f"{task.caller.region_code}.",
    }
    kept = connection.execute(_TAKE_PERSON, values).scalar()
    return "already" if kept is None else "taken" if kept == values["id"] else "completed"


def _kind_of(region_code: str) -> str:
    return _KIND_OF_LEVEL.get(regions.level_of(region_code), "other")


@cache
def _names(which: str) -> dict[str, str]:
    table = KINDS if which == "kind" else PARTNERS
    return {
        plain_name(name): code
        for code, label in table.items()
        for name in (code, label, imports.english()(label))
    }


def _named(table: Mapping[str, str], typed: str) -> str:
    return _names("kind" if table is KINDS else "partner").get(plain_name(typed), "")


def _library_codes(_task: Task) -> list[tuple[str, str, str]]:
    return [
        *(("Jenis", code, label) for code, label in KINDS.items()),
        *(("Status mitra", code, label) for code, label in PARTNERS.items()),
    ]


imports.add(
    Kind(
        "libraries", LIBRARY_COLUMNS, _parse_library, _take_library, IMPORTED, codes=_library_codes
    )
)
imports.add(Kind("people", PEOPLE_COLUMNS, _parse_person, _take_person, IMPORTED))
