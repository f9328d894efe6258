"""Whoever reads at an address that was replaced hears of it: the own link may be in wrong hands."""

from collections.abc import Mapping
from typing import Any

from services.registration import meetings
from services.registration.models import Registration
from shared.events import RegistrationContactChanged


def told(
    before: Mapping[str, Any], person: Registration, meeting: Any
) -> list[RegistrationContactChanged]:
    """For who reads at the address or number that was replaced; none when nothing was.

    `before` holds what the correction touched as it was. An address that only came in addition
    replaces none.
    """
    lost = {
        name: before[name]
        for name in ("email", "phone")
        if before.get(name) and before[name].lower() != (getattr(person, name) or "").lower()
    }
    if not lost:
        return []
    return [
        RegistrationContactChanged(
            registration_id=person.id,
            name=before.get("name", person.name),
            email=lost.get("email"),
            phone=lost.get("phone"),
            language=before.get("language", person.language),
            region_code=person.region_code,
            meeting=meetings.facts(meeting),
        )
    ]
