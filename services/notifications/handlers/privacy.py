"""People's own data: officials hear what is asked, who asked hears the answer."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifications.handlers.common import tell
from services.notifications.intents import (
    Intent,
    for_official,
    language_of,
    meeting_words,
    one_line,
)
from services.notifications.models import Official
from services.notifications.resources import bus
from services.notifications.rules import (
    CONTACT_CHANGED,
    DATA_REQUEST_ANSWERED,
    DATA_REQUEST_ASKED,
)
from services.notifications.settings import settings
from shared import regions
from shared.bus import Envelope
from shared.events import (
    DataRequestAnswered,
    DataRequestAsked,
    Language,
    RegistrationContactChanged,
)
from shared.web import formats

NEWS = timedelta(days=7)
# As long as an answer may take to arrive; then `forgetting.purge_answers` empties it.
ANSWER_NEWS = timedelta(days=3)

REQUESTS: dict[Language, dict[str, str]] = {
    "id": {
        "access": "melihat data",
        "correct": "perbaikan data",
        "delete": "penghapusan data",
        "stop": "penghentian pemrosesan data",
    },
    "en": {
        "access": "access to data",
        "correct": "correction of data",
        "delete": "deletion of data",
        "stop": "end of the processing of data",
    },
}
DONE: dict[Language, str] = {"id": "sudah kami kerjakan.", "en": "is done."}
DECLINED: dict[Language, str] = {
    "id": "tidak dapat kami kerjakan. Alasannya: {reason}",
    "en": "cannot be done. The reason: {reason}",
}


@bus.on(RegistrationContactChanged)
def tell_old_contact(
    session: Session, envelopes: list[Envelope[RegistrationContactChanged]]
) -> None:
    """Tell the address that was replaced; not what it became."""
    tell(session, CONTACT_CHANGED, [_intent(one, one.time + NEWS, {}) for one in envelopes])


@bus.on(DataRequestAsked)
def tell_officials(session: Session, envelopes: list[Envelope[DataRequestAsked]]) -> None:
    """Tell the officers of the province, who answer; the nation's when it has none."""
    query = select(Official).where(Official.active, Official.role.in_(("province", "national")))
    hosts = list(session.scalars(query))
    intents = [intent for one in envelopes for intent in _for_officials(one, hosts)]
    tell(session, DATA_REQUEST_ASKED, intents)


@bus.on(DataRequestAnswered)
def tell_answer(session: Session, envelopes: list[Envelope[DataRequestAnswered]]) -> None:
    """Tell who asked what became of it, also when nothing else is left of them."""
    intents = []
    for envelope in envelopes:
        event = envelope.data
        reason = one_line(event.reason)
        declined = DECLINED[event.language].format(reason=reason)
        values = {
            "request": REQUESTS[event.language][event.kind],
            "answer": DONE[event.language] if event.done else declined,
            "forgotten": "yes" if event.done and event.kind == "delete" else "",
            "declined": "" if event.done else "yes",
            "own_link": event.own_link,
        }
        intents.append(_intent(envelope, envelope.time + ANSWER_NEWS, values))
    tell(session, DATA_REQUEST_ANSWERED, intents)


def _for_officials(envelope: Envelope[DataRequestAsked], hosts: list[Official]) -> Iterator[Intent]:
    event = envelope.data
    zone = regions.zone_of(event.region_code)
    near = [
        one
        for one in hosts
        if one.role == "province" and regions.is_within(event.region_code, one.region_code)
    ]
    for reader in near or [one for one in hosts if one.role == "national"]:
        language = language_of(reader)
        yield for_official(
            reader,
            event_id=envelope.id,
            about=envelope.subject,
            traceparent=envelope.traceparent,
            expires_at=event.due_at,
            values={
                "request": REQUESTS[language][event.kind],
                "due": formats.moment(event.due_at, zone, lang=language),
                "link": f"{settings().base_url}/registration/privacy/requests/{event.request_id}",
                **meeting_words(event.meeting, language),
            },
        )


def _intent(envelope: Envelope[Any], until: datetime, values: dict[str, Any]) -> Intent:
    event = envelope.data
    return Intent(
        event_id=envelope.id,
        about=envelope.subject,
        version=None,
        traceparent=envelope.traceparent,
        email=event.email,
        phone=event.phone,
        language=event.language,
        region_code=event.region_code,
        expires_at=until,
        values={
            "name": one_line(event.name),
            **meeting_words(event.meeting, event.language),
            **values,
        },
        meeting_slug=event.meeting.slug,
    )
