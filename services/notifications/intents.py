"""Somebody is to be told something: what handlers, schedules and announcements make."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.web.formats import Language


@dataclass(frozen=True, slots=True)
class Intent:
    """Somebody is to be told something. `values` fill the rule's template.

    It goes by the rule's channels. `about` is the event's subject; of two messages about one thing
    the one of the lower `version` is the older. `person` is whose address it is.
    """

    event_id: UUID
    about: str
    version: int | None
    traceparent: str
    email: str | None
    phone: str | None
    language: Language
    region_code: str
    expires_at: datetime
    values: Mapping[str, Any]
    person: str | None = None
    meeting_slug: str | None = None
