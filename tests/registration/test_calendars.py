"""The meeting in somebody's calendar."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar
from registration.paper_facts import MEETING, TICKET, wib

from shared.documents.calendar import CalendarFacts, ics

EVENT = CalendarFacts(
    registration_id=UUID(int=7),
    sequence=0,
    status="CONFIRMED",
    title=MEETING,
    starts_at=wib(9, 8),
    ends_at=wib(10, 12),
    zone="WIB",
    venue="CK Hotel Tanjungpinang; Jalan Contoh, Tanjungpinang",
    changed_at=wib(1, 9),
)


def opened(content: bytes) -> Any:
    """The file as a calendar program reads it."""
    return Calendar.from_ical(content)


def event_of(calendar: Any) -> Any:
    (event,) = calendar.walk("VEVENT")
    return event


def test_a_changed_meeting_moves_in_the_calendar_and_a_cancelled_one_goes() -> None:
    first = opened(ics(EVENT))
    moved = opened(ics(replace(EVENT, sequence=1, starts_at=wib(9, 9))))
    over = opened(ics(replace(EVENT, sequence=2, status="CANCELLED")))

    assert {str(event_of(each)["UID"]) for each in (first, moved, over)} == {
        f"registration-{UUID(int=7)}@sejawat"
    }
    assert [event_of(each)["SEQUENCE"] for each in (first, moved, over)] == [0, 1, 2]
    assert [str(each["METHOD"]) for each in (first, moved, over)] == [
        "PUBLISH",
        "PUBLISH",
        "CANCEL",
    ]
    assert str(event_of(over)["STATUS"]) == "CANCELLED"
    assert not over.walk("VALARM")


@pytest.mark.parametrize(
    ("zone", "tzid", "hours", "local"),
    [
        ("WIB", "Asia/Jakarta", 7, 8),
        ("WITA", "Asia/Makassar", 8, 9),
        ("WIT", "Asia/Jayapura", 9, 10),
    ],
)
def test_a_calendar_shows_the_venues_clock_all_year(
    zone: str, tzid: str, hours: int, local: int
) -> None:
    calendar = opened(ics(replace(EVENT, zone=zone)))

    event = event_of(calendar)
    assert event["DTSTART"].dt == EVENT.starts_at
    assert event["DTSTART"].dt.hour == local
    assert event["DTSTART"].params["TZID"] == tzid
    assert event["DTEND"].dt == EVENT.ends_at
    (timezone,) = calendar.walk("VTIMEZONE")
    assert str(timezone["TZID"]) == tzid
    assert not calendar.walk("DAYLIGHT")
    (standard,) = calendar.walk("STANDARD")
    assert standard["TZOFFSETTO"].td == standard["TZOFFSETFROM"].td == timedelta(hours=hours)
    (alarm,) = calendar.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(days=-1)


def test_a_calendar_that_is_passed_on_opens_nobodys_registration() -> None:
    assert b"URL" not in ics(EVENT)
    own = event_of(opened(ics(replace(EVENT, url=TICKET, status="TENTATIVE"))))
    assert str(own["URL"]) == TICKET
    assert str(own["STATUS"]) == "TENTATIVE"
    assert str(own["LOCATION"]) == EVENT.venue


def test_the_organiser_can_be_asked_and_words_keep_their_commas() -> None:
    facts = replace(
        EVENT,
        description="Bawa surat tugas, dan tiket;\nsampai jumpa.",
        organiser="Dinas Contoh, Bidang I",
        organiser_email="dinas@contoh.invalid",
    )
    content = ics(facts)
    event = event_of(opened(content))
    assert str(event["DESCRIPTION"]) == facts.description
    assert event["ORGANIZER"] == "mailto:dinas@contoh.invalid"
    assert event["ORGANIZER"].params["CN"] == facts.organiser
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert content == ics(facts)
