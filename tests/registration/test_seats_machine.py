"""Seats whatever the order of things: hypothesis looks for a history that breaks the promises."""

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from services.registration import meetings, quotas, registrations, seats
from services.registration.meetings import QuotaPlan
from services.registration.models import Meeting, Quota, Registration
from services.registration.quotas import HOLDING, QuotaBelowTaken
from services.registration.registrations import AlreadyRegistered, QuotaFull
from services.registration.resources import database
from services.registration.schemas import RegistrationForm
from services.registration.seats import NotPossible
from shared import regions
from shared.security import Caller

HOST = Caller("province", "Petugas Contoh", "host", "21")
VILLAGES = [regions.children(regions.children(code)[0].code)[0].code for code in ("21.01", "21.02")]
TYPES = ("village_library", "champion_village")
LIBRARIES = ("Perpustakaan Contoh A", "Perpustakaan Contoh B")

villages = st.sampled_from(VILLAGES)
types = st.sampled_from(TYPES)
libraries = st.sampled_from(LIBRARIES)
capacities = st.integers(0, 3)
picks = st.integers(0, 40)


class Seats(RuleBasedStateMachine):
    """One small meeting: each rule is something that a registrant, a host or the clock does."""

    def __init__(self) -> None:
        super().__init__()
        now = datetime.now(UTC)
        meeting = Meeting(
            slug=f"mesin-{uuid7()}",
            title="Mesin kursi (contoh)",
            province_code="21",
            venue="Gedung Contoh",
            zone="Asia/Jakarta",
            starts_at=now + timedelta(days=30),
            ends_at=now + timedelta(days=31),
            closes_at=now + timedelta(days=20),
            status="published",
            per_institution=2,
        )
        plans = [
            QuotaPlan("meeting", "", 3),
            QuotaPlan("participant_type", TYPES[1], 2),
            QuotaPlan("region", "21.01", 2),
        ]
        with database.sessions.begin() as session:
            meetings.publish(session, meeting, plans)
        self.slug, self.id = meeting.slug, meeting.id
        self.people = 0

    def pick(self, number: int, *statuses: str) -> UUID | None:
        """One registration in one of these states, the same for the same number."""
        with database.sessions.begin() as session:
            query = select(Registration.id).where(
                Registration.meeting_id == self.id, Registration.status.in_(statuses)
            )
            found = list(session.scalars(query.order_by(Registration.id)))
        return found[number % len(found)] if found else None

    @rule(village=villages, kind=types, library=libraries, wait=st.booleans())
    def submit(self, village: str, kind: str, library: str, wait: bool) -> None:
        self.people += 1
        form = RegistrationForm.model_validate(
            {
                "name": f"Peserta Contoh {self.people}",
                "email": f"peserta{self.people}@contoh.id",
                "participant_type": kind,
                "region_code": village,
                "library_name": library,
                "position": "Pengelola",
                "consent": True,
                "join_waiting_list": wait,
            }
        )
        with database.autocommit() as connection:
            meeting = meetings.find(connection, self.slug)
            status = "full"
            with suppress(QuotaFull):
                status = registrations.submit(connection, meeting, form, str(uuid7())).status
        assert status in {"submitted", "waiting" if wait else "full"}

    @rule(number=picks, action=st.sampled_from(["approve", "reject", "put_to_wait", "send_back"]))
    def decide(self, number: int, action: str) -> None:
        found = self.pick(number, "submitted", "needs_correction", "waiting", "offered")
        if found is None:
            return
        with database.sessions.begin() as session:
            meeting = session.get_one(Meeting, self.id)
            match action:
                case "approve":
                    seats.approve(session, HOST, meeting, [found])
                case "reject":
                    seats.reject(session, HOST, meeting, [found], "alasan")
                case "send_back":
                    seats.send_back(session, HOST, meeting, [found], "alasan")
                case _:
                    seats.put_to_wait(session, HOST, meeting, [found])

    @rule(number=picks)
    def withdraw(self, number: int) -> None:
        if found := self.pick(number, "approved", "offered"):
            with database.sessions.begin() as session:
                meeting = session.get_one(Meeting, self.id)
                seats.withdraw(session, HOST, meeting, [found], "alasan")

    @rule(number=picks)
    def cancel(self, number: int) -> None:
        if found := self.pick(number, *HOLDING, "waiting"):
            with database.sessions.begin() as session:
                seats.cancel(session, found)

    @rule(number=picks)
    def accept(self, number: int) -> None:
        if found := self.pick(number, "offered"):
            with database.sessions.begin() as session:
                seats.accept(session, found)

    @rule(number=picks, village=villages, kind=types, library=libraries)
    def correct(self, number: int, village: str, kind: str, library: str) -> None:
        found = self.pick(number, "submitted", "needs_correction", "approved", "waiting")
        if found is None:
            return
        changes = {"region_code": village, "participant_type": kind, "library_name": library}
        with database.sessions.begin() as session, suppress(QuotaFull):
            seats.correct(session, found, changes)

    @rule()
    def the_offers_end(self) -> None:
        with database.sessions.begin() as session:
            session.execute(
                text(
                    "UPDATE registration SET offer_expires_at = now() - interval '1 second'"
                    " WHERE meeting_id = :id AND status = 'offered'"
                ),
                {"id": self.id},
            )
        found = self.pick(0, "offered")
        with database.sessions.begin() as session:
            if found:  # too late is too late, also before the clock has looked
                with pytest.raises(NotPossible):
                    seats.accept(session, found)
        with database.sessions.begin() as session:
            seats.expire_offers(session, session.get_one(Meeting, self.id))

    @rule(whole=capacities, kind=capacities, region=capacities, institution=st.integers(1, 3))
    def change_quotas(self, whole: int, kind: int, region: int, institution: int) -> None:
        capacities = {
            ("meeting", ""): whole,
            ("participant_type", TYPES[1]): kind,
            ("region", "21.02"): region,
        }
        with database.sessions.begin() as session:
            meeting = session.get_one(Meeting, self.id)
            with suppress(QuotaBelowTaken):
                seats.set_quotas(session, HOST, meeting, capacities, institution)

    @precondition(lambda self: self.people > 0)
    @rule()
    def the_same_person_again(self) -> None:
        found = self.pick(0, *HOLDING, "waiting")
        if found is None:
            return
        with database.sessions.begin() as session:
            person = session.get_one(Registration, found)
            fields = {
                name: getattr(person, name)
                for name in ("name", "email", "participant_type", "region_code", "library_name")
            }
        form = RegistrationForm.model_validate(
            {**fields, "position": "Pengelola", "consent": True, "join_waiting_list": True}
        )
        with database.autocommit() as connection:
            meeting = meetings.find(connection, self.slug)
            with pytest.raises(AlreadyRegistered):
                registrations.submit(connection, meeting, form, str(uuid7()))

    @invariant()
    def no_quota_is_exceeded_and_each_counts_its_people(self) -> None:
        with database.sessions.begin() as session:
            rows = list(session.scalars(select(Quota).where(Quota.meeting_id == self.id)))
            holders = self.holders(
                session.scalars(
                    select(Registration).where(
                        Registration.meeting_id == self.id, Registration.status.in_(HOLDING)
                    )
                )
            )
        for quota in rows:
            assert quota.taken <= quota.capacity, (quota.kind, quota.key)
            assert quota.taken == holders[quota.kind, quota.key], (quota.kind, quota.key)

    @invariant()
    def no_seat_is_empty_while_somebody_waits_who_fits(self) -> None:
        with database.sessions.begin() as session:
            meeting = session.get_one(Meeting, self.id)
            board = quotas.Board.lock(session, meeting)
            waiting = session.scalars(
                select(Registration).where(
                    Registration.meeting_id == self.id, Registration.status == "waiting"
                )
            )
            assert all(board.full(person) for person in waiting)

    @staticmethod
    def holders(people: Iterable[Registration]) -> Counter[tuple[str, str]]:
        counted: Counter[tuple[str, str]] = Counter()
        for person in people:
            counted["meeting", ""] += 1
            counted["participant_type", person.participant_type] += 1
            counted["region", person.region_code[:5]] += 1
            counted["institution", person.institution] += 1
        return counted


EXAMPLES = int(os.environ.get("SEATS_EXAMPLES", "25"))

TestSeats = pytest.mark.usefixtures("registration_database")(
    pytest.mark.timeout(600)(Seats.TestCase)
)
TestSeats.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,  # real PostgreSQL on a busy machine
    suppress_health_check=list(HealthCheck),
)
