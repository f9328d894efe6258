"""The waiting list: in order, at once, and under a crowd that comes and goes at the same time."""

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, SAWarning
from sqlalchemy.orm.exc import StaleDataError
from unguarded import unguarded
from uuid_utils.compat import uuid7

from services.registration import boards, meetings, quotas, registrations, seats
from services.registration.meetings import QuotaPlan
from services.registration.models import Meeting, Quota, Registration
from services.registration.quotas import HOLDING
from services.registration.registrations import QuotaFull, Submitted
from services.registration.resources import database
from services.registration.schemas import RegistrationForm
from services.registration.seats import NotPossible
from shared import regions
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("registration_database")

HOST = Caller("province", "Petugas Contoh", "host", "21")
NEIGHBOUR = Caller("province", "Petugas Tetangga", "neighbour", "14")
VILLAGES = [
    regions.children(regions.children(code)[0].code)[0].code
    for code in ("21.01", "21.02", "21.03", "21.71")
]
numbers = count(1)


def open_meeting(
    capacity: int, *more: QuotaPlan, per_institution: int | None = None, waiting_list: bool = True
) -> UUID:
    now = datetime.now(UTC)
    meeting = Meeting(
        slug=f"tunggu-{next(numbers)}",
        title="Daftar tunggu (contoh)",
        province_code="21",
        venue="Gedung Contoh",
        zone="Asia/Jakarta",
        starts_at=now + timedelta(days=30),
        ends_at=now + timedelta(days=31),
        closes_at=now + timedelta(days=20),
        status="published",
        per_institution=per_institution,
        waiting_list=waiting_list,
    )
    with database.sessions.begin() as session:
        meetings.publish(session, meeting, [QuotaPlan("meeting", "", capacity), *more])
    return meeting.id


def submit(meeting_id: UUID, *, wait: bool = True, **changes: str) -> Submitted:
    number = next(numbers)
    form = RegistrationForm.model_validate(
        {
            "name": f"Peserta Contoh {number}",
            "email": f"peserta{number}@contoh.id",
            "participant_type": "village_library",
            "region_code": VILLAGES[0],
            "library_name": "Perpustakaan Contoh",
            "position": "Pengelola",
            "consent": True,
            "join_waiting_list": wait,
            **changes,
        }
    )
    with database.autocommit() as connection:
        slug = connection.execute(
            text("SELECT slug FROM meeting WHERE id = :id"), {"id": meeting_id}
        ).scalar_one()
        meeting = meetings.find(connection, slug)
        return registrations.submit(connection, meeting, form, str(uuid7()))


def status(registration_id: UUID) -> str:
    with database.sessions.begin() as session:
        return session.get_one(Registration, registration_id).status


def host(
    step: Callable[..., seats.Outcome], meeting_id: UUID, *ids: UUID, caller: Caller = HOST
) -> seats.Outcome:
    reason = {seats.reject, seats.withdraw, seats.send_back}
    with database.sessions.begin() as session:
        meeting = session.get_one(Meeting, meeting_id)
        return step(session, caller, meeting, list(ids), *(["alasan"] if step in reason else []))


def told(registration_id: UUID) -> list[str]:
    """The last words of the types of the events about a registration, in order."""
    with database.sessions.begin() as session:
        rows = session.execute(
            text(
                "SELECT split_part(type, '.', 4) FROM outbox"
                " WHERE envelope->>'subject' = :id ORDER BY id"
            ),
            {"id": str(registration_id)},
        )
        return [str(row[0]) for row in rows]


def test_a_freed_seat_is_offered_to_the_first_who_waits_and_then_is_theirs() -> None:
    meeting = open_meeting(1)
    first, second, third = submit(meeting), submit(meeting), submit(meeting)
    assert (first.status, second.status, third.status) == ("submitted", "waiting", "waiting")
    with database.sessions.begin() as session:
        seats.cancel(session, first.id)
    assert (status(second.id), status(third.id)) == ("offered", "waiting")
    with database.sessions.begin() as session:
        seats.accept(session, second.id)
    assert status(second.id) == "approved"
    assert told(first.id) == ["submitted", "cancelled"]
    assert told(second.id) == ["waitlisted", "seat_offered", "approved"]
    assert told(third.id) == ["waitlisted"]


