"""Accounts that libraries got with their first code: they follow the contact of the directory.

Whoever holds a library's address or number signs in for it, so whoever holds it no longer does
not: with another contact everything ends that was got by the old one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import accounts, api_tokens, audit, codes, sessions
from services.registration.account_schemas import Contact
from services.registration.audit import Change
from services.registration.models import Account, Library
from shared.security import Caller

_MOVED = "…"  # that a contact changed is kept, not from what to what

# A contact that several libraries share tells nobody which of them somebody is of.
_OF_CONTACT = text("""
    SELECT min(id::text)::uuid FROM library
    WHERE (lower(email) = :email OR phone = :phone) AND merged_into IS NULL
    HAVING count(*) = 1""")
# Of two who ask at once for one library the second finds what the first has made.
_LOCK = text("SELECT FROM library WHERE id = :library_id FOR NO KEY UPDATE")


@dataclass(frozen=True, slots=True)
class Contacts:
    """By what a library is reached, as the directory has it."""

    email: str | None
    phone: str | None

    @classmethod
    def of(cls, entry: Any) -> "Contacts":
        """Those of a library, or of a row with both."""
        return cls(entry.email and entry.email.lower(), entry.phone)


def provide(session: Session, contact: Contact) -> None:
    """Let whoever holds a library's contact have its account, unless somebody has the contact.

    A library has one: who asks by its other contact gets that. One that is disabled stays so.
    """
    held = Account.email == contact.email if contact.email else Account.phone == contact.phone
    if session.scalar(select(Account.id).where(held).limit(1)):
        return
    library_id = session.execute(_OF_CONTACT, contact.model_dump()).scalar()
    if library_id is None:
        return
    session.execute(_LOCK, {"library_id": library_id})
    library = session.get_one(Library, library_id, populate_existing=True)
    own = Contacts.of(library)
    if session.scalar(select(Account.id).where(held).limit(1)):
        return
    found = session.scalars(_of(library_id)).all()
    if not found:
        _make(session, library, contact)
    for account in found:
        is_its = account.email in {None, own.email} and account.phone in {None, own.phone}
        lacks = account.email is None if contact.email else account.phone is None
        if is_its and lacks and account.disabled_at is None:
            account.email = account.email or contact.email
            account.phone = account.phone or contact.phone
            accounts.tell(session, account)
            return


def follow(session: Session, actor: Caller, library_id: UUID, before: Contacts) -> None:
    """After a library's contact changed: move its account to the new one, or disable it."""
    library = session.get_one(Library, library_id, populate_existing=True)
    now = Contacts.of(library)
    for account in session.scalars(_of(library_id)).all():
        lost = {
            name
            for name in ("email", "phone")
            if getattr(account, name)
            and getattr(account, name) == getattr(before, name)
            and getattr(account, name) != getattr(now, name)
        }
        if lost and account.disabled_at is None:
            _move(session, actor, account, library, lost)


def _of(library_id: UUID) -> Any:
    mine = select(Account).where(Account.role == "library", Account.library_id == library_id)
    return mine.order_by(Account.id).with_for_update()


def _make(session: Session, library: Library, contact: Contact) -> None:
    account = Account(
        id=uuid7(),
        **contact.model_dump(),
        name=library.contact_name or library.name,
        role="library",
        region_code=library.region_code,
        library_id=library.id,
        language="id",  # not that of the page: a stranger may have asked
    )
    session.add(account)
    accounts.tell(session, account, changed=False)


def _move(
    session: Session, actor: Caller, account: Account, library: Library, lost: set[str]
) -> None:
    now = Contacts.of(library)
    values: dict[str, Any] = {
        name: _free(session, name, getattr(now, name)) for name in sorted(lost)
    }
    if not any(values.values()):  # perhaps the library has a contact of the other kind
        other = {"email", "phone"} - lost
        values |= {
            name: _free(session, name, getattr(now, name))
            for name in sorted(other)
            if getattr(account, name) is None
        }
    kept = {name: getattr(account, name) for name in ("email", "phone") if name not in lost}
    if not any(values.values()) and not any(kept.values()):
        # An account has a contact; this one reaches nobody, and tells nothing of who it was.
        values = {"email": f"{account.id}@tanpa-kontak.invalid", "phone": None}
        account.disabled_at = datetime.now(UTC)
    for name, value in values.items():
        setattr(account, name, value)
    account.name = library.contact_name or library.name
    account.password_hash = None
    accounts.tell(session, account)
    end_sign_ins(session, account.id)
    told: Mapping[str, str] = dict.fromkeys(sorted(lost), _MOVED)
    change = Change("account", str(account.id), account.region_code, told, told)
    audit.record(session, actor, "disabled" if account.disabled_at else "changed", change)


def end_sign_ins(session: Session, account_id: UUID) -> None:
    """End all that was got by a contact: sessions, codes, API tokens."""
    sessions.end(session, str(account_id))
    codes.drop(session, account_id)
    api_tokens.revoke_all(session, account_id)


def _free(session: Session, name: str, value: str | None) -> str | None:
    """The contact, if no account has it yet."""
    column = getattr(Account, name)
    taken = value and session.scalar(select(Account.id).where(column == value))
    return None if taken else value
