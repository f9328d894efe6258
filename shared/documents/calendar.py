"""The calendar file of a meeting: one event that later files change or cancel in place.

It is offered on the registrant's own page and goes with mails; whichever comes later holds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard, vCalAddress, vText

from shared.web.formats import ZONES, Language, localise

Status = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]

_REMINDERS: dict[Language, str] = {"id": "Besok: {}", "en": "Tomorrow: {}"}


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """A registration's meeting. Moments carry a time zone and are shown on the clock of `zone`.

    `sequence` grows with every change, or calendars keep what they have. `changed_at` is the
    DTSTAMP. A person's own link opens the registration: `url` is given only in a file that goes
    to that person alone.
    """

    registration_id: UUID | str
    sequence: int
    status: Status
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    venue: str
    changed_at: datetime
    description: str = ""
    url: str = ""
    organiser: str = ""
    organiser_email: str = ""
    language: Language = "id"

    @property
    def method(self) -> str:
        """What a calendar does with the file (RFC 5546)."""
        return "CANCEL" if self.status == "CANCELLED" else "PUBLISH"


def ics(facts: CalendarFacts) -> bytes:
    """The file (RFC 5545); a cancelled meeting is a CANCEL of the same UID."""
    starts, name = localise(facts.starts_at, facts.zone)
    calendar = Calendar()
    calendar.add("prodid", "-//Sejawat//Pendaftaran//ID")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", facts.method)
    calendar.add_component(_zone(name))
    event = _event(facts, starts)
    if facts.status != "CANCELLED":
        event.add_component(_reminder(facts))
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _event(facts: CalendarFacts, starts: datetime) -> Event:
    event = Event()
    event.add("uid", f"registration-{facts.registration_id}@sejawat")
    event.add("sequence", facts.sequence)
    event.add("dtstamp", facts.changed_at)
    event.add("dtstart", starts)
    event.add("dtend", localise(facts.ends_at, facts.zone)[0])
    event.add("status", facts.status)
    event.add("summary", facts.title)
    event.add("location", facts.venue)
    if facts.description:
        event.add("description", facts.description)
    if facts.url:
        event.add("url", facts.url)
    if facts.organiser_email:
        organiser = vCalAddress(f"mailto:{facts.organiser_email}")
        organiser.params["CN"] = vText(facts.organiser)
        event.add("organizer", organiser)
    return event


def _zone(name: str) -> Timezone:
    """WIB, WITA or WIT as a VTIMEZONE: one offset all year, for there is no daylight saving."""
    offset = datetime(2022, 8, 9, tzinfo=ZoneInfo(ZONES[name])).utcoffset()
    standard = TimezoneStandard()
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - a VTIMEZONE begins in local time
    standard.add("tzoffsetfrom", offset)
    standard.add("tzoffsetto", offset)
    standard.add("tzname", name)
    zone = Timezone()
    zone.add("tzid", ZONES[name])
    zone.add_component(standard)
    return zone


def _reminder(facts: CalendarFacts) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(days=-1))
    alarm.add("description", _REMINDERS[facts.language].format(facts.title))
    return alarm
