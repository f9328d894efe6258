"""What somebody does not want to get, said by signed links without an account.

A link is for one address, and says which; so it proves that its reader got a mail there, and lets
nobody find out whether we know an address. What is said there holds for the person: also for the
other address that stands beside it where they registered, or in their account. That one is left
alone when it stands elsewhere without the first: no address is proven, so it may be somebody
else's, and nobody ends what comes to others by writing their number beside a mailbox of their own.
An address that is added later is asked anew; so is who registers with other addresses. A mailbox
that several people read is one person here.

A link lasts for years: a mail stays in its mailbox, and a link to unsubscribe that no longer works
would make the reader call us spam instead. All it can do is to end, or let come again, what is not
needed to take part.
"""

from collections.abc import Collection

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.notifications.models import Preference
from services.notifications.resources import preference_links, unsubscribe_links
from services.notifications.rules import CLASSES, GOES_AGAIN, WorkClass
from services.notifications.settings import settings
from shared.security import BadLink
from shared.web.formats import Language

LINK_S = 3 * 365 * 24 * 3600
# A code was asked for, a confirmation follows from what its reader did: those always come.
OPTIONAL: tuple[WorkClass, ...] = tuple(one for one in CLASSES if one not in GOES_AGAIN)


# Read through each time: that is seldom, and an index would be kept for every registration.
_OTHERS = text("""
    WITH beside AS (
        SELECT CASE WHEN phone = :address THEN lower(email) ELSE phone END AS other
        FROM participant WHERE lower(email) = :address OR phone = :address
        UNION
        SELECT CASE WHEN phone = :address THEN lower(email) ELSE phone END
        FROM official WHERE lower(email) = :address OR phone = :address
    )
    SELECT other FROM beside WHERE other IS NOT NULL
      AND NOT EXISTS (SELECT FROM participant WHERE (lower(email) = other OR phone = other)
          AND lower(email) IS DISTINCT FROM :address AND phone IS DISTINCT FROM :address)
      AND NOT EXISTS (SELECT FROM official WHERE (lower(email) = other OR phone = other)
          AND lower(email) IS DISTINCT FROM :address AND phone IS DISTINCT FROM :address)""")


def link(address: str, language: Language) -> str:
    """Where the holder of an address says what they want."""
    token = preference_links.sign(address.lower(), seconds=LINK_S)
    return f"{settings().base_url}/notifications/preferences/{token}?lang={language}"


def unsubscribe_link(address: str, work_class: WorkClass) -> str:
    """For `List-Unsubscribe` (RFC 8058): one POST to it ends one class for one address."""
    token = unsubscribe_links.sign(f"{work_class} {address.lower()}", seconds=LINK_S)
    return f"{settings().base_url}/notifications/unsubscribe/{token}"


def address_of(token: str) -> str:
    """Whose preferences a link is for. Raises `BadLink`."""
    return preference_links.read(token)


def of_unsubscribe_link(token: str) -> tuple[str, WorkClass]:
    """What a link ends: for which address, which class. Raises `BadLink`."""
    name, _, address = unsubscribe_links.read(token).partition(" ")
    for work_class in OPTIONAL:
        if work_class == name:
            return address, work_class
    raise BadLink


def unwanted(session: Session, address: str) -> set[str]:
    """The classes that an address does not want."""
    query = select(Preference.work_class).where(Preference.address == address.lower())
    return set(session.scalars(query))


def choose(session: Session, address: str, wanted: Collection[str]) -> None:
    """Let these classes come and no other; what is queued already is judged when it is claimed."""
    theirs = Preference.address.in_(_addresses(session, address))
    session.execute(delete(Preference).where(theirs, Preference.work_class.in_(list(wanted))))
    for work_class in OPTIONAL:
        if work_class not in wanted:
            refuse(session, address, work_class)


def refuse(session: Session, address: str, work_class: WorkClass) -> None:
    """End one class for a person, by one of their addresses; twice is once."""
    rows = [{"address": one, "work_class": work_class} for one in _addresses(session, address)]
    session.execute(insert(Preference).values(rows).on_conflict_do_nothing())


def _addresses(session: Session, address: str) -> list[str]:
    """All that are known to be the same person's, always in the same order."""
    known = session.scalars(_OTHERS, {"address": address.lower()})
    return sorted({address.lower(), *known})
