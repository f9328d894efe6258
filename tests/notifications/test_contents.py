"""How a wording becomes a message: slots for WhatsApp, files for calendars, what is in use now."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from builders import meeting_facts, registration_facts
from icalendar import Calendar
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError
from notifications.exchange import gateways
from notifications.mailroom import (
    ROOT,
    Mailroom,
    changed,
    deliver,
    mails,
    messages,
    registered,
    rows,
    send_due,
)

from services.notifications.attachments import calendar
from services.notifications.contents import (
    FILES,
    TemplateNotFound,
    Wording,
    base,
    in_use,
    sample,
)
from services.notifications.resources import database
from shared.documents.calendar import CalendarFacts, ics
from shared.events import (
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationRejected,
    RegistrationRescheduled,
    SeatOffered,
)
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")

NOW = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


def wording(**changes: str) -> Wording:
    """The approval's wording with other parts; `whatsapp_id` is `whatsapp.id.txt`."""
    names = {name.rpartition(".")[0].replace(".", "_"): name for name in FILES}
    parts = dict(base("registration_approved").parts)
    return Wording(parts | {names[name]: source for name, source in changes.items()})


def values(**more: Any) -> dict[str, Any]:
    return sample("registration_approved", "id") | more


def test_slots_are_filled_in_the_order_of_the_text() -> None:
    said = wording(whatsapp_id="Yth. {{ name }}, kode {{ code }}: {{ name }}.\n\nSalam\n")
    found = said.render("whatsapp", "id", values(name="Ani Contoh", code="X1"))
    assert found.parameters == ("Ani Contoh", "X1", "Ani Contoh")
    assert found.text == "Yth. Ani Contoh, kode X1: Ani Contoh.\n\nSalam"
    assert (found.subject, found.html) == (None, None)


@pytest.mark.parametrize("typed", ["a\nb", "a\t b", "a     b", " a b\r\n", "a\u2028b"])
def test_meta_gets_no_line_break_in_a_slot(typed: str) -> None:
    found = wording().render("whatsapp", "id", values(venue=typed))
    assert "a b" in (found.parameters or ())


def test_meta_gets_no_empty_slot() -> None:
    found = wording().render("whatsapp", "id", values(venue="  "))
    assert "-" in (found.parameters or ())


@pytest.mark.parametrize("channel", ["email", "sms", "whatsapp"])
def test_a_value_that_is_not_there_is_an_error(channel: Any) -> None:
    known = values()
    del known["meeting"]
    with pytest.raises(UndefinedError, match="meeting"):
        wording().render(channel, "id", known)


def test_a_wording_reaches_nothing_of_ours() -> None:
    for source in ("{{ name.__class__.__mro__ }}", "{{ name.format.__globals__ }}"):
        with pytest.raises(SecurityError):
            wording(text_id=source).render("email", "id", values())


def test_there_is_no_template_outside_its_folder() -> None:
    for name in ("tidak_ada", "..", "../mail/seat_offered", ""):
        with pytest.raises(TemplateNotFound):
            base(name)


def test_whatsapp_gets_its_slots_with_the_message(mailroom: Mailroom) -> None:
    ways = [{"kind": "log", "name": name, "channel": name} for name in ("whatsapp", "sms")]
    with gateways(mailroom, *ways):
        deliver(registered(email=None, phone="+6281234567890"))
    [message] = messages()
    assert message.channel == "whatsapp"
    assert message.parameters[0] == "Peserta Contoh"
    assert message.text.startswith("Yth. Peserta Contoh, ")
    assert [way["channel"] for way in message.fallbacks] == ["sms"]


def facts(status: Any = "approved", version: int = 4) -> Any:
    meeting = meeting_facts(version=3, zone="Asia/Makassar")
    return registration_facts(status=status, version=version, meeting=meeting)


def entry(text: str | bytes) -> Any:
    [event] = Calendar.from_ical(text).walk("VEVENT")
    return event


