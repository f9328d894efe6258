"""The directory: libraries and people, what they learned, merges, imports and coverage."""

import threading
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from deskwork import BINTAN, KEPRI, LIBRARY, NATIONAL, RIAU, Office, csv_sheet, submit
from registering import numbers, open_meeting
from sqlalchemy import func, select, text
from uuid_utils.compat import uuid7

from services.registration import coverage, jobs, libraries, merging, people, registrations, seats
from services.registration.coverage import Chosen
from services.registration.directory_schemas import LibraryForm
from services.registration.models import (
    AuditEntry,
    Certificate,
    Library,
    Meeting,
    Person,
    Registration,
    Training,
)
from services.registration.resources import database
from shared import regions
from shared.names import plain_name
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")

VILLAGE = "21.01.04.2001"
TOWN = "21.71.01.1003"


def add(name: str = "", region_code: str = VILLAGE, **changes: Any) -> UUID:
    """A library of the directory."""
    library_id = uuid7()
    name = name or f"Perpustakaan Desa Contoh {next(numbers)}"
    with database.sessions.begin() as session:
        session.add(
            Library(
                **{
                    "id": library_id,
                    "name": name,
                    "name_key": plain_name(name),
                    "kind": "village",
                    "region_code": region_code,
                }
                | changes
            )
        )
    return library_id


def read(query: str, **values: Any) -> Any:
    with database.sessions.begin() as session:
        return session.execute(text(query), values).scalar()


def first_village(code: str) -> str:
    """The first desa or kelurahan below a region."""
    while children := regions.children(code):
        code = children[0].code
    return code


def approved(meeting: Meeting, **changes: Any) -> UUID:
    """Somebody who comes."""
    done = submit(meeting, **changes)
    with database.sessions.begin() as session:
        held = session.get_one(Meeting, meeting.id)
        seats.approve(session, KEPRI, held, [done.id])
    return done.id


def certified(registration_id: UUID, jp: int = 16) -> UUID:
    """A certificate, as it was issued."""
    certificate_id = uuid7()
    with database.sessions.begin() as session:
        person = session.get_one(Registration, registration_id)
        session.add(
            Certificate(
                id=certificate_id,
                code=f"CODE-{next(numbers)}",
                number=f"{next(numbers):04}/PLM-21/CONTOH",
                serial=next(numbers),
                meeting_id=person.meeting_id,
                registration_id=registration_id,
                facts={"jp": jp, "name": person.name},
                issued_by="host",
            )
        )
    return certificate_id


def person_of(registration_id: UUID) -> Person:
    with database.sessions() as session:
        query = select(Person).join(Registration, Registration.person_id == Person.id)
        found = session.scalars(query.where(Registration.id == registration_id)).one()
        session.expunge(found)
        return found


def trainings(person_id: UUID) -> list[Training]:
    with database.sessions() as session:
        return people.trainings(session, person_id)


FIELDS = {"kind": "village", "partner_status": "partner", "region_code": VILLAGE}


def test_a_library_is_added_once_and_its_namesake_is_told_where_it_is() -> None:
    office, name = Office(BINTAN), f"Perpustakaan Desa Baru {next(numbers)}"
    made = office.fills("/libraries/new", FIELDS | {"name": name, "npp": "123"})
    assert made.status_code == 303
    page = office.get(made.headers["location"])
    assert name in page.text
    assert "Periksa NPP" in page.text  # a warning; it was saved
    again = office.fills("/libraries/new", FIELDS | {"name": f"  {name.upper()} "})
    assert again.status_code == 422
    place = made.headers["location"].partition("?")[0]
    assert f'href="{place}"' in again.text
    assert read("SELECT count(*) FROM library WHERE name = :name", name=name) == 1
    with database.sessions.begin() as session:
        library_id = place.rpartition("/")[2]
        query = select(AuditEntry.action).where(AuditEntry.noun_id == library_id)
        assert list(session.scalars(query)) == ["created"]


def test_a_form_sent_twice_adds_one_and_what_was_typed_stays_after_an_error() -> None:
    office = Office(KEPRI)
    name = f"Perpustakaan Desa Kembar {next(numbers)}"
    shown = office.get("/libraries/new").text
    token = shown.split('name="form_token" value="')[-1].split('"')[0]
    fields = FIELDS | {"name": name, "form_token": token}
    assert [office.post("/libraries/new", data=fields).status_code for _ in range(2)] == [303, 303]
    wrong = office.fills("/libraries/new", FIELDS | {"name": "Contoh", "kind": "province"})
    assert wrong.status_code == 422
    assert "tidak sesuai dengan jenis" in wrong.text
    assert 'value="Contoh"' in wrong.text


