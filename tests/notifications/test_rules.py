"""Every rule in both languages and on both channels; what it says, and when it is too late."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from builders import events, library_reminder, report_returned
from notifications.about_data import one_of_each
from notifications.announcing_people import official
from notifications.mailroom import (
    OWN_LINK,
    SOON,
    account_created,
    body,
    changed,
    claimed,
    code_requested,
    coming_meeting,
    deliver,
    mails,
    messages,
    registered,
    rows,
    sealed,
    send_due,
)
from uuid_utils.compat import uuid7

from services.notifications import claims, forgetting, jobs, rules, words
from services.notifications.handlers.accounts import ROLES
from services.notifications.providers import registry
from services.notifications.resources import database
from services.notifications.templates import TEMPLATE_TEST
from shared.bus.envelope import Envelope
from shared.events import (
    SUBSCRIBERS,
    BoothDecided,
    CertificateIssued,
    CertificateRevoked,
    ImportFinished,
    OwnLink,
    OwnLinksRequested,
    RegistrationApproved,
    RegistrationCancelled,
    RegistrationCorrected,
    RegistrationErased,
    RegistrationRejected,
    RegistrationRescheduled,
    RegistrationReturned,
    RegistrationWaitlisted,
    ReportEvent,
    SeatOffered,
)
from shared.local.smtp_sink import SmtpSink
from shared.security import Role

pytestmark = pytest.mark.usefixtures("empty")

BY_EVENT = {rule.name for rule in rules.ALL if isinstance(rule.trigger, type)}
HOSTILE = (
    'Kurang <script src="//x">alert(1)</script>\n\nHubungi kami:\nhttp://jahat.contoh {{ code }}'
)
# Links of their own, none at all, or none that whoever reads there may have.
NO_LINK = {"own-links", "sign-in-code", "data-request-answered", "contact-changed"}
REASON = {"reason": "Surat tugas belum bertanda tangan."}
CERTIFICATE: dict[str, Any] = {"certificate_id": uuid7(), "number": "0001/PLM-21/2027"}
VERIFY = {"jp": 16, "verify_link": "http://sejawat.contoh.id/registration/c/7QF3K"}


def links_requested(**changes: Any) -> Envelope[Any]:
    meeting = coming_meeting()
    links = [
        OwnLink(name=name, meeting=meeting, own_link=f"{OWN_LINK}-{name[:3]}")
        for name in ("Ani Contoh", "Budi Contoh")
    ]
    fields = {
        "request_id": uuid7(),
        "email": "peserta@contoh.id",
        "phone": None,
        "language": "id",
        "region_code": "21.01",
        "links": links,
    }
    return sealed(OwnLinksRequested.model_validate(fields | changes))


def every_kind(**reader: Any) -> list[Envelope[Any]]:
    """One of each event that somebody is told of; `reader` says language, address and number."""
    language = {"language": reader["language"]} if "language" in reader else {}
    return [
        registered(**reader),
        changed(RegistrationWaitlisted, status="waiting", **reader),
        changed(RegistrationApproved, **reader),
        changed(RegistrationReturned, status="needs_correction", **REASON, **reader),
        changed(RegistrationCorrected, status="submitted", **reader),
        changed(RegistrationRejected, status="rejected", **REASON, **reader),
        *(
            changed(RegistrationCancelled, status="cancelled", by=by, **REASON, **reader)
            for by in ("registrant", "host", "expiry", "meeting")
        ),
        changed(SeatOffered, status="offered", expires_at=SOON, **reader),
        changed(RegistrationRescheduled, **reader),
        *(
            changed(
                BoothDecided, booth_title="Keripik Contoh", accepted=accepted, number="7", **reader
            )
            for accepted in (True, False)
        ),
        changed(CertificateIssued, **CERTIFICATE, **VERIFY, **reader),
        changed(CertificateRevoked, **CERTIFICATE, **REASON, **reader),
        code_requested(**(reader | language)),
        account_created(**(reader | language)),
        links_requested(**(reader | language)),
        sealed(
            library_reminder(library_id=uuid7(), deadline=SOON.date(), link=OWN_LINK).model_copy(
                update=reader | language
            )
        ),
        sealed(
            report_returned(activity_id=uuid7(), link=OWN_LINK).model_copy(update=reader | language)
        ),
        *reports(**(reader | language)),
        *one_of_each(**(reader | language)),
    ]


def reports(**reader: Any) -> list[Envelope[Any]]:
    """Both ends of a report that somebody with an account has ordered, and that of an import."""
    account_id = str(uuid7())
    official(**({"email": "pic@contoh.id"} | reader), account_id=account_id)
    update = {"requested_by": account_id, "until": SOON, "link": OWN_LINK}
    ends = [event for event in events() if isinstance(event, (ReportEvent, ImportFinished))]
    return [
        sealed(event.model_copy(update={k: v for k, v in update.items() if hasattr(event, k)}))
        for event in ends
    ]


def test_there_is_a_case_for_each_event_we_hear() -> None:
    starting = {rule.trigger for rule in rules.ALL if isinstance(rule.trigger, type)}
    assert {type(e.data) for e in every_kind()} == starting
    assert {rule.name for rule in (*rules.ALL, TEMPLATE_TEST)} == set(words.RULES)
    assert len({type(event) for event in events()}) == len(SUBSCRIBERS)


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_rule_is_a_whole_mail(sink: SmtpSink, language: str) -> None:
    deliver(*every_kind(language=language))
    assert rows("SELECT FROM failed_event") == []
    # A reminder keeps the hours of its reader; here it goes with the others.
    rows("UPDATE message SET class = 'transactional', zone = NULL WHERE class = 'reminder'")
    send_due("code")
    send_due()
    found = mails(sink)
    assert {row.rule for row in messages()} == BY_EVENT
    assert len(found) == len(every_kind())
    for mail in found:
        assert mail["Content-Language"] == language
        text, html = body(mail), body(mail, "html")
        for part in (str(mail["Subject"]), text, html):
            assert not re.search(r"\bNone\b|\{\{|\{%|Undefined", part), part
        assert "\n\n\n" not in text
        assert text.rstrip().endswith(("saling belajar", "learning from each other"))
        links = set(re.findall(r"https?://\S+", text))
        assert {link for link in links if link not in html} == set(), "both say the same"


@pytest.mark.parametrize("language", ["id", "en"])
def test_every_rule_is_an_sms_of_plain_signs(language: str) -> None:
    deliver(*every_kind(language=language, email=None, phone="+6281234567890"))
    kinds = {message.rule: message for message in messages()}
    assert set(kinds) == BY_EVENT
    for message in kinds.values():
        assert message.channel == "sms"
        assert message.text.isascii(), message.text
        assert "\n" not in message.text
        assert "  " not in message.text
        assert message.rule in NO_LINK or "http://" in message.text


def test_a_reason_is_one_paragraph_that_can_write_nothing(sink: SmtpSink) -> None:
    deliver(
        changed(RegistrationReturned, status="needs_correction", reason=HOSTILE),
        changed(RegistrationRejected, status="rejected", reason=HOSTILE),
        changed(RegistrationCancelled, status="cancelled", by="host", reason=HOSTILE),
        changed(CertificateRevoked, **CERTIFICATE, reason=HOSTILE),
    )
    send_due()
    found = mails(sink)
    assert len(found) == 4
    for mail in found:
        assert "<script" not in body(mail, "html")
        assert "&lt;script src=&#34;//x&#34;&gt;" in body(mail, "html")
        assert "</script> Hubungi kami: http://jahat.contoh {{ code }}" in body(mail)
        assert 'href="http://jahat' not in body(mail, "html")


def said(sink: SmtpSink, *envelopes: Envelope[Any]) -> list[str]:
    """Subjects and texts of the mails that came of events."""
    deliver(*envelopes)
    send_due()
    return [f"{mail['Subject']}\n{body(mail)}" for mail in mails(sink)]


def test_the_answer_about_a_booth_says_the_table_and_where_its_card_is(sink: SmtpSink) -> None:
    asked = {"booth_title": "Keripik <b>Contoh</b>"}
    accepted, bare, declined = said(
        sink,
        changed(BoothDecided, **asked, accepted=True, number="A-12"),
        changed(BoothDecided, **asked, accepted=True, number=""),
        changed(BoothDecided, **asked, accepted=False, number=""),
    )
    assert "Lapak mini Anda diterima" in accepted
    assert "Nomor meja: A-12" in accepted
    assert "unduh kartu untuk mejanya" in accepted
    assert OWN_LINK in accepted
    assert "Nomor meja" not in bare
    assert "tidak dapat menyediakan meja" in declined
    assert "Pendaftaran Anda tidak berubah" in declined
    assert "<b>" not in body(mails(sink)[0], "html")


def test_a_cancellation_says_who_ended_it(sink: SmtpSink) -> None:
    expected = {
        "registrant": "sesuai permintaan Anda",
        "host": "panitia membatalkan pendaftaran Anda",
        "expiry": "belum dijawab sampai batas waktunya",
        "meeting": "pertemuan ini dibatalkan oleh penyelenggara",
    }
    told = said(
        sink,
        *(changed(RegistrationCancelled, status="cancelled", by=by, reason="") for by in expected),
    )
    for one, words_of_it in zip(told, expected.values(), strict=True):
        assert words_of_it in one
        assert "Alasan:" not in one
        assert sum(other in one for other in expected.values()) == 1


def test_an_offer_says_until_when_on_the_clock_of_the_venue(sink: SmtpSink) -> None:
    ends = (SOON + timedelta(days=1)).replace(hour=5, minute=0)
    [told] = said(
        sink, changed(SeatOffered, status="offered", expires_at=ends, zone="Asia/Jayapura")
    )
    assert "14.00 WIT" in told
    assert "Terima kursi" in told


def test_an_offer_that_is_over_and_a_code_that_is_over_are_not_sent(sink: SmtpSink) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    deliver(
        changed(SeatOffered, status="offered", expires_at=past), code_requested(expires_at=past)
    )
    send_due("code")
    send_due()
    assert [message.state for message in messages()] == ["expired", "expired"]
    assert mails(sink) == []


def test_after_the_end_nothing_older_is_told_in_whatever_order_it_comes(sink: SmtpSink) -> None:
    one = {"registration_id": uuid7()}
    offer = changed(SeatOffered, version=2, status="offered", expires_at=SOON, **one)
    end = changed(
        RegistrationCancelled, version=4, status="cancelled", by="expiry", reason="", **one
    )
    approved = changed(RegistrationApproved, version=3, **one)
    other = changed(RegistrationApproved, version=2)
    deliver(offer)
    deliver(end, other)
    deliver(approved)
    again = changed(RegistrationApproved, version=5, **one)
    deliver(again, end)
    send_due()
    states = {
        (row.rule, row.version): row.state for row in messages() if row.about != other.subject
    }
    assert states == {
        ("seat-offered", 2): "expired",
        ("registration-cancelled", 4): "expired",
        ("registration-approved", 3): "expired",
        ("registration-approved", 5): "accepted",
    }
    assert len(mails(sink)) == 2


def test_lost_links_go_to_the_address_and_none_is_no_mail(sink: SmtpSink) -> None:
    [told] = said(sink, links_requested(), links_requested(links=()))
    assert told.count("/registration/r/") == 2
    assert "Ani Contoh" in told
    assert "Perpustakaan" not in told, "nothing personal beyond the name"


def test_the_words_of_every_role_are_there() -> None:
    for language in ("id", "en"):
        assert set(ROLES[language]) == set(get_args(Role)) - {"public"}


# --- codes ---------------------------------------------------------------------------------


def test_a_code_overtakes_what_was_queued_before_it(sink: SmtpSink) -> None:
    deliver(*(registered(email=f"p{number}@contoh.id") for number in range(5)))
    deliver(code_requested())
    jobs.send_transactional()
    first, *others = mails(sink)
    assert str(first["Subject"]) == "482913 adalah kode masuk Sejawat Anda"
    assert "482913" in body(first)
    assert len(others) == 5


def test_a_code_is_forgotten_when_its_time_is_over_sent_or_not(sink: SmtpSink) -> None:
    deliver(code_requested(), code_requested(email="antre@contoh.id"), registered())
    rows("UPDATE message SET next_attempt_at = '2099-01-01' WHERE recipient = 'antre@contoh.id'")
    send_due("code")
    with database.sessions.begin() as session:
        forgetting.purge_codes(session)
    assert all(message.text for message in messages())
    rows("UPDATE message SET expires_at = now()")
    with database.sessions.begin() as session:
        forgetting.purge_codes(session)
    left = {message.rule: message.text for message in messages() if message.text}
    assert set(left) == {"registration-submitted"}
    rows("UPDATE message SET next_attempt_at = now() WHERE state = 'queued'")
    send_due("code")
    assert len(mails(sink)) == 1


# --- erasure -------------------------------------------------------------------------------


def test_an_erasure_takes_recipient_and_contents_and_drops_what_is_queued(sink: SmtpSink) -> None:
    one = {"registration_id": uuid7()}
    deliver(changed(RegistrationWaitlisted, status="waiting", **one))
    send_due()
    deliver(changed(RegistrationApproved, version=3, **one), links_requested(), registered())
    erased = sealed(RegistrationErased(**one))
    deliver(erased)
    deliver(erased)
    send_due()
    assert len(mails(sink)) == 2, "the first one, and the other person's"
    kept = {row.rule: row for row in messages()}
    for rule, state in (
        ("registration-waitlisted", "accepted"),
        ("registration-approved", "suppressed"),
        ("own-links", "suppressed"),
    ):
        message = kept[rule]
        assert (message.state, message.recipient) == (state, "")
        assert (message.subject, message.text, message.html) == (None, None, None)
    assert kept["registration-submitted"].state == "accepted"
    assert kept["registration-submitted"].text
    assert {row.reply for row in rows("SELECT reply FROM attempt ORDER BY id LIMIT 1")} == {""}


def test_what_comes_after_the_erasure_is_not_written_down(sink: SmtpSink) -> None:
    one = {"registration_id": uuid7()}
    deliver(sealed(RegistrationErased(**one)))
    approved = changed(RegistrationApproved, **one)
    deliver(approved, changed(RegistrationApproved))
    deliver(approved, replay=1)
    assert len(messages()) == 1
    send_due()
    assert len(mails(sink)) == 1


def test_a_worker_that_has_claimed_it_does_not_send_what_was_erased(sink: SmtpSink) -> None:
    one = {"registration_id": uuid7()}
    deliver(changed(RegistrationApproved, **one))
    mine = claimed()
    [relay] = registry.ways()["email"]
    assert relay.prepare(mine).ready == mine
    deliver(sealed(RegistrationErased(**one)))
    assert claims.mark(mine, relay) == set()
    relay.abandon(mine)
    send_due()
    assert mails(sink) == []
    assert [message.state for message in messages()] == ["suppressed"]


def test_what_is_just_being_handed_over_does_not_go_again(sink: SmtpSink) -> None:
    one = {"registration_id": uuid7()}
    deliver(changed(RegistrationApproved, **one))
    assert claims.mark(claimed(), registry.ways()["email"][0])
    deliver(sealed(RegistrationErased(**one)))
    rows("UPDATE message SET lease_until = now()")
    send_due()
    [message] = messages()
    assert (message.state, message.text, message.recipient) == ("unknown", None, "")
    assert mails(sink) == []
