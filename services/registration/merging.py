"""Two entries of the directory that mean the same become one; the other leads to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, and_, func, select, update
from sqlalchemy.orm import Session, aliased

from services.registration import audit, library_accounts
from services.registration.audit import Change
from services.registration.libraries import LibraryNotFound
from services.registration.library_accounts import Contacts
from services.registration.models import Account, Library, Person, Registration, Training
from services.registration.people import PersonNotFound
from shared.security import Caller, in_scope

Noun = Literal["library", "person"]
MOST = 50  # pairs on the page; the next come when these are merged

# What points to an entry, by the word that the page tells it with.
REFERENCES: dict[Noun, dict[str, Any]] = {
    "library": {
        "registrations": Registration.library_id,
        "people": Person.library_id,
        "accounts": Account.library_id,
    },
    "person": {"registrations": Registration.person_id, "trainings": Training.person_id},
}
# What the entry that stays takes over where it has nothing itself.
FILLED: dict[Noun, tuple[str, ...]] = {
    "library": ("npp", "joined_year", "contact_name", "email", "phone"),
    "person": ("position", "email", "phone", "library_id"),
}
_MODELS: dict[Noun, Any] = {"library": Library, "person": Person}
_NOT_FOUND: dict[Noun, type[LookupError]] = {"library": LibraryNotFound, "person": PersonNotFound}


class AlreadyMerged(Exception):
    """One of the two was merged before, or both are the same."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries that may be one, and what they share: name, email, phone or npp."""

    first: Any
    second: Any
    shared: tuple[str, ...]


def candidates(session: Session, caller: Caller, noun: Noun) -> list[Pair]:
    """Pairs with the same name in a kab/kota, or the same contact, in the caller's region."""
    model = _MODELS[noun]
    found: dict[tuple[UUID, UUID], list[str]] = {}
    for shared, query in _pairs(noun, caller):
        for first, second in session.execute(query):
            found.setdefault((first, second), []).append(shared)
    pairs = list(found.items())[:MOST]
    ids = {entry for pair, _ in pairs for entry in pair}
    entries = {entry.id: entry for entry in session.scalars(select(model).where(model.id.in_(ids)))}
    return [Pair(entries[a], entries[b], tuple(shared)) for (a, b), shared in pairs]


def both(
    session: Session, caller: Caller, noun: Noun, ids: tuple[UUID, UUID], *, lock: bool = False
) -> tuple[Any, Any]:
    """Two entries of the caller's region that may be merged, in this order.

    Raises `LibraryNotFound` or `PersonNotFound`, and `AlreadyMerged`.
    """
    model = _MODELS[noun]
    query = select(model).where(model.id.in_(ids), in_scope(model.region_code, caller))
    query = query.order_by(model.id).execution_options(populate_existing=True)
    if lock:  # what points to the two, and is written meanwhile, need not wait
        query = query.with_for_update(key_share=True)
    found = {row.id: row for row in session.scalars(query)}
    for entry in ids:
        if entry not in found:
            raise _NOT_FOUND[noun](entry)
    if ids[0] == ids[1] or any(entry.merged_into for entry in found.values()):
        raise AlreadyMerged
    return found[ids[0]], found[ids[1]]


def references(session: Session, noun: Noun, entry_id: UUID) -> dict[str, int]:
    """How much points to an entry, and so moves with it."""
    return {
        word: session.scalar(select(func.count()).where(column == entry_id)) or 0
        for word, column in REFERENCES[noun].items()
    }


def merge(session: Session, caller: Caller, noun: Noun, keep: UUID, drop: UUID) -> None:
    """Move all that points to `drop` to `keep`, which fills its gaps from it.

    Of two who merge the same at once, the second finds it merged. Raises as `both`.
    """
    staying, leaving = both(session, caller, noun, (keep, drop), lock=True)
    # In one order, as everybody takes them.
    column = REFERENCES[noun]["registrations"]
    held = select(Registration.id).where(column == drop).order_by(Registration.id)
    session.execute(held.with_for_update())
    moved = references(session, noun, drop)
    for reference in REFERENCES[noun].values():
        moving = update(reference.class_).where(reference == drop)
        session.execute(moving.values({reference.key: keep}))
    model = _MODELS[noun]
    earlier = update(model).where(model.merged_into == drop).values(merged_into=keep)
    if noun == "library":
        earlier = earlier.values(version=Library.version + 1)
        leaving.version += 1
    session.execute(earlier)
    leaving.merged_into = keep
    session.flush()
    _fill(noun, staying, leaving)
    session.flush()
    changes = (
        Change(noun, str(drop), leaving.region_code, {"merged_into": None}, {"merged_into": keep}),
        Change(noun, str(keep), staying.region_code, None, {"merged": drop, "moved": moved}),
    )
    audit.record(session, caller, "merged", *changes)
    if noun == "library":
        library_accounts.follow(session, caller, keep, Contacts.of(leaving))


def filled(noun: Noun, staying: Any, leaving: Any) -> Mapping[str, Any]:
    """What the one that stays takes over from the other."""
    return {
        name: getattr(leaving, name)
        for name in FILLED[noun]
        if not getattr(staying, name) and getattr(leaving, name)
    }


def _fill(noun: Noun, staying: Any, leaving: Any) -> None:
    for name, value in filled(noun, staying, leaving).items():
        setattr(staying, name, value)
    if noun == "library":
        staying.version += 1


def _pairs(noun: Noun, caller: Caller) -> Iterator[tuple[str, Select[Any]]]:
    """A query for each thing that two may share: equalities only, so each is a hash join."""
    model = _MODELS[noun]
    a, b = aliased(model), aliased(model)
    near = func.left(a.region_code, 5) == func.left(b.region_code, 5)
    if noun == "library":
        name = and_(near, a.name_key == b.name_key)
    else:
        first, second = (func.split_part(each.person_key, "|", 1) for each in (a, b))
        name = and_(near, first == second)
    same = {"name": name, "email": a.email == b.email, "phone": a.phone == b.phone}
    if noun == "library":
        same["npp"] = a.npp == b.npp
    for shared, condition in same.items():
        query = select(a.id, b.id).where(condition, a.id < b.id)
        query = query.where(a.merged_into.is_(None), b.merged_into.is_(None))
        query = query.where(in_scope(a.region_code, caller), in_scope(b.region_code, caller))
        yield shared, query.order_by(a.id, b.id).limit(MOST)