def test_two_who_change_one_library_do_not_overwrite_each_other() -> None:
    library_id = add()
    page = f"/libraries/{library_id}/edit"
    fields = FIELDS | {"name": f"Perpustakaan Desa Ubah {next(numbers)}", "version": "1"}
    assert Office(KEPRI).fills(page, fields).status_code == 303
    late = Office(BINTAN).fills(page, fields | {"npp": "210101000000001"})
    assert late.status_code == 422
    assert "baru saja diubah orang lain" in late.text
    assert read("SELECT npp FROM library WHERE id = :id", id=library_id) is None


def test_nobody_sees_or_adds_what_is_not_in_their_region() -> None:
    library_id, name = add(), f"Perpustakaan Jauh {next(numbers)}"
    for path in (f"/libraries/{library_id}", f"/libraries/{library_id}/edit"):
        assert Office(KEPRI).get(path).status_code == 200
        assert Office(RIAU).get(path).status_code == 404
        assert Office(LIBRARY).get(path).status_code == 403
    refused = Office(RIAU).fills("/libraries/new", FIELDS | {"name": name, "region_code": VILLAGE})
    assert refused.status_code == 422
    mine = add(region_code="14.01.01.2001", name=name)
    assert str(mine) not in Office(KEPRI).get("/libraries", q=name).text
    assert str(mine) in Office(RIAU).get("/libraries", q=name).text
    other = {"a": str(library_id), "b": str(mine)}
    assert Office(KEPRI).get("/libraries/merge", **other).status_code == 404


def test_the_list_is_searched_by_name_number_and_village_and_turned_page_by_page() -> None:
    mark = f"zamrud{next(numbers)}"
    for number in range(libraries.PAGE + 3):
        add(f"Perpustakaan {mark} {number:02}", npp=f"NPP{mark.upper()}{number:02}")
    office = Office(KEPRI)
    first = office.get("/libraries", q=mark)
    assert first.text.count('scope="row"') == libraries.PAGE
    following = first.text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = office.get(f"/libraries{following}")
    assert second.text.count('scope="row"') == 3
    assert f"{mark} 07" in office.get("/libraries", q=f"npp{mark}07").text
    assert "Tidak ada perpustakaan yang cocok" in office.get("/libraries", q="tidakada").text


def test_anyone_finds_names_by_the_beginnings_of_words_and_nothing_else() -> None:
    mark = f"nilam{next(numbers)}"
    library_id = add(f"Perpustakaan Desa {mark}", email="perpus@contoh.id", contact_name="Contoh")
    visitor = Office(NATIONAL)
    found = visitor.get("/api/v1/libraries", q=f"perp {mark[:4]}", region="21", limit=50).json()
    mine = [item for item in found["items"] if item["id"] == str(library_id)]
    assert mine == [
        {
            "id": str(library_id),
            "name": f"Perpustakaan Desa {mark}",
            "region_code": VILLAGE,
            "label": mine[0]["label"],
        }
    ]
    assert visitor.get("/api/v1/libraries", q=mark, region="14").json() == {"items": []}
    assert visitor.get("/api/v1/libraries", q="p").json() == {"items": []}
    assert visitor.get("/api/v1/libraries", q="%_").json() == {"items": []}


def test_who_is_approved_is_in_the_directory_once_with_their_library() -> None:
    name = f"Perpustakaan Desa Sama {next(numbers)}"
    library_id = add(name)
    first, second = open_meeting(), open_meeting()
    someone = {"name": f"Peserta Tetap {next(numbers)}", "library_name": name.lower()}
    ids = [approved(first, **someone), approved(second, **someone, position="Kepala")]
    submit(first, library_name=name)  # not approved yet
    jobs.keep_directory()
    before = read("SELECT count(*) FROM person")
    jobs.keep_directory()
    assert read("SELECT count(*) FROM person") == before
    one, other = (person_of(registration_id) for registration_id in ids)
    assert one.id == other.id
    assert (one.library_id, one.position) == (library_id, "Kepala")
    page = Office(KEPRI).get(f"/libraries/{library_id}").text
    assert one.name in page
    assert first.title in page


def test_a_corrected_name_is_found_again_and_the_old_spelling_goes() -> None:
    meeting = open_meeting()
    registration_id = approved(meeting, name=f"Peserta Salah {next(numbers)}")
    jobs.keep_directory()
    old = person_of(registration_id)
    with database.sessions.begin() as session:
        new = f"Peserta Benar {next(numbers)}"
        seats.correct(session, registration_id, {"name": new})
        held = session.get_one(Meeting, meeting.id)
        seats.approve(session, KEPRI, held, [registration_id])
    jobs.keep_directory()
    assert person_of(registration_id).name == new
    assert read("SELECT count(*) FROM person WHERE id = :id", id=old.id) == 0


