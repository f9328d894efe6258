"""Addresses that are not written to: what bounced, whose owner minded, what an official said.

A complaint does not hold back one-time codes: who asks for one wants it.
"""

from collections.abc import Sequence
from typing import Any, Literal

import structlog
from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.orm import Session

from services.notifications.console_schemas import NewSuppression, SuppressionFilter
from services.notifications.models import Suppression
from shared.security import Caller, in_scope

log = structlog.get_logger()

PAGE = 50

# What holds back more wins: a complaint does not hold back codes.
_ADD = text("""
    INSERT INTO suppression (channel, address, reason, detail, region_code, actor)
    VALUES (:channel, lower(:address), :reason, :detail, :region_code, :actor)
    ON CONFLICT (channel, address) DO UPDATE SET reason = excluded.reason, detail = excluded.detail
    WHERE suppression.reason = 'complaint' AND excluded.reason <> 'complaint'
    RETURNING address""")


class AlreadySuppressed(Exception):
    """The address is on the list already."""


class SuppressionNotFound(LookupError):
    """No such address is on the list, or none that the caller may see."""


def page(
    session: Session, caller: Caller, wanted: SuppressionFilter, *, after: str = ""
) -> tuple[Sequence[Suppression], str | None]:
    """In the order of channel and address; and after which of them the next page begins."""
    query = select(Suppression).where(in_scope(Suppression.region_code, caller))
    if wanted.q.strip():
        query = query.where(Suppression.address.startswith(_number(wanted.q), autoescape=True))
    if wanted.channel:
        query = query.where(Suppression.channel == wanted.channel)
    if wanted.reason:
        query = query.where(Suppression.reason == wanted.reason)
    if after:
        channel, _, address = after.partition(":")
        place = tuple_(Suppression.channel, Suppression.address)
        query = query.where(place > tuple_(channel, address))
    order = (Suppression.channel, Suppression.address)
    rows = session.scalars(query.order_by(*order).limit(PAGE + 1)).all()
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return rows[:PAGE], f"{last.channel}:{last.address}" if last else None


def find(session: Session, caller: Caller, channel: str, address: str) -> Suppression:
    """One of them. Raises `SuppressionNotFound`."""
    query = select(Suppression).where(
        Suppression.channel == channel,
        Suppression.address == address.lower(),
        in_scope(Suppression.region_code, caller),
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise SuppressionNotFound(channel)
    return found


def add(session: Session, caller: Caller, wish: NewSuppression) -> None:
    """Hold an address back from now on. Raises `AlreadySuppressed`."""
    values = wish.model_dump() | {"region_code": caller.region_code, "actor": caller.name}
    if not session.execute(_ADD, values | {"reason": "manual"}).first():
        raise AlreadySuppressed(wish.channel)
    log.info("suppression.added", channel=wish.channel, actor=caller.subject)


def remove(session: Session, caller: Caller, channel: str, address: str) -> None:
    """Write to an address again. Raises `SuppressionNotFound`."""
    gone = session.execute(
        delete(Suppression)
        .where(
            Suppression.channel == channel,
            Suppression.address == address.lower(),
            in_scope(Suppression.region_code, caller),
        )
        .returning(Suppression.reason)
    ).scalar()
    if gone is None:
        raise SuppressionNotFound(channel)
    log.info("suppression.removed", channel=channel, reason=gone, actor=caller.subject)


def learn(
    session: Session,
    reason: Literal["bounce", "complaint"],
    message: Any,
    detail: str,
) -> None:
    """Hold the address of a message back, as its provider says that it is no use or not welcome."""
    values = {
        "channel": message.channel,
        "address": message.recipient,
        "reason": reason,
        "detail": detail[:500],
        "region_code": message.region_code,
        "actor": "",
    }
    session.execute(_ADD, values)


def _number(typed: str) -> str:
    beginning = typed.strip().lower()
    return "+62" + beginning[1:] if beginning.startswith("08") else beginning
