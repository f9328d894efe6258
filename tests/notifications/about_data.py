"""What people ask about their own data, as events arrive."""

from typing import Any

from builders import contact_changed, data_request_answered, data_request_asked
from notifications.announcing_people import official
from notifications.mailroom import SOON, coming_meeting, rows, sealed
from uuid_utils.compat import uuid7

from shared.bus.envelope import Envelope


def only_official(**changes: Any) -> None:
    """The one who answers in the Riau Islands, and no other."""
    rows("DELETE FROM official WHERE role IN ('province', 'national')")
    official(**({"role": "province", "region_code": "21"} | changes))


def asked(**changes: Any) -> Envelope[Any]:
    """Somebody asks for something."""
    fields = {"request_id": uuid7(), "due_at": SOON, "meeting": coming_meeting()}
    return sealed(data_request_asked(**(fields | changes)))


def answered(**changes: Any) -> Envelope[Any]:
    """They are answered."""
    return sealed(data_request_answered(**({"request_id": uuid7()} | changes)))


def contact_replaced(**changes: Any) -> Envelope[Any]:
    """A registration has another address now."""
    return sealed(contact_changed(**({"registration_id": uuid7()} | changes)))


def one_of_each(**reader: Any) -> list[Envelope[Any]]:
    """All of these; `reader` says language, address and number."""
    only_official(**({"email": "pic@contoh.id"} | reader))
    return [asked(), answered(**reader), contact_replaced(**reader)]
