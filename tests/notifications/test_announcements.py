"""Announcements: who is reached, counted before; written once whatever happens; and stopped."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import emptying
import pytest
from notifications.announcing_people import (
    BINTAN,
    CLEAR,
    KEPRI,
    NATIONAL,
    act,
    at_noon,
    counted,
    draft,
    many,
    meeting,
    official,
    participant,
    send,
    shown,
    started,
    write,
)
from notifications.mailroom import Mailroom, body, mails, messages, rows, send_due
from sites import eventually

from services.notifications import announcements, announcing, forgetting, segments
from services.notifications.announcements import Nobody, NotNow, RuleOff
from services.notifications.resources import database
from shared.local.smtp_sink import SmtpSink
from shared.security import Caller

pytestmark = pytest.mark.usefixtures("nobody")


@pytest.fixture
def nobody(empty: None) -> Iterator[None]:
    assert empty is None
    rows(CLEAR)
    yield
    rows(CLEAR)


def states() -> Counter[str]:
    """As `mailroom.states`, without the times: those of a paused one are no times for Python."""
    return Counter(row.state for row in rows("SELECT state FROM message"))


def told() -> list[str]:
    return sorted(message.recipient for message in messages())


def test_an_official_reaches_their_own_region_and_a_province_its_own_meetings() -> None:
    meeting()
    meeting("plm-14", "14")
    participant(email="bintan@contoh.id")
    participant(email="karimun@contoh.id", region_code="21.02.01.2001")
    participant(email="tamu@contoh.id", region_code="14.01.01.2001")
    participant(email="tamu-kita@contoh.id", meeting_slug="plm-14")
    participant(email="lain@contoh.id", meeting_slug="plm-14", region_code="14.01.01.2001")
    reach: list[tuple[Caller, set[str]]] = [
        (NATIONAL, {"bintan", "karimun", "tamu", "tamu-kita", "lain"}),
        (KEPRI, {"bintan", "karimun", "tamu", "tamu-kita"}),
        (BINTAN, {"bintan", "tamu-kita"}),
        (Caller("regency", "Tanpa wilayah"), set()),
    ]
    for caller, expected in reach:
        rows(emptying.deleting("message_action", "receipt", "attempt", "message"))
        found = draft(caller)
        assert counted(found, caller if caller.region_code else NATIONAL).recipients == len(
            expected
        )
        if expected:
            act("start", found, caller)
            write()
        assert {one.partition("@")[0] for one in told()} == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, {"a", "b", "c"}),
        ({"meeting": "plm-2"}, {"b"}),
        ({"region_code": "21.02"}, {"c"}),
        ({"statuses": ["waiting", "rejected"]}, {"b", "d"}),
        ({"participant_types": ["impact"]}, {"c"}),
        ({"kind": "officials"}, {"petugas", "pustakawan"}),
        ({"kind": "officials", "roles": ["regency"]}, {"petugas"}),
    ],
)
def test_an_audience_is_as_narrow_as_it_is_asked_for(
    wanted: dict[str, Any], expected: set[str]
) -> None:
    participant(email="a@contoh.id")
    participant(email="b@contoh.id", meeting_slug="plm-2", status="waiting")
    participant(email="c@contoh.id", participant_type="impact", region_code="21.02.01.2001")
    participant(email="d@contoh.id", status="rejected")
    official(email="petugas@contoh.id", role="regency")
    official(email="pustakawan@contoh.id")
    official(email="berhenti@contoh.id", active=False)
    started(**wanted)
    write()
    assert {one.partition("@")[0] for one in told()} == expected


def test_who_registered_twice_is_one_person() -> None:
    participant(email="Siti@contoh.id")
    participant(email="siti@contoh.id", meeting_slug="plm-2", phone="+6281234567890")
    participant(email=None, phone="+6281234567891")
    found = started(channels=["email", "sms"])
    assert shown(found).recipients == 2
    write()
    assert [message.channel for message in messages()] == ["sms", "email"]


def test_the_count_says_before_what_will_become_of_each() -> None:
    participant(email="surel@contoh.id")
    participant(email="inggris@contoh.id", language="en", region_code="21.02.01.2001")
    participant(email=None, phone="+6281234567890")
    participant(email="berhenti@contoh.id", phone="+6281234567899")
    participant(email="kembali@contoh.id")
    participant(email="kembali2@contoh.id", phone="+6281234567891")
    rows("INSERT INTO preference (address, class) VALUES ('berhenti@contoh.id', 'bulk')")
    for address in ("kembali@contoh.id", "kembali2@contoh.id"):
        rows(
            "INSERT INTO suppression (channel, address, reason, region_code) "
            "VALUES ('email', :address, 'bounce', '21')",
            address=address,
        )
    found = draft(channels=["email", "sms"])
    count = counted(found)
    assert dict(count.channels) == {"email": 2, "sms": 2}
    assert (count.unsubscribed, count.suppressed, count.unreachable) == (1, 1, 0)
    assert dict(count.areas) == {"21.01": 3, "21.02": 1}
    assert counted(draft()).unreachable == 1, "without SMS one has no address"


def test_the_estimate_counts_parts_and_says_when_no_price_is_known() -> None:
    participant(email=None, phone="+6281234567890")
    long = draft(channels=["sms"], body="a" * 200)
    with database.sessions.begin() as session:
        found = announcements.find(session, KEPRI, long)
        count = announcements.count(session, found)
        parts, cost = announcing.cost(session, found, count)
        said = announcing.example(session, found, "sms", "id").text
    assert parts == segments.count(said).parts == 2
    assert cost is None, "the log has no price"
    mail = draft()
    with database.sessions.begin() as session:
        found = announcements.find(session, KEPRI, mail)
        assert announcing.cost(session, found, announcements.count(session, found)) == (
            0,
            Decimal(0),
        )


def test_hundreds_are_told_once_each_and_then_it_is_done(sink: SmtpSink) -> None:
    many(announcing.CHUNK + 37)
    found = started()
    write()
    assert shown(found).state == "sending"
    assert shown(found).written == announcing.CHUNK + 37
    send()
    write()
    assert shown(found).state == "done"
    sent = mails(sink)
    assert len(sent) == len({str(mail["To"]) for mail in sent}) == announcing.CHUNK + 37
    [state] = states()
    assert state == "accepted"


def test_the_text_stays_text_and_its_addresses_become_links(sink: SmtpSink) -> None:
    participant(email="peserta@contoh.id", language="en")
    words = "<b>Halo</b> {{ 7 * 7 }}\nbaris dua\n\nhttps://contoh.id/a?b=1&c=2, ya. http://lama.id"
    started(subject="Kabar <baru>", body=words)
    write()
    send()
    [mail] = mails(sink)
    assert mail["Subject"] == "Kabar <baru>"
    assert words in body(mail).replace("\r\n", "\n")
    html = body(mail, "html")
    assert "&lt;b&gt;Halo&lt;/b&gt; {{ 7 * 7 }}<br>" in html
    assert 'href="https://contoh.id/a?b=1&amp;c=2"' in html
    assert "lama.id" in html
    assert 'href="http://lama.id' not in html
    assert mail["Content-Language"] == "id", "there is no English text, so all is Indonesian"


def test_who_reads_english_gets_it_when_it_is_there(sink: SmtpSink) -> None:
    participant(email="english@contoh.id", language="en")
    participant(email="indonesia@contoh.id")
    started(subject_en="The material", body_en="It is there.")
    write()
    send()
    subjects = {str(mail["To"]): str(mail["Subject"]) for mail in mails(sink)}
    assert subjects == {
        "english@contoh.id": "The material",
        "indonesia@contoh.id": "Bahan pertemuan",
    }


def test_it_starts_once_and_never_for_nobody() -> None:
    with pytest.raises(Nobody):
        started()
    participant()
    found = started()
    act("start", found)  # the second click
    assert [entry["action"] for entry in shown(found).history] == ["started"]
    write()
    assert len(messages()) == 1
    late = draft(expires_at=datetime.now(UTC) + timedelta(hours=1))
    rows("UPDATE announcement SET expires_at = now() WHERE id = :id", id=late)
    with pytest.raises(NotNow):
        act("start", late)


def test_its_messages_end_three_days_after_the_start() -> None:
    participant()
    found = shown(started())
    write()
    [message] = messages()
    assert found.started_at
    assert message.expires_at == found.expires_at == found.started_at + timedelta(days=3)
    assert message.announcement_id == message.event_id == found.id


def test_pausing_holds_what_waits_and_what_comes_back(sink: SmtpSink) -> None:
    many(5)
    found = started()
    write()
    [first, *_] = messages()
    rows("UPDATE message SET state = 'claimed', lease_until = now() WHERE id = :id", id=first.id)
    act("pause", found)
    rows("UPDATE message SET state = 'queued', lease_until = NULL WHERE id = :id", id=first.id)
    write()
    send()
    assert states() == {"queued": 5}
    act("resume", found, NATIONAL)
    send()
    assert states() == {"accepted": 5}
    assert len(mails(sink)) == 5
    assert [(entry["action"], entry["actor"]) for entry in shown(found).history] == [
        ("started", KEPRI.name),
        ("paused", KEPRI.name),
        ("resumed", NATIONAL.name),
    ]


RULE = "INSERT INTO rule_setting (rule, {}, actor) VALUES ('announcement', {}, 'Petugas Contoh')"


def test_its_own_channels_hold_whatever_the_rule_says() -> None:
    participant(email="peserta@contoh.id", phone="+6281234567890")
    rows(RULE.format("channels", """'["sms"]'"""))
    started(channels=["email"])
    write()
    assert [message.channel for message in messages()] == ["email"]


def test_none_starts_while_the_rule_is_off() -> None:
    participant()
    rows(RULE.format("enabled", "false"))
    with pytest.raises(RuleOff):
        started()


@pytest.mark.parametrize("action", ["pause", "cancel"])
def test_of_very_many_nothing_more_goes_out_at_once(action: str, sink: SmtpSink) -> None:
    many(announcements.CHUNK + 3)
    found = started()
    write()
    act(action, found)
    send()
    assert mails(sink) == []


def test_of_very_many_the_first_follow_at_once_and_the_rest_soon() -> None:
    many(announcements.CHUNK + 1)
    found = started()
    write()

    def waiting() -> int:
        held = "SELECT FROM message WHERE state = 'queued' AND next_attempt_at < 'infinity'"
        return len(rows(held))

    act("pause", found)
    assert waiting() == 1
    write()
    assert waiting() == 0
    act("resume", found)
    assert waiting() == announcements.CHUNK
    write()
    assert waiting() == announcements.CHUNK + 1
    act("cancel", found)
    write()
    assert states() == {"cancelled": announcements.CHUNK + 1}


def test_pausing_before_all_is_written_stops_the_writing() -> None:
    many(3)
    found = started()
    act("pause", found)
    write()
    assert messages() == []
    act("resume", found)
    write()
    assert len(messages()) == 3


def test_cancelling_drops_what_waits_and_keeps_what_was_sent(sink: SmtpSink) -> None:
    many(2)
    found = started()
    write()
    send()
    rows("UPDATE message SET state = 'queued' WHERE recipient = 'p1@contoh.id'")
    act("cancel", found)
    assert {m.recipient: m.state for m in messages()} == {
        "p0@contoh.id": "accepted",
        "p1@contoh.id": "cancelled",
    }
    rows("UPDATE message SET state = 'queued' WHERE recipient = 'p1@contoh.id'")
    write()  # what came back from a worker
    assert states() == {"accepted": 1, "cancelled": 1}
    assert shown(found).state == "cancelled"
    assert len(mails(sink)) == 2
    with pytest.raises(NotNow):
        act("resume", found)


def test_who_is_erased_meanwhile_is_not_told() -> None:
    gone, _stays = participant(email="pergi@contoh.id"), participant(email="tinggal@contoh.id")
    started()
    with database.sessions.begin() as session:
        forgetting.erase(session, [str(gone)])
    write()
    assert told() == ["tinggal@contoh.id"]


def test_a_writer_that_is_killed_doubles_nothing(mailroom: Mailroom) -> None:
    number = 3 * announcing.CHUNK
    many(number)
    found = started()
    written: list[int] = []
    while shown(found).state == "writing":
        command = "from services.notifications.jobs import write_announcements as job; job()"
        writer = mailroom.python("-c", command)
        before = shown(found).written
        eventually(
            lambda: shown(found).written > before or shown(found).state != "writing",  # noqa: B023
            "a chunk is written",
            60,
        )
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        written.append(shown(found).written)
        assert len(messages()) == shown(found).written
    assert len(set(told())) == len(messages()) == number
    assert len(written) > 1, "it was killed in the middle at least once"


def test_a_slice_ends_and_the_next_one_goes_on() -> None:
    many(3)
    started()
    with database.sessions.begin() as session:
        assert session.is_active
    assert not announcing.write_due(0, lambda _session: None)
    assert messages() == []
    write()
    assert len(messages()) == 3


def test_one_that_is_over_ends_wherever_it_stands() -> None:
    many(2)
    paused, unwritten = started(), started()
    rows("UPDATE announcement SET state = 'paused' WHERE id = :id", id=unwritten)
    write()
    act("pause", paused)
    rows("UPDATE announcement SET expires_at = now()")
    rows("UPDATE message SET expires_at = now()")
    with pytest.raises(NotNow):
        act("resume", paused)
    at_noon()
    send_due("bulk")
    write()
    assert states() == {"expired": 2}
    assert shown(paused).state == shown(unwritten).state == "done"
