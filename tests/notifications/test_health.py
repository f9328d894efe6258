"""How the ways out and the queues are doing, as officials see it."""

import html
import re

import httpx
import pytest
from notifications.desk import send, signed_in
from notifications.mailroom import (
    Mailroom,
    code_requested,
    deliver,
    mails,
    messages,
    registered,
    rows,
    send_due,
)

from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")

PAGE = "/notifications/providers"
API = "/notifications/api/v1/providers"


def way(client: httpx.Client, name: str = "smtp") -> dict[str, object]:
    return next(way for way in client.get(API).json()["ways"] if way["name"] == name)


def test_a_server_that_is_away_is_said_to_be_and_tried_by_hand(
    national: httpx.Client, sink: SmtpSink
) -> None:
    sink.stop()
    deliver(registered(phone=None))
    send_due()
    assert way(national)["state"] == "open"
    assert way(national)["last_hour"] == {"retryable": 1}
    page = national.get(PAGE).text
    assert "Berhenti sementara" in page
    assert "Ada yang perlu dilihat" in page
    sink.start()
    send_due()
    assert mails(sink) == [], "it is left alone for a while"
    assert send(national, f"{PAGE}/smtp/try").headers["location"] == f"{PAGE}?done=try"
    assert way(national)["state"] == "half_open"
    rows("UPDATE message SET next_attempt_at = now()")
    send_due()
    assert len(mails(sink)) == 1
    healthy = way(national)
    assert healthy["state"] == "closed"
    assert healthy["last_day"] == {"retryable": 1, "accepted": 1}
    assert "50% diterima dari 2" in national.get(PAGE).text


def test_what_waits_is_counted_by_its_class(national: httpx.Client) -> None:
    deliver(registered(), registered(email="b@contoh.id"), code_requested())
    rows("UPDATE message SET next_attempt_at = now() - interval '10 minutes' WHERE class <> 'code'")
    rows("UPDATE message SET next_attempt_at = 'infinity' WHERE recipient = 'b@contoh.id'")
    rows("INSERT INTO canary (queue, sung_at) VALUES ('transactional', now()), ('jobs', now())")
    queues = {queue["class"]: queue for queue in national.get(API).json()["queues"]}
    assert queues["transactional"]["waiting"] == 2
    assert queues["transactional"]["due"] == 1
    assert 590 < queues["transactional"]["oldest_due_s"] < 700
    assert queues["transactional"]["canary_s"] < 60
    assert queues["code"]["due"] == 1
    assert queues["code"]["canary_s"] is None
    assert queues["bulk"]["waiting"] == 0
    page = national.get(PAGE).text
    assert "10 menit" in page
    assert "Terlambat" in page
    assert "belum pernah" in page
    assert "jobs" in page


def test_what_nobody_knows_about_is_said_and_linked(
    mailroom: Mailroom, our_url: str, national: httpx.Client
) -> None:
    deliver(registered())
    rows("UPDATE message SET state = 'unknown'")
    page = national.get(PAGE).text
    assert "Ada yang perlu dilihat" in page
    [link] = re.findall(r'href="(/notifications/\?[^"]*state=unknown[^"]*)"', page)
    [message] = messages()
    assert str(message.id) in national.get(html.unescape(link)).text
    with signed_in(mailroom, our_url, "regency", "33.74") as client:
        assert "Semua berjalan" in client.get(PAGE).text


def test_a_quiet_house_is_green(national: httpx.Client) -> None:
    rows("INSERT INTO canary (queue, sung_at) VALUES ('code', now())")
    page = national.get(PAGE).text
    assert "Semua berjalan" in page
    assert "Ada yang perlu dilihat" not in page


def test_all_officials_look_and_the_national_one_acts(mailroom: Mailroom, our_url: str) -> None:
    deliver(registered())
    rows("INSERT INTO provider_state (name, open_until) VALUES ('smtp', now() + interval '1 hour')")
    [message] = messages()
    with signed_in(mailroom, our_url, "regency", "21.01") as client:
        page = client.get(PAGE)
        assert page.status_code == 200
        assert "/try" not in page.text
        assert message.recipient not in page.text
        assert send(client, f"{PAGE}/smtp/try").status_code == 403
        assert client.post(f"{API}/smtp/try").status_code == 403
    with signed_in(mailroom, our_url, "library", "21.01") as client:
        assert client.get(PAGE).status_code == 403
    with signed_in(mailroom, our_url, "national") as client:
        assert send(client, f"{PAGE}/tidak-ada/try").status_code == 404
        assert client.post(f"{API}/smtp/try").status_code == 204
        assert way(client)["state"] == "half_open"
