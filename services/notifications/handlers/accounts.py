"""What somebody needs to get in: a code, a password, a lost link."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from services.notifications.handlers.common import tell
from services.notifications.intents import Intent, meeting_words, one_line
from services.notifications.resources import bus
from services.notifications.rules import ACCOUNT_CREATED, OWN_LINKS, SIGN_IN_CODE
from shared import regions
from shared.bus import Envelope
from shared.events import AccountCreated, OwnLinksRequested, SignInCodeRequested
from shared.web import formats

LINKS_NEWS = timedelta(days=1)

ROLES: dict[str, dict[str, str]] = {
    "id": {
        "national": "Petugas nasional",
        "province": "Petugas provinsi",
        "regency": "Petugas kabupaten/kota",
        "library": "Pengelola perpustakaan",
        "master_trainer": "Master Trainer",
    },
    "en": {
        "national": "National officer",
        "province": "Province officer",
        "regency": "Regency or city officer",
        "library": "Library manager",
        "master_trainer": "Master Trainer",
    },
}
WHOLE_COUNTRY = {"id": "Seluruh Indonesia", "en": "All of Indonesia"}


@bus.on(SignInCodeRequested)
def tell_code(session: Session, envelopes: list[Envelope[SignInCodeRequested]]) -> None:
    """Send the code to who signs in."""
    intents = []
    for envelope in envelopes:
        event = envelope.data
        zone = regions.zone_of(event.region_code)
        until = formats.time(event.expires_at, zone, lang=event.language)
        values = {"code": event.code, "until": until}
        intents.append(_intent(envelope, event.expires_at, values))
    tell(session, SIGN_IN_CODE, intents)


@bus.on(AccountCreated)
def tell_account(session: Session, envelopes: list[Envelope[AccountCreated]]) -> None:
    """Invite somebody to choose a password."""
    intents = []
    for envelope in envelopes:
        event = envelope.data
        region = regions.find(event.region_code)
        zone = regions.zone_of(event.region_code)
        values = {
            "name": one_line(event.name),
            "login": event.email or event.phone or "",
            "role": ROLES[event.language].get(event.role, event.role),
            "region": region.label if region else WHOLE_COUNTRY[event.language],
            "link": event.link,
            "until": formats.moment(event.expires_at, zone, lang=event.language),
        }
        intents.append(_intent(envelope, event.expires_at, values))
    tell(session, ACCOUNT_CREATED, intents)


@bus.on(OwnLinksRequested)
def tell_links(session: Session, envelopes: list[Envelope[OwnLinksRequested]]) -> None:
    """Send the links again, to whoever holds the address; none is no message."""
    intents = []
    for envelope in envelopes:
        event = envelope.data
        links = [
            {
                "name": one_line(link.name),
                "own_link": link.own_link,
                **meeting_words(link.meeting, event.language),
            }
            for link in event.links
        ]
        if links:
            # WhatsApp has one slot for all of them.
            listed = "; ".join(
                f"{one['name']}, {one['meeting']}: {one['own_link']}" for one in links
            )
            values = {"links": links, "all_links": listed}
            intents.append(_intent(envelope, envelope.time + LINKS_NEWS, values))
    tell(session, OWN_LINKS, intents)


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
        values=values,
    )