def test_a_valid_certificate_is_a_training_and_a_revoked_one_is_none() -> None:
    meeting = open_meeting(
        starts_at=datetime(2027, 8, 9, 1, tzinfo=UTC), ends_at=datetime(2027, 8, 10, 9, tzinfo=UTC)
    )
    registration_id = approved(meeting)
    certificate_id = certified(registration_id)
    jobs.keep_directory()
    person = person_of(registration_id)
    (training,) = trainings(person.id)
    assert (training.jp, training.title) == (16, meeting.title)
    assert (training.starts_on, training.ends_on) == (date(2027, 8, 9), date(2027, 8, 10))
    page = Office(KEPRI).get(f"/people/{person.id}").text
    assert "kurang 4 dari 20 JP" in page
    assert training.certificate_number in page
    with database.sessions.begin() as session:
        session.get_one(Certificate, certificate_id).revoked_at = datetime.now(UTC)
    jobs.keep_directory()
    assert trainings(person.id) == []


def test_years_are_summed_and_this_one_is_always_there() -> None:
    made = [
        Training(title="A", starts_on=date(2025, 1, 1), ends_on=date(2025, 1, 2), jp=16),
        Training(title="B", starts_on=date(2025, 5, 1), ends_on=date(2025, 5, 2), jp=8),
    ]
    assert [(y.year, y.jp, y.missing) for y in people.years(made, date(2026, 1, 1))] == [
        (2026, 0, 20),
        (2025, 24, 0),
    ]


def test_institutions_that_registrants_name_are_suggested_until_they_are_added() -> None:
    office, name = Office(BINTAN), f"TBM Pelangi {next(numbers)}"
    meeting = open_meeting()
    first = approved(meeting, library_name=name)
    submit(meeting, library_name=name.upper())
    page = office.get("/libraries/suggestions").text
    assert page.lower().count(f">{name.lower()}</th>") == 1
    link = page[page.lower().index(name.lower()) :].split('href="')[1].split('"')[0]
    form = office.get(link)
    assert 'value="tbm" selected' in form.text
    made = office.fills(link, FIELDS | {"name": name, "kind": "tbm"}, "/libraries/new")
    assert made.status_code == 303
    jobs.keep_directory()
    assert name.lower() not in office.get("/libraries/suggestions").text.lower()
    library = made.headers["location"].partition("?")[0].rpartition("/")[2]
    assert str(read("SELECT library_id FROM registration WHERE id = :id", id=first)) == library


def test_duplicates_are_shown_compared_and_merged_with_all_that_points_to_them() -> None:
    name = f"Perpustakaan Desa Ganda {next(numbers)}"
    keep, drop = add(name), add(name, "21.01.04.2002", npp="210101000000009")
    registration_id = approved(open_meeting(), library_name=name, library_id=drop)
    jobs.keep_directory()
    office = Office(KEPRI)
    assert f"/registration/libraries/merge?a={keep}&amp;b={drop}" in (
        office.get("/libraries/duplicates").text
    )
    assert "Pertahankan yang ini" in office.get("/libraries/merge", a=keep, b=drop).text
    confirm = office.get("/libraries/merge", a=keep, b=drop, keep=keep)
    assert "210101000000009" in confirm.text
    page = f"/libraries/merge?a={keep}&b={drop}&keep={keep}"
    ids = {"keep": str(keep), "drop": str(drop)}
    assert office.fills(page, ids, "/libraries/merge").status_code == 303
    moved = "SELECT library_id FROM registration WHERE id = :id"
    assert read(moved, id=registration_id) == keep
    assert person_of(registration_id).library_id == keep
    assert read("SELECT npp FROM library WHERE id = :id", id=keep) == "210101000000009"
    old = office.get(f"/libraries/{drop}")
    assert old.headers["location"].endswith(str(keep))
    assert office.fills("/libraries/new", ids, "/libraries/merge").status_code == 409
    with database.sessions.begin() as session:
        query = select(func.count()).where(AuditEntry.noun_id == str(drop))
        assert session.scalar(query.where(AuditEntry.action == "merged")) == 1


