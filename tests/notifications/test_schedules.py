"""Reminders and thanks: at the right moment, to the right people, once."""

import re
from datetime import timedelta

import pytest
from notifications.mailroom import (
    OWN_LINK,
    body,
    changed,
    deliver,
    mails,
    messages,
    rows,
    sealed,
    send_due,
)
from notifications.reminded import FIRST, SLUG, comes, due, meeting, run, told, when

from services.notifications import rules, schedules
from services.notifications.rules import REMINDER_DAY, REMINDER_MORNING, REMINDER_WEEK, THANKS, Rule
from shared.events import (
    AttendanceChanged,
    MeetingCancelled,
    MeetingPublished,
    RegistrationCancelled,
    RegistrationErased,
    RegistrationWaitlisted,
)
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty", "nobody")


# --- when ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "begins", "offset"),
    [
        ("Asia/Jakarta", "08:00+07:00", "+07:00"),
        ("Asia/Makassar", "08:00+08:00", "+08:00"),
        ("Asia/Jayapura", "08:00+09:00", "+09:00"),
    ],
)
def test_all_is_counted_on_the_clock_of_the_venue(zone: str, begins: str, offset: str) -> None:
    facts = meeting(zone, begins)
    assert due(REMINDER_WEEK, facts) == when(FIRST - timedelta(days=7), "09:00" + offset)
    assert due(REMINDER_DAY, facts) == when(FIRST - timedelta(days=1), "09:00" + offset)
    assert due(REMINDER_MORNING, facts) == when(FIRST - timedelta(days=1), "18:00" + offset)
    assert due(THANKS, facts) == when(FIRST + timedelta(days=2), "10:00" + offset)


@pytest.mark.parametrize(
    ("zone", "begins", "expected"),
    [
        ("Asia/Jakarta", "10:00+07:00", "08:00+07:00"),
        ("Asia/Jakarta", "09:59+07:00", None),
        ("Asia/Makassar", "11:00+08:00", "08:00+08:00"),
        ("Asia/Makassar", "10:30+08:00", None),
        ("Asia/Jayapura", "12:00+09:00", "08:00+09:00"),
        ("Asia/Jayapura", "11:30+09:00", None),
    ],
)
def test_the_last_reminder_comes_in_the_morning_if_all_have_two_hours_left(
    zone: str, begins: str, expected: str | None
) -> None:
    """Who travels there from Jakarta is not written to before eight o'clock in Jakarta."""
    at = due(REMINDER_MORNING, meeting(zone, begins))
    evening = when(FIRST - timedelta(days=1), "18:00" + begins[-6:])
    assert at == (when(FIRST, expected) if expected else evening)


def test_each_may_come_late_until_the_next_one_or_the_beginning() -> None:
    facts = meeting()
    assert schedules.until(REMINDER_WEEK, facts) == due(REMINDER_DAY, facts)
    assert schedules.until(REMINDER_DAY, facts) == due(REMINDER_MORNING, facts)
    assert schedules.until(REMINDER_MORNING, facts) == facts.starts_at
    assert schedules.until(THANKS, facts) == due(THANKS, facts) + timedelta(days=3)


# --- who -----------------------------------------------------------------------------------


def test_from_the_first_reminder_to_the_thanks_each_comes_once() -> None:
    facts = meeting()
    there = comes(facts)
    steps = [
        (due(REMINDER_WEEK, facts) - timedelta(minutes=1), 0),
        (due(REMINDER_WEEK, facts), 1),
        (due(REMINDER_DAY, facts) - timedelta(minutes=1), 1),
        (due(REMINDER_DAY, facts), 2),
        (due(REMINDER_MORNING, facts), 3),
        (facts.ends_at, 3),
    ]
    for at, count in steps:
        run(at)
        run(at)
        assert len(messages()) == count, at
    fields = {"meeting_slug": SLUG, "day": FIRST, "session_id": None, "present": True}
    deliver(sealed(AttendanceChanged(registration_id=there, changed_at=facts.starts_at, **fields)))
    comes(facts, email="tidak.datang@contoh.id")
    run(due(THANKS, facts))
    *_, last = messages()
    assert (len(messages()), last.rule) == (4, "thanks"), "who was not there is not thanked"
    assert {m.person for m in messages()} == {"Peserta Contoh"}


def test_only_who_has_a_certain_seat_is_reminded() -> None:
    facts = meeting()
    comes(facts)
    deliver(changed(RegistrationWaitlisted, status="waiting", **facts.model_dump()))
    rows("DELETE FROM message")
    run(due(REMINDER_WEEK, facts))
    assert told() == ["reminder-week queued"]


def test_two_of_one_library_who_share_an_address_are_both_reminded() -> None:
    facts = meeting()
    for name in ("Ani Contoh", "Budi Contoh"):
        comes(facts, name=name)
    run(due(REMINDER_WEEK, facts))
    assert {message.person for message in messages()} == {"Ani Contoh", "Budi Contoh"}


