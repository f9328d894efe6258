"""Who gives whom an account, changes and disables it, and how a password is chosen.

An administrator never knows a password: its owner chooses it by a link that is good once.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from services.registration import accounts, api_tokens, audit, codes, sessions
from services.registration.account_schemas import AccountForm, OwnAccountForm
from services.registration.accounts import AccountNotFound, own
from services.registration.audit import Change
from services.registration.models import Account
from services.registration.resources import bus, password_links
from services.registration.settings import settings
from shared import regions
from shared.events import AccountCreated
from shared.security import BadLink, Caller, Role, in_scope

PAGE = 25
LINK_S = 3 * 24 * 3600

# Whom each role may give an account, in its own region; and how wide a region each role has.
GRANTS: Mapping[Role, tuple[Role, ...]] = {
    "national": ("national", "province", "regency", "library", "master_trainer"),
    "province": ("regency", "library", "master_trainer"),
    "regency": ("library",),
}
REGION_LEVELS: Mapping[Role, tuple[int, ...]] = {
    "national": (0,),
    "province": (1,),
    "regency": (2,),
    "library": (4,),
    "master_trainer": (1, 2),
}


class ContactTaken(Exception):
    """Another account has this address or number; `field` says which."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class MayNotGrant(Exception):
    """The caller may not give or change an account of this role."""


class RegionUnfit(Exception):
    """The region lies outside the caller's own, or is too wide or too narrow for the role."""


def page(
    session: Session, caller: Caller, *, words: str = "", role: str = "", after: UUID | None = None
) -> tuple[list[Account], UUID | None]:
    """Accounts in the caller's region by name, and after which one the next page begins."""
    place = tuple_(func.lower(Account.name), Account.id)
    query = select(Account).where(in_scope(Account.region_code, caller))
    if words:
        columns = (Account.name, Account.email, Account.phone)
        query = query.where(or_(*(column.icontains(words, autoescape=True) for column in columns)))
    if role:
        query = query.where(Account.role == role)
    if after:
        last = select(func.lower(Account.name), Account.id).where(Account.id == after)
        query = query.where(place > last.scalar_subquery())
    rows = list(
        session.scalars(query.order_by(func.lower(Account.name), Account.id).limit(PAGE + 1))
    )
    return rows[:PAGE], rows[PAGE - 1].id if len(rows) > PAGE else None


def find(session: Session, caller: Caller, account_id: UUID, *, lock: bool = False) -> Account:
    """One account in the caller's region. Raises `AccountNotFound`."""
    query = select(Account).where(Account.id == account_id, in_scope(Account.region_code, caller))
    account = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if account is None:
        raise AccountNotFound(account_id)
    return account


def may_change(caller: Caller, account: Account) -> bool:
    """Whether the caller administers this account; everybody's own has a page of its own."""
    return account.role in GRANTS.get(caller.role, ()) and str(account.id) != caller.subject


def add(session: Session, caller: Caller, account_id: UUID, form: AccountForm) -> Account:
    """Give somebody an account and tell them where to choose a password.

    A form sent twice, and so twice with one id, makes one. Raises `MayNotGrant`, `RegionUnfit`,
    `ContactTaken`.
    """
    _check(caller, form)
    if made := session.get(Account, account_id):
        return made
    account = Account(id=account_id, language="id", **form.model_dump())
    session.add(account)
    _flush(session)
    audit.record(session, caller, "created", _change(account, after=form.model_dump()))
    accounts.tell(session, account, changed=False)
    _tell(session, account)
    return account


def change(session: Session, caller: Caller, account_id: UUID, form: AccountForm) -> None:
    """Give an account another name, contact, role or region.

    With another contact everything ends that was got by the old one: sessions, codes, API tokens,
    links and the password. The owner chooses a new one. Raises as `add`, and `AccountNotFound`.
    """
    account = _administered(session, caller, account_id)
    _check(caller, form)
    new = form.model_dump()
    before = {name: getattr(account, name) for name in new if getattr(account, name) != new[name]}
    if not before:
        return
    for name in before:
        setattr(account, name, new[name])
    moved = not before.keys().isdisjoint({"email", "phone"})
    if moved:
        account.password_hash = None
    _flush(session)
    after = {name: new[name] for name in before}
    audit.record(session, caller, "changed", _change(account, before, after))
    accounts.tell(session, account)
    if moved:
        sessions.end(session, str(account_id))
        codes.drop(session, account_id)
        api_tokens.revoke_all(session, account_id)
        _tell(session, account)