def test_a_form_that_still_names_the_merged_library_is_led_to_the_other() -> None:
    keep, drop = add(), add()
    with database.sessions.begin() as session:
        merging.merge(session, KEPRI, "library", keep, drop)
    registration_id = approved(open_meeting(), library_id=drop)
    jobs.keep_directory()
    query = "SELECT library_id FROM registration WHERE id = :id"
    assert read(query, id=registration_id) == keep


def test_people_are_merged_with_their_history_and_stay_one() -> None:
    meeting, number = open_meeting(), next(numbers)
    ids = [
        approved(meeting, name=f"Peserta Kembar {number}", email=f"kembar{number}@contoh.id"),
        approved(meeting, name=f"Peserta Kembar {number}", email=f"lain{number}@contoh.id"),
    ]
    certified(ids[1])
    jobs.keep_directory()
    keep, drop = (person_of(registration_id) for registration_id in ids)
    assert str(drop.id) in Office(BINTAN).get("/people/duplicates").text
    with database.sessions.begin() as session:
        merging.merge(session, BINTAN, "person", keep.id, drop.id)
    jobs.keep_directory()
    later = approved(
        open_meeting(), name=f"Peserta Kembar {number}", email=f"lain{number}@contoh.id"
    )
    jobs.keep_directory()
    assert {person_of(each).id for each in (*ids, later)} == {keep.id}
    assert len(trainings(keep.id)) == 1


def test_of_two_who_merge_the_same_at_once_one_is_told() -> None:
    first, second = add(), add()
    told: list[str] = []

    def merge(keep: UUID, drop: UUID) -> None:
        try:
            with database.sessions.begin() as session:
                merging.merge(session, KEPRI, "library", keep, drop)
            told.append("merged")
        except merging.AlreadyMerged:
            told.append("already")

    crowd = [
        threading.Thread(target=merge, args=pair) for pair in [(first, second), (second, first)] * 4
    ]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(told) == ["already"] * 7 + ["merged"]


def handed_in(kind: str, data: bytes, caller: Caller = KEPRI) -> dict[str, int]:
    """Hand a sheet in, take all of it, and return what became of its rows."""
    office = Office(caller)
    page = f"/imports/new/{kind}"
    token = office.get(page).text.split('name="form_token" value="')[-1].split('"')[0]
    fields = {"form_token": token, "consent": "yes"}
    sent = office.post(page, data=fields, files={"file": ("tabel.csv", data)})
    assert sent.status_code == 303, sent.text
    job = sent.headers["location"]
    for _ in range(4):
        jobs.run_imports()
    assert office.fills(job, {"action": "take"}).status_code == 303
    for _ in range(4):
        jobs.run_imports()
    query = text("SELECT outcome, count(*) FROM import_row WHERE job_id = :id GROUP BY outcome")
    with database.sessions.begin() as session:
        rows = session.execute(query, {"id": UUID(job.rpartition("/")[2])})
        return {outcome: count for outcome, count in rows if outcome}


def test_libraries_come_by_sheet_and_the_same_file_again_changes_nothing() -> None:
    mark = next(numbers)
    titles = ["Nama perpustakaan", "Kode wilayah", "NPP", "Status mitra"]
    known = add(f"Perpustakaan Lembar {mark} A")
    rows = [
        [f"Perpustakaan Lembar {mark} A", VILLAGE, "210101000000001", "Mitra program"],
        [f"Perpustakaan Lembar {mark} B", VILLAGE, "", ""],
        [f"Perpustakaan Lembar {mark} C", "14.01.01.2001", "", ""],  # another province
    ]
    sheet = csv_sheet(rows, titles)
    assert handed_in("libraries", sheet) == {"completed": 1, "taken": 1}
    before = read("SELECT array_agg(library::text ORDER BY id) FROM library")
    assert handed_in("libraries", sheet) == {"already": 2}
    assert read("SELECT array_agg(library::text ORDER BY id) FROM library") == before
    assert read("SELECT npp FROM library WHERE id = :id", id=known) == "210101000000001"


def test_people_come_by_sheet_linked_to_their_library() -> None:
    mark = next(numbers)
    library_id = add(f"Perpustakaan Orang {mark}")
    titles = ["Nama lengkap", "Kode wilayah", "Nama perpustakaan", "Surel"]
    name = f"Peserta Lembar {mark}"
    sheet = csv_sheet([[name, VILLAGE, f"Perpustakaan Orang {mark}", "a@contoh.id"]], titles)
    assert handed_in("people", sheet) == {"taken": 1}
    assert handed_in("people", sheet) == {"already": 1}
    assert read("SELECT library_id FROM person WHERE name = :name", name=name) == library_id


