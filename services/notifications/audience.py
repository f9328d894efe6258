"""Whom an announcement reaches: counted before it is sent, and walked while it is written.

An official reaches the people of their own region. A province also reaches whoever registered for
one of its own meetings, wherever they come from: it is their host. Who has several registrations
is one person, known by the address that is used first.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from services.notifications.announcement_schemas import Audience
from services.notifications.models import Meeting, Official, Participant, Preference, Suppression
from services.notifications.providers.base import Channel
from shared.security import Caller, in_scope

COMING = ("submitted", "needs_correction", "approved", "waiting", "offered")
_DEPTHS = (2, 5, 8, 13)  # length of a code of each level


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose announcement it is: the region it never leaves; empty is the whole country."""

    region_code: str

    @property
    def caller(self) -> Caller:
        """Somebody who sees that region and no more."""
        return Caller("province" if self.region_code else "national", region_code=self.region_code)

    @property
    def area(self) -> int:
        """How long the codes of the regions below it are."""
        return next((n for n in _DEPTHS if n > len(self.region_code)), _DEPTHS[-1])


@dataclass(slots=True)
class Count:
    """Whom it would reach now; never who they are."""

    channels: Counter[Channel] = field(default_factory=Counter)
    languages: Counter[tuple[Channel, str]] = field(default_factory=Counter)
    areas: Counter[str] = field(default_factory=Counter)
    unreachable: int = 0
    unsubscribed: int = 0
    suppressed: int = 0

    @property
    def recipients(self) -> int:
        """Who will be told."""
        return self.channels.total()


def count(session: Session, reach: Reach, wanted: Audience, channels: Sequence[Channel]) -> Count:
    """Count everybody once, by what will become of their message: as `claims` will judge it."""
    found = _once(reach, wanted, channels, reachable=False).subquery()
    each = select(
        _fate(found.c, channels).label("fate"),
        found.c.language,
        func.left(found.c.region_code, reach.area).label("area"),
    ).subquery()
    query = select(each, func.count().label("people")).group_by(*each.c)
    told = Count()
    for row in session.execute(query):
        match row.fate:
            case "unreachable":
                told.unreachable += row.people
            case "unsubscribed":
                told.unsubscribed += row.people
            case "suppressed":
                told.suppressed += row.people
            case channel:
                told.channels[channel] += row.people
                told.languages[channel, row.language] += row.people
                told.areas[row.area] += row.people
    return told


def following(  # noqa: PLR0913 - what is asked, and where to go on
    session: Session,
    reach: Reach,
    wanted: Audience,
    channels: Sequence[Channel],
    *,
    after: str,
    limit: int,
) -> Sequence[Row[*tuple[Any, ...]]]:
    """The next people by their address: key, about, name, email, phone and so on."""
    found = _once(reach, wanted, channels, reachable=True).subquery()
    query = select(found).where(found.c.key > after).order_by(found.c.key).limit(limit)
    return session.execute(query).all()


def meetings(session: Session, caller: Caller) -> Sequence[Row[*tuple[Any, ...]]]:
    """Meetings whose participants the caller may ask for: slug and title, the latest first."""
    mine = in_scope(Meeting.province_code, caller)
    near = Meeting.province_code == caller.region_code[:2]
    query = select(Meeting.slug, Meeting.title).where(mine | near)
    return session.execute(query.order_by(Meeting.starts_at.desc()).limit(200)).all()


def _once(
    reach: Reach, wanted: Audience, channels: Sequence[Channel], *, reachable: bool
) -> Select[*tuple[Any, ...]]:
    """Everybody once; `key` is the address that is used first, in lower case."""
    everybody = _participants if wanted.kind == "participants" else _officials
    found = everybody(reach, wanted).subquery()
    addresses = [_address(found.c, channel) for channel in channels]
    rest = [] if reachable else [found.c.email, found.c.phone, found.c.about]
    key = func.lower(func.coalesce(*addresses, *rest)).label("key")
    query = select(key, found).ext(distinct_on(key)).order_by(key, found.c.about.desc())
    return query.where(key.is_not(None))


def _participants(reach: Reach, wanted: Audience) -> Select[*tuple[Any, ...]]:
    theirs = in_scope(Participant.region_code, reach.caller)
    query = select(
        cast(Participant.registration_id, String).label("about"),
        Participant.name,
        Participant.email,
        Participant.phone,
        Participant.language,
        Participant.region_code,
    ).where(Participant.status.in_(wanted.statuses or COMING))
    if reach.region_code:
        guests = select(Meeting.slug).where(in_scope(Meeting.province_code, reach.caller))
        query = query.where(theirs | Participant.meeting_slug.in_(guests))
    if wanted.meeting:
        query = query.where(Participant.meeting_slug == wanted.meeting)
    if wanted.participant_types:
        query = query.where(Participant.participant_type.in_(wanted.participant_types))
    return query.where(_inside(Participant.region_code, wanted.region_code))


def _officials(reach: Reach, wanted: Audience) -> Select[*tuple[Any, ...]]:
    query = select(
        cast(Official.account_id, String).label("about"),
        Official.name,
        Official.email,
        Official.phone,
        Official.language,
        Official.region_code,
    ).where(Official.active, in_scope(Official.region_code, reach.caller))
    if wanted.roles:
        query = query.where(Official.role.in_(wanted.roles))
    return query.where(_inside(Official.region_code, wanted.region_code))


def _inside(column: Any, region_code: str) -> ColumnElement[bool]:
    return in_scope(column, Reach(region_code).caller)


def _fate(found: Any, channels: Sequence[Channel]) -> ColumnElement[str]:
    """The channel somebody is told by, or why they are not."""
    ways: list[tuple[ColumnElement[bool], str]] = []
    for channel in channels:
        address = _address(found, channel)
        bad = exists().where(
            Suppression.channel == channel,
            Suppression.address == func.lower(address),
            or_(
                Suppression.reason != "manual",
                Suppression.region_code.in_(("", found.region_code)),
                found.region_code.like(Suppression.region_code + ".%"),
            ),
        )
        unwanted = exists().where(
            Preference.address == func.lower(address), Preference.work_class == "bulk"
        )
        open_way = and_(address.is_not(None), ~bad)
        ways += [(and_(open_way, unwanted), "unsubscribed"), (open_way, channel)]
    reachable = func.coalesce(*(_address(found, channel) for channel in channels)).is_not(None)
    return case(*ways, (reachable, "suppressed"), else_="unreachable")


def _address(found: Any, channel: Channel) -> ColumnElement[Any]:
    column: ColumnElement[Any] = found.email if channel == "email" else found.phone
    return column
