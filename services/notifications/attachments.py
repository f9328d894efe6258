"""What goes with a mail as a file: the meeting, for the reader's calendar.

It is the same entry as the file on the registrant's own page, so the same rule stands in
registration's `documents.calendar` and `pages.own`: the UID is `registration-<id>@sejawat`, and the
SEQUENCE the versions of meeting and registration together, of which none ever falls. A calendar
that has the one is changed by the other; a test holds both to it.
"""

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard

from shared.events import RegistrationFacts
from shared.web.formats import ZONES, Language, localise

_REMINDERS: dict[Language, str] = {"id": "Besok: {}", "en": "Tomorrow: {}"}


def calendar(facts: RegistrationFacts, changed_at: datetime) -> dict[str, str]:
    """The meeting of a registration (RFC 5545), as an attachment; it takes itself back when over.

    It holds the person's own link, so it goes to that person alone. `changed_at` is its DTSTAMP.
    """
    is_over = facts.status in {"rejected", "cancelled"}
    method = "CANCEL" if is_over else "PUBLISH"
    starts, zone = localise(facts.meeting.starts_at, facts.meeting.zone)
    file = Calendar()
    file.add("prodid", "-//Sejawat//Pesan//ID")
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    file.add("method", method)
    file.add_component(_zone(zone))
    event = _event(facts, starts, changed_at)
    if not is_over:
        event.add_component(_reminder(facts))
    file.add_component(event)
    return {
        "name": f"{facts.meeting.slug}.ics",
        "media_type": f"text/calendar; charset=utf-8; method={method}",
        "text": file.to_ical().decode(),
    }


def _event(facts: RegistrationFacts, starts: datetime, changed_at: datetime) -> Event:
    meeting = facts.meeting
    event = Event()
    event.add("uid", f"registration-{facts.registration_id}@sejawat")
    event.add("sequence", meeting.version + facts.version)
    event.add("dtstamp", changed_at)
    event.add("dtstart", starts)
    event.add("dtend", localise(meeting.ends_at, meeting.zone)[0])
    event.add("status", _status(facts))
    event.add("summary", meeting.title)
    event.add("location", meeting.venue)
    event.add("url", facts.own_link)
    return event


def _status(facts: RegistrationFacts) -> str:
    if facts.status in {"rejected", "cancelled"}:
        return "CANCELLED"
    return "CONFIRMED" if facts.status == "approved" else "TENTATIVE"


@cache
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


def _reminder(facts: RegistrationFacts) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", timedelta(days=-1))
    alarm.add("description", _REMINDERS[facts.participant.language].format(facts.meeting.title))
    return alarm
