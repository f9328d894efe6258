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

_LOCK = select(Quota.id).where(Quota.kind == WHOLE[0]).with_for_update()


class QuotaBelowTaken(Exception):
    """More seats are taken than the quota would allow: `kind`, `key`, `taken`."""

    def __init__(self, kind: str, key: str, taken: int) -> None:
        super().__init__(f"{kind} {key}: {taken}")
        self.kind, self.key, self.taken = kind, key, taken


@dataclass(slots=True)
class Board:
    """The quotas of one meeting, ours until the commit."""

    session: Session
    meeting: Meeting
    quotas: dict[Key, Quota]

    @classmethod
    def lock(cls, session: Session, meeting: Meeting) -> "Board":
        """Wait for the meeting's own quota; whoever has that one has them all."""
        session.flush()
        session.execute(_LOCK.where(Quota.meeting_id == meeting.id))
        # Only now, in a statement of its own: one that waits sees what was there when it began.
        session.refresh(meeting)
        query = select(Quota).where(Quota.meeting_id == meeting.id).order_by(Quota.id)
        fresh = session.scalars(query.execution_options(populate_existing=True))
        return cls(session, meeting, {(quota.kind, quota.key): quota for quota in fresh})

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
        # A form may have added it since we took the lock; it then waits for us.
        self.session.execute(insert(Quota).values(row).on_conflict_do_nothing())
        query = select(Quota).filter_by(meeting_id=self.meeting.id, kind=key[0], key=key[1])
        self.quotas[key] = self.session.scalars(query).one()

    def _applying(self, person: Registration) -> list[Quota]:
        keys = (
            WHOLE,
            ("participant_type", person.participant_type),
            ("region", person.region_code[:5]),
            ("institution", person.institution),
        )
        # A late form may have left a quota behind although institutions are not limited any more.
        wanted = keys if self.meeting.per_institution else keys[:-1]
        return [self.quotas[key] for key in wanted if key in self.quotas]


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
    board.quotas[WHOLE].layout += 1
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
