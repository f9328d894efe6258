"""Search, and one message's whole story, as officials see them."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from notifications.announcing_people import NATIONAL, official, participant, started, write
from notifications.desk import BINTAN, JATENG, signed_in
from notifications.mailroom import (
    Mailroom,
    code_requested,
    deliver,
    messages,
    registered,
    rows,
    send_due,
)

from services.notifications import rule_settings
from services.notifications.resources import database
from shared.local.smtp_sink import Faults, SmtpSink

pytestmark = pytest.mark.usefixtures("empty", "nobody")

LIST = "/notifications/api/v1/messages"


def found(client: httpx.Client, **asked: str) -> set[str]:
    answer = client.get(LIST, params=asked)
    assert answer.status_code == 200, answer.text
    return {item["recipient"] for item in answer.json()["items"]}


def test_a_person_is_found_by_the_beginning_of_their_name(national: httpx.Client) -> None:
    deliver(registered(name="Siti Aminah", email="a@contoh.id"))
    deliver(registered(name="Sitinurbaya", email="b@contoh.id"))
    deliver(registered(name="Budi", email="siti@contoh.id"))
    assert found(national, person="SITI") == {"a@contoh.id", "b@contoh.id"}
    assert found(national, person="siti a") == {"a@contoh.id"}
    assert found(national, q="siti") == {"a@contoh.id", "b@contoh.id", "siti@contoh.id"}
    assert found(national, person="%") == set()
    assert "Siti Aminah" in national.get("/notifications/?q=siti+a").text


def test_a_person_is_found_by_any_word_of_their_name(national: httpx.Client) -> None:
    deliver(registered(name="Ani Satu", email="a@contoh.id"))
    deliver(registered(name="H.Ani-Dua, S.Sos.", email="b@contoh.id"))
    assert found(national, q="Satu") == {"a@contoh.id"}
    assert found(national, q="dua ani") == {"b@contoh.id"}
    assert found(national, person="S.Sos") == {"b@contoh.id"}
    assert found(national, person="tu") == set()


def test_who_was_told_by_an_announcement_is_found_by_name(national: httpx.Client) -> None:
    participant(name="Ani Satu", email="a@contoh.id")
    official(name="Budi Dua", email="b@contoh.id")
    for kind in ("participants", "officials"):
        started(NATIONAL, kind=kind)
    write()
    assert found(national, q="satu") == {"a@contoh.id"}
    assert found(national, q="budi") == {"b@contoh.id"}


def test_whom_no_way_leads_to_is_found_with_what_to_do(national: httpx.Client) -> None:
    with database.sessions.begin() as session:
        rule = "registration-submitted"
        rule_settings.change(session, NATIONAL, rule, enabled=True, channels=["email"])
    event = registered(name="Ani Satu", email=None, phone="+628110000009")
    deliver(event)
    deliver(event, replay=1)
    send_due()
    [message] = messages()
    assert (message.state, message.state_reason, message.text) == ("failed", "no_way", None)
    assert found(national, q="satu", state="failed") == {"+628110000009"}
    page = national.get(f"/notifications/messages/{message.id}").text
    assert "Tidak ada jalan ke orang ini" in page
    assert f"/notifications/rules/{rule}" in page
    assert "Kirim lagi" not in page
    assert national.post(f"{LIST}/{message.id}/retry", json={}).status_code == 409


def test_conditions_are_all_met_together(national: httpx.Client) -> None:
    deliver(registered(email="a@contoh.id"), registered(email=None, phone="+6281234567890"))
    deliver(code_requested(email="c@contoh.id"))
    rows("UPDATE message SET state = 'failed' WHERE recipient = 'a@contoh.id'")
    phone = "+6281234567890"
    assert found(national, **{"class": "code"}) == {"c@contoh.id"}
    assert found(national, channel="sms") == {phone}
    assert found(national, rule="registration-submitted") == {"a@contoh.id", phone}
    assert found(national, template="sign_in_code") == {"c@contoh.id"}
    assert found(national, rule="registration-submitted", state="failed") == {"a@contoh.id"}
    assert found(national, channel="sms", state="failed") == set()
    [slug] = {message.meeting_slug for message in messages() if message.meeting_slug}
    assert found(national, meeting=slug) == {"a@contoh.id", phone}
    assert found(national, meeting="lain") == set()


def test_days_are_those_of_jakarta(national: httpx.Client) -> None:
    deliver(registered(email="a@contoh.id"))
    here = datetime.now(UTC) + timedelta(hours=7)
    today, tomorrow = here.date().isoformat(), (here + timedelta(days=1)).date().isoformat()
    assert found(national, since=today, until=today) == {"a@contoh.id"}
    assert found(national, since=tomorrow) == set()
    assert found(national, until=(here - timedelta(days=1)).date().isoformat()) == set()


def test_every_combination_is_kept_in_the_region_and_on_the_next_page(
    mailroom: Mailroom, our_url: str
) -> None:
    deliver(*(registered(email=f"p{n}@contoh.id", region_code=BINTAN) for n in range(60)))
    deliver(registered(email="p-lain@contoh.id", region_code=JATENG))
    with signed_in(mailroom, our_url, "province", "21") as client:
        first = client.get(LIST, params={"q": "p", "state": "queued"}).json()
        rest = client.get(LIST, params={"q": "p", "state": "queued", "after": first["next"]}).json()
        assert len(first["items"]) == 50
        assert len(rest["items"]) == 10
        assert rest["next"] is None
        page = client.get("/notifications/?q=p&state=queued&class=transactional&channel=email").text
        assert "q=p&amp;state=queued&amp;class=transactional&amp;channel=email&amp;after=" in page


def test_an_empty_field_of_the_filter_is_no_condition(national: httpx.Client) -> None:
    deliver(registered(email="a@contoh.id"))
    page = national.get("/notifications/?q=&state=&class=&channel=&rule=&meeting=&since=&until=")
    assert page.status_code == 200
    assert "a@contoh.id" in page.text


@pytest.mark.parametrize(
    "query",
    [
        "class=x",
        "channel=fax",
        "since=kemarin",
        "until=1516-03-15",
        "until=9999-12-31",
        "rule=a%27b",
        "meeting=" + "x" * 200,
    ],
)
def test_a_filter_that_cannot_be_is_refused(national: httpx.Client, query: str) -> None:
    assert national.get(f"/notifications/?{query}").status_code == 422
    assert national.get(f"{LIST}?{query}").status_code == 422


def test_the_story_of_a_message_is_told_in_order(national: httpx.Client, sink: SmtpSink) -> None:
    sink.faults = Faults(recipient_answer="451 4.3.2 try again later")
    deliver(registered(phone=None))
    send_due()
    sink.faults = Faults(recipient_answer="550 5.1.1 no such mailbox")
    rows("UPDATE message SET next_attempt_at = now()")
    send_due()
    [message] = messages()
    rows(
        "INSERT INTO receipt (provider, digest, message_id, state, detail, received_at) "
        "VALUES ('smtp', 'x', :id, 'failed', 'tidak ada', now() + interval '1 second')",
        id=message.id,
    )
    page = national.get(f"/notifications/messages/{message.id}").text
    told = ("Ditulis", "451 4.3.2", "550 5.1.1", "tidak ada")
    places = [page.index(words, page.index("<caption>")) for words in told]
    assert places == sorted(places)
    assert "registration-submitted" in page
    assert "versi bawaan" in page
    assert "Tidak ada lagi yang dilakukan sendiri" in page


def test_two_channels_of_one_message_lead_to_each_other(
    national: httpx.Client, sink: SmtpSink
) -> None:
    sink.faults = Faults(recipient_answer="550 5.1.1 no such mailbox")
    deliver(registered(phone="+6281234567890"))
    waiting = messages()[0]
    assert "dilanjutkan lewat" in national.get(f"/notifications/messages/{waiting.id}").text
    send_due()
    mail, sms = messages()
    first = national.get(f"/notifications/messages/{mail.id}").text
    assert f'href="/notifications/messages/{sms.id}"' in first
    assert "Dilanjutkan lewat saluran lain" in first
    second = national.get(f"/notifications/messages/{sms.id}").text
    assert f'href="/notifications/messages/{mail.id}"' in second
    assert "Menggantikan pesan di saluran lain" in second


def test_what_comes_next_is_said(national: httpx.Client) -> None:
    deliver(registered())
    [message] = messages()
    path = f"/notifications/messages/{message.id}"
    assert "Dikirim mulai" in national.get(path).text
    rows("UPDATE message SET next_attempt_at = 'infinity'")
    assert "Menunggu pengumumannya dilanjutkan" in national.get(path).text
    assert national.get(f"{LIST}/{message.id}").json()["next_attempt_at"] is None
    rows(
        "UPDATE message SET next_attempt_at = now(), state = 'unknown', handed_over_at = now(), "
        "settle_until = now() + interval '45 s'"
    )
    assert "Ditanyakan kepada penyedia sampai" in national.get(path).text


def test_links_to_every_service_are_disarmed(national: httpx.Client) -> None:
    deliver(registered())
    rows(
        "UPDATE message SET text = 'http://sejawat.contoh.id/notifications/unsubscribe/rahasia-9', "
        "html = '<a href=\"http://sejawat.contoh.id/notifications/preferences/rahasia-9\">x</a>'"
    )
    [message] = messages()
    for path in ("", "/html"):
        page = national.get(f"/notifications/messages/{message.id}{path}").text
        assert "rahasia-9" not in page
        assert "/…" in page