def test_who_does_not_fit_is_passed_by_but_keeps_the_place() -> None:
    meeting = open_meeting(2, QuotaPlan("region", "21.01", 1))
    here = submit(meeting, region_code=VILLAGES[0])
    there = submit(meeting, region_code=VILLAGES[1])
    waits_here = submit(meeting, region_code=VILLAGES[0])
    waits_there = submit(meeting, region_code=VILLAGES[2])
    host(seats.reject, meeting, there.id)
    assert (status(waits_here.id), status(waits_there.id)) == ("waiting", "offered")
    host(seats.reject, meeting, here.id)
    assert status(waits_here.id) == "offered"


def test_an_offer_that_nobody_answers_moves_on_by_itself() -> None:
    meeting = open_meeting(1)
    first, second, third = submit(meeting), submit(meeting), submit(meeting)
    host(seats.reject, meeting, first.id)
    with database.sessions.begin() as session:
        session.execute(
            text("UPDATE registration SET offer_expires_at = now() WHERE id = :id"),
            {"id": second.id},
        )
        assert seats.late_offers(session) == [meeting]
    with database.sessions.begin() as session:
        assert seats.expire_offers(session, session.get_one(Meeting, meeting)) == 1
    assert (status(second.id), status(third.id)) == ("cancelled", "offered")
    with database.sessions.begin() as session, pytest.raises(NotPossible):
        seats.accept(session, second.id)


def test_more_seats_are_offered_as_soon_as_the_quota_grows() -> None:
    meeting = open_meeting(1)
    submit(meeting)
    waiting = [submit(meeting) for _ in range(3)]
    with database.sessions.begin() as session:
        found = session.get_one(Meeting, meeting)
        seats.set_quotas(session, HOST, found, {("meeting", ""): 3}, None)
    assert [status(one.id) for one in waiting] == ["offered", "offered", "waiting"]


def test_an_institution_has_its_own_limit_however_its_name_is_typed() -> None:
    meeting = open_meeting(10, per_institution=2)
    submit(meeting, wait=False)
    submit(meeting, wait=False, library_name="PERPUSTAKAAN  contoh")
    with pytest.raises(QuotaFull) as full:
        submit(meeting, wait=False, library_name="Perpustakaan-Contoh")
    assert full.value.kinds == ["institution"]
    assert submit(meeting, wait=False, library_name="Perpustakaan Lain").status == "submitted"


def test_the_board_shows_full_institutions_to_their_region() -> None:
    meeting = open_meeting(10, per_institution=1)
    submit(meeting)
    submit(meeting)
    submit(meeting, library_name="Perpustakaan Lain", region_code=VILLAGES[1])
    open_one = open_meeting(10, per_institution=2)
    submit(open_one)
    bintan = Caller("regency", "Petugas Contoh", "regency", "21.02")

    def shown(of: UUID, caller: Caller) -> tuple[list[tuple[str, int, int, int]], int]:
        with database.sessions.begin() as session:
            bars, total = boards.full_institutions(session, caller, session.get_one(Meeting, of))
        return [(bar.label, bar.capacity, bar.taken, bar.waiting) for bar in bars], total

    first, second = ("Perpustakaan Contoh", 1, 1, 1), ("Perpustakaan Lain", 1, 1, 0)
    assert shown(meeting, HOST) == ([first, second], 2)
    assert shown(meeting, bintan) == ([second], 1)
    assert shown(meeting, NEIGHBOUR) == ([], 0)
    assert shown(open_one, HOST) == ([], 0)


def test_without_a_waiting_list_nobody_waits() -> None:
    meeting = open_meeting(1, waiting_list=False)
    submit(meeting)
    with pytest.raises(QuotaFull) as full:
        submit(meeting)
    assert not full.value.may_wait


def test_a_host_of_the_neighbouring_province_decides_nothing() -> None:
    meeting = open_meeting(1)
    one = submit(meeting)
    outcome = host(seats.approve, meeting, one.id, caller=NEIGHBOUR)
    assert (outcome.done, status(one.id)) == ([], "submitted")


def test_many_are_decided_at_once_and_those_who_are_gone_are_skipped() -> None:
    meeting = open_meeting(5)
    people = [submit(meeting) for _ in range(4)]
    with database.sessions.begin() as session:
        seats.cancel(session, people[0].id)
    outcome = host(seats.approve, meeting, *(one.id for one in people))
    assert outcome.skipped == [people[0].id]
    assert outcome.done == [one.id for one in people[1:]]


