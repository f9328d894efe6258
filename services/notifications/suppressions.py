"""Addresses that are not written to: what bounced, whose owner minded, what an official said.

A complaint does not hold back one-time codes: who asks for one wants it. Nor does an official's
word, which holds for messages to people of the official's own region: nobody is to be locked out by
somebody elsewhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import delete, select, text, tuple_
from sqlalchemy.orm import Session

from services.notifications.console_schemas import NewSuppression, SuppressionFilter
from services.notifications.models import Suppression
from shared.security import Caller, in_scope

log = structlog.get_logger()

PAGE = 50

# Whether an entry of this address holds a message back; `{message}` is a row with both columns.
HOLDS = """(reason = 'bounce' OR {message}.class <> 'code')
    AND (reason <> 'manual' OR suppression.region_code = ''
         OR {message}.region_code = suppression.region_code
         OR {message}.region_code LIKE suppression.region_code || '.%')"""

# What holds back more wins: a bounce, then a complaint, then what an official said.
_ADD = text("""
    INSERT INTO suppression (channel, address, reason, detail, region_code, actor)
    VALUES (:channel, lower(:address), :reason, :detail, :region_code, :actor)
    ON CONFLICT (channel, address, region_code) DO UPDATE
    SET reason = excluded.reason, detail = excluded.detail
    WHERE excluded.reason = 'bounce' AND suppression.reason <> 'bounce'
       OR excluded.reason = 'complaint' AND suppression.reason = 'manual'
    RETURNING address""")


ORDER = (Suppression.channel, Suppression.region_code, Suppression.address)


_ADD_DEAD = text("""
    INSERT INTO suppression (channel, address, reason, detail, region_code, actor)
    SELECT DISTINCT ON (channel, lower(recipient), region_code)
        channel, lower(recipient), 'bounce', told.detail, region_code, ''
    FROM unnest(CAST(:ids AS uuid[]), CAST(:details AS text[])) AS told(id, detail)
    JOIN message USING (id) WHERE recipient <> ''
    ORDER BY channel, lower(recipient), region_code
    ON CONFLICT (channel, address, region_code) DO UPDATE
    SET reason = excluded.reason, detail = excluded.detail
    WHERE suppression.reason <> 'bounce'""")


class AlreadySuppressed(Exception):
    """The address is on the region's list already."""


class SuppressionNotFound(LookupError):
    """No such address is on the list, or none that the caller may see."""


def page(
    session: Session, caller: Caller, wanted: SuppressionFilter, *, after: str = ""
) -> tuple[Sequence[Suppression], str | None]:
    """By channel, region and address; and after which of them the next page begins."""
    query = select(Suppression).where(in_scope(Suppression.region_code, caller))
    if wanted.q.strip():
        query = query.where(Suppression.address.startswith(_number(wanted.q), autoescape=True))
    if wanted.channel:
        query = query.where(Suppression.channel == wanted.channel)
    if wanted.reason:
        query = query.where(Suppression.reason == wanted.reason)
    if after:
        query = query.where(tuple_(*ORDER) > tuple_(*after.split(":", 2)))
    order = ORDER
    rows = session.scalars(query.order_by(*order).limit(PAGE + 1)).all()
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    place = f"{last.channel}:{last.region_code}:{last.address}" if last else None
    return rows[:PAGE], place


def find(session: Session, caller: Caller, channel: str, address: str) -> Suppression:
    """One of them. Raises `SuppressionNotFound`."""
    query = select(Suppression).where(
        Suppression.channel == channel,
        Suppression.address == address.lower(),
        in_scope(Suppression.region_code, caller),
    )
    found = session.scalars(query.order_by(Suppression.region_code).limit(1)).first()
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
    gone = (
        session.execute(
            delete(Suppression)
            .where(
                Suppression.channel == channel,
                Suppression.address == address.lower(),
                in_scope(Suppression.region_code, caller),
            )
            .returning(Suppression.reason)
        )
        .scalars()
        .all()
    )
    if not gone:
        raise SuppressionNotFound(channel)
    log.info("suppression.removed", channel=channel, reasons=gone, actor=caller.subject)


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


def learn_dead(session: Session, told: Mapping[UUID, str]) -> None:
    """Hold back the addresses of these messages: their server said at once that nobody has them."""
    if told:
        details = [reply[:500] for reply in told.values()]
        session.execute(_ADD_DEAD, {"ids": list(told), "details": details})


def _number(typed: str) -> str:
    beginning = typed.strip().lower()
    return "+62" + beginning[1:] if beginning.startswith("08") else beginning
