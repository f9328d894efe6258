"""The directory: libraries and people, what they learned, merges, imports and coverage."""

from datetime import UTC, date, datetime

import pytest
from deskwork import BINTAN, KEPRI, LIBRARY, NATIONAL, RIAU, Office, submit
from registering import numbers, open_meeting
from registration.directory import VILLAGE, add, approved, certified, person_of, read, trainings
from sites import form_token
from sqlalchemy import select

from services.registration import coverage, jobs, libraries, people, seats
from services.registration.coverage import Chosen
from services.registration.directory_schemas import LibraryForm
from services.registration.models import AuditEntry, Certificate, Meeting, Training
from services.registration.resources import database
from shared import regions

pytestmark = pytest.mark.usefixtures("registration_database")

TOWN = "21.71.01.1003"


def first_village(code: str) -> str:
    """The first desa or kelurahan below a region."""
    while children := regions.children(code):
        code = children[0].code
    return code


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
    token = form_token(shown)
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