def test_a_correction_moves_the_seat_or_changes_nothing() -> None:
    meeting = open_meeting(3, QuotaPlan("region", "21.01", 1), QuotaPlan("region", "21.02", 1))
    here, there = submit(meeting), submit(meeting, region_code=VILLAGES[1])
    host(seats.approve, meeting, here.id)
    with database.sessions.begin() as session:
        with pytest.raises(QuotaFull):
            seats.correct(session, here.id, {"region_code": VILLAGES[1], "name": "Nama Lain"})
        session.flush()
    with database.sessions.begin() as session:
        assert session.get_one(Registration, here.id).region_code == VILLAGES[0]
        seats.cancel(session, there.id)
        seats.correct(session, here.id, {"region_code": VILLAGES[1]})
    assert status(here.id) == "submitted"  # another seat, so the host decides again
    assert counts(meeting) == {("meeting", ""): 1, ("region", "21.01"): 0, ("region", "21.02"): 1}


def counts(meeting_id: UUID) -> dict[tuple[str, str], int]:
    with database.sessions.begin() as session:
        rows = session.scalars(select(Quota).where(Quota.meeting_id == meeting_id))
        return {(row.kind, row.key): row.taken for row in rows}


NO = (QuotaFull, NotPossible, quotas.QuotaBelowTaken)
# What the database and SQLAlchemy notice when the locks are off.
NOTICED = (DBAPIError, SAWarning, StaleDataError)


def crowd(meeting: UUID, *expected: type[Exception], threads: int = 8, steps: int = 25) -> None:
    """People register, wait, cancel, are rejected, and quotas change: all at the same time."""

    def live(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 - a repeatable crowd, no secret
        mine: list[UUID] = []
        for _ in range(steps):
            with suppress(*NO, *expected):
                step(dice, mine)

    def step(dice: random.Random, mine: list[UUID]) -> None:
        what = dice.choice(["submit", "submit", "submit", "cancel", "reject", "accept", "quota"])
        if what == "submit":
            mine.append(submit(meeting, region_code=dice.choice(VILLAGES)).id)
        elif what == "quota":
            with database.sessions.begin() as session:
                found = session.get_one(Meeting, meeting)
                wanted = {("meeting", ""): dice.randint(3, 6), ("region", "21.01"): 2}
                seats.set_quotas(session, HOST, found, wanted, dice.choice([None, 2, 3]))
        elif mine and what == "reject":
            host(seats.reject, meeting, mine.pop())
        elif mine:
            with database.sessions.begin() as session:
                (seats.cancel if what == "cancel" else seats.accept)(session, mine.pop(0))

    workers = [threading.Thread(target=live, args=(seed,)) for seed in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def broken(meeting: UUID) -> int:
    """How many of a meeting's promises do not hold."""
    with database.sessions.begin() as session:
        people = list(session.scalars(select(Registration).filter_by(meeting_id=meeting)))
        board = quotas.Board.lock(session, session.get_one(Meeting, meeting))
        counted = {key: quota.taken for key, quota in board.quotas.items()}
        empty = sum(not board.full(one) for one in people if one.status == "waiting")
        for quota in board.quotas.values():
            quota.taken = 0
        for one in people:
            if one.status in HOLDING:
                board.take(one)
        wrong = sum(quota.taken != counted[key] for key, quota in board.quotas.items())
        over = sum(quota.taken > quota.capacity for quota in board.quotas.values())
        session.rollback()
    return empty + wrong + over


def test_a_crowd_that_comes_and_goes_at_once_breaks_no_promise() -> None:
    meeting = open_meeting(5, QuotaPlan("region", "21.01", 2), per_institution=3)
    crowd(meeting)
    assert broken(meeting) == 0


def test_with_the_locks_off_the_same_crowd_breaks_them() -> None:
    """The control: decisions that do not wait for each other count wrongly or give a seat twice."""
    found = 0
    with unguarded(database, r"(?<=quota\.meeting_id = %\(meeting_id_1\)s::UUID) FOR UPDATE$"):
        for _ in range(20):
            meeting = open_meeting(5, QuotaPlan("region", "21.01", 2), per_institution=3)
            crowd(meeting, *NOTICED)
            found += broken(meeting)
            if found:
                break
    assert found > 0