def change_own(session: Session, caller: Caller, form: OwnAccountForm) -> None:
    """Change one's own name and language."""
    account = own(session, caller)
    new = form.model_dump()
    before = {name: getattr(account, name) for name in new if getattr(account, name) != new[name]}
    if before:
        account.name, account.language = form.name, form.language
        after = {name: new[name] for name in before}
        audit.record(session, caller, "changed", _change(account, before, after))
        accounts.tell(session, account)


def disable(session: Session, caller: Caller, account_id: UUID) -> None:
    """Let an account sign in no more; its sessions end. Raises `AccountNotFound`, `MayNotGrant`."""
    account = _administered(session, caller, account_id)
    if account.disabled_at is None:
        account.disabled_at = datetime.now(UTC)
        sessions.end(session, str(account_id))
        audit.record(session, caller, "disabled", _change(account))
        accounts.tell(session, account)


def enable(session: Session, caller: Caller, account_id: UUID) -> None:
    """Let a disabled account sign in again. Raises as `disable`."""
    account = _administered(session, caller, account_id)
    if account.disabled_at is not None:
        account.disabled_at = None
        audit.record(session, caller, "enabled", _change(account))
        accounts.tell(session, account)


def send_link(session: Session, caller: Caller, account_id: UUID) -> None:
    """Send an account's owner the way to a new password. Raises as `disable`."""
    if caller.subject == str(account_id):
        account = own(session, caller)
    else:
        account = _administered(session, caller, account_id)
    audit.record(session, caller, "password_link_sent", _change(account))
    _tell(session, account)


def of_link(session: Session, token: str) -> Account:
    """Whose password a link is for. Raises `BadLink`: forged, over, used, or a disabled account."""
    account_id, _, state = password_links.read(token).partition(" ")
    account = session.get(Account, UUID(account_id))
    if account is None or account.disabled_at is not None or _state(account) != state:
        raise BadLink
    return account


def choose_password(session: Session, caller: Caller, account: Account, password_hash: str) -> None:
    """Set the password; end the API tokens, and all sessions but the one it is done in.

    Raises `BadLink`: of two who use one link at once, one finds it used.
    """
    old = (
        Account.password_hash.is_not_distinct_from(account.password_hash),
        Account.email.is_not_distinct_from(account.email),
        Account.phone.is_not_distinct_from(account.phone),
    )
    done = session.execute(
        update(Account)
        .where(Account.id == account.id, *old, Account.disabled_at.is_(None))
        .values(password_hash=password_hash, failures=0, retry_at=None)
        .returning(Account.id)
        .execution_options(synchronize_session=False)
    ).first()
    if done is None:
        raise BadLink
    mine = caller.session if caller.subject == str(account.id) else ""
    sessions.end(session, str(account.id), but=UUID(mine) if mine else None)
    api_tokens.revoke_all(session, account.id)
    role: Any = account.role
    owner = Caller(role, account.name, str(account.id), account.region_code)
    audit.record(session, owner, "password_changed", _change(account))


def _administered(session: Session, caller: Caller, account_id: UUID) -> Account:
    account = find(session, caller, account_id, lock=True)
    if not may_change(caller, account):
        raise MayNotGrant
    return account


def _check(caller: Caller, form: AccountForm) -> None:
    if form.role not in GRANTS.get(caller.role, ()):
        raise MayNotGrant
    region = regions.find(form.region_code)
    level = region.level if region else 0 if form.region_code == "" else -1
    if level not in REGION_LEVELS[form.role] or not caller.may_see(form.region_code):
        raise RegionUnfit


def _flush(session: Session) -> None:
    """Write, and let the unique keys decide. Raises `ContactTaken`."""
    try:
        session.flush()
    except IntegrityError as error:
        cause: Any = error.orig
        name = cause.diag.constraint_name or ""
        raise ContactTaken("phone" if name.endswith("_phone") else "email") from error


def _tell(session: Session, account: Account) -> None:
    link = password_links.sign(f"{account.id} {_state(account)}", seconds=LINK_S)
    bus.publish(
        session,
        AccountCreated(
            request_id=uuid7(),
            name=account.name,
            email=account.email,
            phone=account.phone,
            language=account.language,
            role=account.role,
            region_code=account.region_code,
            link=f"{settings().base_url}/registration/password/{link}",
            expires_at=datetime.now(UTC) + timedelta(seconds=LINK_S),
        ),
    )


def _state(account: Account) -> str:
    """Another one after each change of password or contact.

    So a link is over that was used, or that went to an address which was corrected since.
    """
    state = f"{account.password_hash}|{account.email}|{account.phone}"
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def _change(
    account: Account,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Change:
    return Change("account", str(account.id), account.region_code, before, after)
