"""Somebody is to be told something: what handlers, schedules and announcements make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.notifications.models import Official
from shared import regions
from shared.events import MeetingFacts
from shared.web import formats
from shared.web.formats import Language


@dataclass(frozen=True, slots=True)
class Intent:
    """Somebody is to be told something. `values` fill the rule's template.

    It goes by the rule's channels. `about` is the event's subject; of two messages about one thing
    the one of the lower `version` is the older. `person` is whose address it is. `attachments` go
    with an e-mail; each has a `name`, a `media_type` and a `text`.
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
    announcement_id: UUID | None = None
    attachments: Sequence[Mapping[str, str]] = ()


def one_line(words: str) -> str:
    """What somebody typed, as one paragraph: none of its lines can pass for one of ours."""
    return " ".join(words.split())


def language_of(reader: Official) -> Language:
    """The language in which an official reads."""
    return "en" if reader.language == "en" else "id"


def for_official(  # noqa: PLR0913 - all that differs between them
    reader: Official,
    *,
    event_id: UUID,
    about: str,
    traceparent: str,
    expires_at: datetime,
    values: Mapping[str, Any],
) -> Intent:
    """An intent to tell an official; `values` need not hold the name."""
    return Intent(
        event_id=event_id,
        about=about,
        version=None,
        traceparent=traceparent,
        email=reader.email,
        phone=reader.phone,
        language=language_of(reader),
        region_code=reader.region_code,
        expires_at=expires_at,
        values={"name": one_line(reader.name), **values},
        person=reader.name,
    )


def meeting_words(meeting: MeetingFacts, language: Language) -> dict[str, str]:
    """A meeting in the reader's words, on the clock of its venue."""
    begins = formats.time(meeting.starts_at, meeting.zone, lang=language)
    ends = formats.time(meeting.ends_at, meeting.zone, lang=language)
    return {
        "meeting": one_line(meeting.title),
        "days": formats.date_range(meeting.days[0], meeting.days[-1], lang=language),
        "hours": f"{begins.split()[0]}–{ends}",
        "venue": one_line(meeting.venue),
        "province": regions.get(meeting.province_code).name,
    }