@pytest.mark.parametrize("status", ["approved", "submitted", "offered", "cancelled", "rejected"])
def test_the_attached_entry_is_the_one_of_the_registrants_own_page(status: Any) -> None:
    """Services do not import each other; this holds both to the same UID and SEQUENCE."""
    told = facts(status)
    states = {"approved": "CONFIRMED", "cancelled": "CANCELLED", "rejected": "CANCELLED"}
    own_page: Any = CalendarFacts(
        registration_id=told.registration_id,
        sequence=told.meeting.version + told.version,
        status=states.get(status, "TENTATIVE"),  # type: ignore[arg-type]
        title=told.meeting.title,
        starts_at=told.meeting.starts_at,
        ends_at=told.meeting.ends_at,
        zone=told.meeting.zone,
        venue=told.meeting.venue,
        changed_at=NOW,
        url=told.own_link,
        language=told.participant.language,
    )
    file = calendar(told, NOW)
    attached, downloaded = entry(file["text"]), entry(ics(own_page))
    assert attached["UID"] == f"registration-{told.registration_id}@sejawat"
    assert attached["SEQUENCE"] == 7
    assert attached.to_ical() == downloaded.to_ical()
    method = "CANCEL" if states.get(status) == "CANCELLED" else "PUBLISH"
    assert Calendar.from_ical(file["text"])["METHOD"] == method
    assert file["media_type"].endswith(f"method={method}")
    assert file["name"].isascii()


def test_who_comes_gets_the_meeting_for_the_calendar(sink: SmtpSink) -> None:
    person = {"registration_id": UUID(int=7)}
    soon = datetime(2030, 1, 1, tzinfo=UTC)
    deliver(
        changed(RegistrationApproved, version=2, **person),
        changed(SeatOffered, status="offered", version=3, expires_at=soon, **person),
        changed(RegistrationRescheduled, version=4, **person),
        changed(
            RegistrationCancelled, status="cancelled", version=5, by="host", reason="", **person
        ),
        changed(RegistrationRejected, status="rejected", version=6, reason="Penuh."),
        registered(),
    )
    attached = {m.rule: m.attachments for m in messages() if m.attachments}
    assert set(attached) == {
        *("registration-approved", "seat-offered"),
        *("registration-rescheduled", "registration-cancelled"),
    }
    entries = [entry(files[0]["text"]) for files in attached.values()]
    assert len({one["UID"] for one in entries}) == 1
    assert [one["SEQUENCE"] for one in entries] == sorted({one["SEQUENCE"] for one in entries})
    later = "now() + interval '1 day'"
    rows(f"UPDATE message SET state = 'queued', state_reason = '', expires_at = {later}")
    send_due()
    kinds = {
        part["Content-Type"].params["method"]
        for mail in mails(sink)
        for part in mail.iter_attachments()
    }
    assert kinds == {"PUBLISH", "CANCEL"}


def test_an_sms_carries_no_file() -> None:
    deliver(changed(RegistrationApproved, email=None, phone="+6281234567890"))
    [message] = messages()
    assert message.attachments is None


def test_what_the_repository_says_is_in_use_until_somebody_publishes() -> None:
    with database.sessions.begin() as session:
        assert in_use(session, "seat_offered") is base("seat_offered")
    deliver(registered())
    [message] = messages()
    assert message.template_version is None


def test_where_nobody_reads_answers_no_mail_asks_for_one(mailroom: Mailroom) -> None:
    program = """if True:
        from services.notifications import contents
        from services.notifications.providers import registry
        registry.ways()
        for name in contents.names():
            for language in contents.LANGUAGES:
                values = contents.sample(name, language)
                said = contents.base(name).render("email", language, values)
                print(said.text, said.html)"""
    elsewhere = {
        "MAIL_REPLY_TO": "",
        "ENVIRONMENT": "production",
        "BASE_URL": "https://sejawat.contoh.id",
    }
    told = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | mailroom.environment | elsewhere,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "nobody_reads_answers" in told
    assert "Tanyakan kepada panitia pertemuan" in told
    assert not re.search(r"[Bb]alas (saja )?surel|reply to this e-mail", told)
    asked = sample("thanks", "id")
    assert "Balas saja surel ini" in base("thanks").render("email", "id", asked).text
