"""Two entries of the directory that are one are merged, with all that points to them."""

import threading
from uuid import UUID

import pytest
from deskwork import BINTAN, KEPRI, Office
from registering import numbers, open_meeting
from registration.directory import add, approved, certified, person_of, read, trainings
from sqlalchemy import func, select, text

from services.registration import jobs, merging
from services.registration.models import (
    AuditEntry,
    Registration,
)
from services.registration.resources import database

pytestmark = pytest.mark.usefixtures("registration_database")


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


def test_a_merge_and_a_registration_for_the_same_library_do_not_wait() -> None:
    library_id, other = add(), add()
    registration_id = approved(open_meeting())
    with database.sessions.begin() as merge, database.sessions.begin() as person:
        merging.both(merge, KEPRI, "library", (library_id, other), lock=True)
        person.execute(text("SET LOCAL lock_timeout = '1s'"))
        person.get_one(Registration, registration_id).library_id = library_id
