"""Quotas: count and change the seats of one meeting, under lock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.registration import audit
from services.registration.audit import Change
from services.registration.models import Meeting, Quota, Registration
from shared.security import Caller

HOLDING = ("submitted", "needs_correction", "approved", "offered")
"""Who has one of these states holds a seat."""

WHOLE = ("meeting", "")
"""The quota of the meeting as a whole; every meeting has it."""

Key = tuple[str, str]

# Fresh from the database: what the session knew before it had the lock may be old.
_LOCKED = (
    select(Quota).order_by(Quota.id).with_for_update().execution_options(populate_existing=True)
)


class QuotaBelowTaken(Exception):
    """More seats are taken than the quota would allow: `kind`, `key`, `taken`."""

    def __init__(self, kind: str, key: str, taken: int) -> None:
        super().__init__(f"{kind} {key}: {taken}")
        self.kind, self.key, self.taken = kind, key, taken


@dataclass(slots=True)
class Board:
    """The quotas of one meeting, locked until the commit; nobody else has them meanwhile."""

    session: Session
    meeting: Meeting
    quotas: dict[Key, Quota]

    @classmethod
    def lock(cls, session: Session, meeting: Meeting) -> "Board":
        """Wait for the rows, in the one order in which everybody takes them."""
        query = _LOCKED.where(Quota.meeting_id == meeting.id)
        quotas = {(quota.kind, quota.key): quota for quota in session.scalars(query)}
        return cls(session, meeting, quotas)

    @property
    def is_full(self) -> bool:
        """No seat is left for anybody."""
        return self.quotas[WHOLE].taken >= self.quotas[WHOLE].capacity

    def full(self, person: Registration) -> list[str]:
        """The kinds of quota in which there is no room for this person."""
        return [quota.kind for quota in self._applying(person) if quota.taken >= quota.capacity]

    def take(self, person: Registration) -> None:
        """Count a seat; the caller has looked whether there is room."""
        for quota in self._applying(person):
            quota.taken += 1

    def release(self, person: Registration) -> None:
        """Count a seat as free."""
        for quota in self._applying(person):
            quota.taken -= 1

    def add_institution(self, person: Registration) -> None:
        """Give this person's institution its quota, if the meeting limits institutions."""
        key = ("institution", person.institution)
        capacity = self.meeting.per_institution
        if not capacity or key in self.quotas:
            return
        row = {"meeting_id": self.meeting.id, "kind": key[0], "key": key[1], "capacity": capacity}
        # A form may have added it since we took the locks; it then waits for the ones we hold.
        self.session.execute(insert(Quota).values(row).on_conflict_do_nothing())
        query = select(Quota).filter_by(meeting_id=self.meeting.id, kind=key[0], key=key[1])
        self.quotas[key] = self.session.scalars(query.with_for_update()).one()

    def _applying(self, person: Registration) -> list[Quota]:
        keys = (
            WHOLE,
            ("participant_type", person.participant_type),
            ("region", person.region_code[:5]),
            ("institution", person.institution),
        )
        return [self.quotas[key] for key in keys if key in self.quotas]


def change(
    board: Board, caller: Caller, capacities: Mapping[Key, int], per_institution: int | None
) -> None:
    """Make these the meeting's quotas, by kind and key; `seats.give_on` must follow.

    `capacities` names the meeting's own, and those of types and regions. Raises
    `QuotaBelowTaken`, half done: call it inside a savepoint.
    """
    session, meeting = board.session, board.meeting
    before = _capacities(board)
    query = select(Registration).where(
        Registration.meeting_id == meeting.id, Registration.status.in_(HOLDING)
    )
    people = list(session.scalars(query))
    meeting.per_institution = per_institution
    for key in board.quotas.keys() - capacities.keys():
        session.delete(board.quotas.pop(key))
    session.flush()
    for (kind, name), capacity in capacities.items():
        if (kind, name) not in board.quotas:
            quota = Quota(meeting_id=meeting.id, kind=kind, key=name, taken=0)
            session.add(quota)
            board.quotas[kind, name] = quota
        board.quotas[kind, name].capacity = capacity
    for person in people:
        board.add_institution(person)
    _recount(board, people)
    audit.record(
        session,
        caller,
        "quotas_changed",
        Change("meeting", meeting.slug, meeting.province_code, before, _capacities(board)),
    )


def _recount(board: Board, people: Iterable[Registration]) -> None:
    for quota in board.quotas.values():
        quota.taken = 0
    for person in people:
        board.take(person)
    for (kind, key), quota in board.quotas.items():
        if quota.taken > quota.capacity:
            raise QuotaBelowTaken(kind, key, quota.taken)


def _capacities(board: Board) -> dict[str, int]:
    return {f"{kind} {key}".strip(): quota.capacity for (kind, key), quota in board.quotas.items()}