def test_a_sheet_writes_to_nobody_of_another_region_and_does_not_tell() -> None:
    mark = next(numbers)
    known = f"Peserta Seberang {mark}", f"seberang{mark}@contoh.id"
    people = [(known[0], "21.02.01.2001", known[1]), (f"Peserta Sini {mark}", VILLAGE, known[1])]
    with database.sessions.begin() as session:
        for name, region_code, email in people:
            session.add(
                Person(
                    id=uuid7(),
                    person_key=registrations.person_key(name, email, None, region_code),
                    name=name,
                    email=email,
                    position="" if region_code != VILLAGE else "Pengelola",
                    region_code=region_code,
                )
            )
    rows = [[name, VILLAGE, email, "Kepala"] for name, _region, email in people]
    sheet = csv_sheet(rows, ["Nama lengkap", "Kode wilayah", "Surel", "Jabatan"])
    assert handed_in("people", sheet, BINTAN) == {"already": 2}
    assert read("SELECT position FROM person WHERE name = :name", name=known[0]) == ""


def test_who_came_by_sheet_stays_when_a_registration_turns_out_to_be_of_another() -> None:
    mark = next(numbers)
    name, email = f"Peserta Lembar {mark}", f"lembar{mark}@contoh.id"
    sheet = csv_sheet([[name, VILLAGE, email]], ["Nama lengkap", "Kode wilayah", "Surel"])
    assert handed_in("people", sheet) == {"taken": 1}
    meeting = open_meeting()
    registration_id = approved(meeting, name=name, email=email)
    jobs.keep_directory()
    imported = person_of(registration_id)
    assert imported.imported
    with database.sessions.begin() as session:
        seats.correct(session, registration_id, {"name": f"Peserta Lain {mark}"})
        held = session.get_one(Meeting, meeting.id)
        seats.approve(session, KEPRI, held, [registration_id])
    jobs.keep_directory()
    assert person_of(registration_id).id != imported.id
    assert read("SELECT name FROM person WHERE id = :id", id=imported.id) == name


def test_a_merge_and_a_registration_for_the_same_library_do_not_wait() -> None:
    library_id, other = add(), add()
    registration_id = approved(open_meeting())
    with database.sessions.begin() as merge, database.sessions.begin() as person:
        merging.both(merge, KEPRI, "library", (library_id, other), lock=True)
        person.execute(text("SET LOCAL lock_timeout = '1s'"))
        person.get_one(Registration, registration_id).library_id = library_id


def test_coverage_names_first_whom_nobody_came_from() -> None:
    meeting = open_meeting(status="published")
    for region_code in ("21.01.04.2001", TOWN, "21"):
        kind = "province_library" if region_code == "21" else "village_library"
        approved(meeting, region_code=region_code, participant_type=kind)
    with database.sessions.begin() as session:
        (province,) = coverage.of(session, NATIONAL, Chosen(meeting=meeting.slug))
        names = [row.name for row in province.missing]
        assert "Kab. Kepulauan Anambas" in names
        assert [row.code for row in province.rows][-2:] == ["21.01", "21.71"]
        assert (province.participants, province.at_large) == (3, 1)
        assert coverage.of(session, RIAU, Chosen(meeting=meeting.slug)) == []
        (own,) = coverage.of(session, BINTAN, Chosen(meeting=meeting.slug))
        assert [row.code for row in own.rows] == ["21.01"]
    page = Office(KEPRI).get("/coverage", of=f"meeting:{meeting.slug}").text
    assert "Belum ada peserta" in page
    assert "Kepulauan Anambas" in page
    assert Office(NATIONAL).get("/coverage", of="year:abcd").status_code == 200


def test_a_library_form_needs_a_region_of_its_kind() -> None:
    form = LibraryForm.model_validate(FIELDS | {"name": "Perpustakaan Contoh", "npp": " 12 34 "})
    assert form.npp == "1234"


def test_nobody_is_known_again_in_another_province_by_a_contact_that_is_not_proven() -> None:
    mark = next(numbers)
    same = {"name": f"Peserta Kembar {mark}", "email": f"kembar{mark}@contoh.id"}
    first = approved(open_meeting(), **same, phone="+6281277770001")
    jobs.keep_directory()
    far = open_meeting(province_code="14")
    with database.sessions.begin() as session:
        second = submit(far, **same, region_code=first_village("14")).id
        seats.approve(session, NATIONAL, session.get_one(Meeting, far.id), [second])
    jobs.keep_directory()
    assert person_of(first).id != person_of(second).id
    assert person_of(first).region_code == VILLAGE
    assert person_of(second).phone is None