def test_a_reminder_keeps_the_hours_of_where_its_reader_lives(sink: SmtpSink) -> None:
    facts = meeting("Asia/Jayapura", "12:00+09:00")
    comes(facts, region_code="91", email="papua@contoh.id")
    comes(facts, region_code="73", email="sulsel@contoh.id")
    comes(facts, region_code="31", email="jakarta@contoh.id")
    run(due(REMINDER_MORNING, facts))
    assert {message.recipient: message.zone for message in messages()} == {
        "papua@contoh.id": "Asia/Jayapura",
        "sulsel@contoh.id": "Asia/Makassar",
        "jakarta@contoh.id": "Asia/Jakarta",
    }
    # Whatever the time is now: it goes out by day, and waits by night for eight o'clock there.
    send_due("reminder")
    for message in messages():
        clock = rows(
            "SELECT now() AT TIME ZONE :zone AS now, CAST(:at AS timestamptz) AT TIME ZONE :zone "
            "AS next",
            zone=message.zone,
            at=message.next_attempt_at,
        )[0]
        if rules.OPENS <= clock.now.hour < rules.CLOSES:
            assert message.state == "accepted"
        else:
            assert (message.state, message.state_reason) == ("queued", "night")
            assert (clock.next.hour, clock.next.minute) == (rules.OPENS, 0)
    assert sink.directory.exists()


def test_a_cancelled_registration_is_not_reminded() -> None:
    facts = meeting()
    one = {"registration_id": comes(facts), **facts.model_dump(exclude={"version"})}
    run(due(REMINDER_WEEK, facts))
    end = {"status": "cancelled", "by": "registrant", "reason": "-"}
    deliver(changed(RegistrationCancelled, version=3, **end, **one))
    run(due(REMINDER_DAY, facts))
    assert told() == ["registration-cancelled queued", "reminder-week expired"]


def test_who_was_erased_is_not_reminded() -> None:
    facts = meeting()
    one = {"registration_id": comes(facts)}
    run(due(REMINDER_WEEK, facts))
    deliver(sealed(RegistrationErased(**one)))
    run(due(REMINDER_DAY, facts))
    [message] = messages()
    assert (message.state, message.recipient, message.text) == ("suppressed", "", None)


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("rule", schedules.SCHEDULES, ids=lambda rule: rule.name)
def test_each_is_a_whole_mail_that_can_be_unsubscribed(
    sink: SmtpSink, rule: Rule, language: str
) -> None:
    facts = meeting()
    there = comes(facts, language=language)
    fields = {"meeting_slug": SLUG, "day": FIRST, "session_id": None, "present": True}
    deliver(sealed(AttendanceChanged(registration_id=there, changed_at=facts.starts_at, **fields)))
    run(due(rule, facts))
    rows("DELETE FROM message WHERE rule <> :rule", rule=rule.name)
    rows("UPDATE message SET zone = NULL")  # whatever the time is now
    send_due("reminder")
    [mail] = mails(sink)
    text, html = body(mail), body(mail, "html")
    for part in (str(mail["Subject"]), text, html):
        assert not re.search(r"\bNone\b|\{\{|\{%|Undefined", part), part
    assert "\n\n\n" not in text
    links = re.findall(r"https?://\S+", text)
    assert [link for link in links if link not in html] == [], "both say the same"
    for link in (OWN_LINK, "/notifications/preferences/", f"?lang={language}"):
        assert link in text
    assert "/notifications/unsubscribe/" in str(mail["List-Unsubscribe"])


# --- meetings that move --------------------------------------------------------------------


def test_reminders_move_with_the_meeting() -> None:
    facts = meeting()
    comes(facts)
    run(due(REMINDER_WEEK, facts))
    rows("UPDATE message SET state = 'accepted', accepted_at = now()")
    moved = meeting(first=FIRST + timedelta(days=14), version=2)
    deliver(sealed(MeetingPublished(meeting=moved)))
    run(due(REMINDER_DAY, facts))
    assert told() == ["reminder-week accepted"], "nothing comes at the old date"
    run(due(REMINDER_WEEK, moved))
    assert told() == ["reminder-week accepted", "reminder-week queued"]
    assert str(moved.days[0].day) in messages()[-1].text


def test_a_reminder_that_waits_with_an_old_date_is_given_up() -> None:
    facts = meeting()
    comes(facts)
    run(due(REMINDER_WEEK, facts))
    deliver(sealed(MeetingPublished(meeting=meeting(version=2, title="Judul baru"))))
    assert told() == ["reminder-week queued"], "its name is no reason"
    deliver(sealed(MeetingPublished(meeting=meeting(version=3, venue="Gedung lain"))))
    assert told() == ["reminder-week expired"]
    assert messages()[0].state_reason == "overtaken"


def test_nobody_is_reminded_of_a_meeting_that_is_called_off() -> None:
    facts = meeting()
    comes(facts)
    run(due(REMINDER_WEEK, facts))
    off = facts.model_copy(update={"version": 2})
    deliver(sealed(MeetingCancelled(meeting=off, reason="Banjir.")))
    run(due(REMINDER_DAY, facts))
    assert told() == ["reminder-week expired"]
