"""Cancel, send again, repeat: by whom, once, and never what would only confuse."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest
from notifications.desk import BINTAN, JATENG, errors, send, signed_in
from notifications.mailroom import (
    Mailroom,
    changed,
    code_requested,
    deliver,
    mails,
    messages,
    registered,
    rows,
    send_due,
    states,
)

from services.notifications.resources import forms
from shared.events import RegistrationCancelled
from shared.local.smtp_sink import Faults, SmtpSink

pytestmark = pytest.mark.usefixtures("empty")

LIST = "/notifications/api/v1/messages"


def actions() -> list[tuple[str, str, str]]:
    found = rows("SELECT action, actor, note FROM message_action ORDER BY id")
    return [(row.action, row.actor, row.note) for row in found]


def failed(sink: SmtpSink) -> str:
    """Id of a message that the mail server refused."""
    sink.faults = Faults(recipient_answer="552 5.2.2 the mailbox is full")
    deliver(registered(phone=None))  # no other channel goes on with it
    send_due()
    sink.faults = Faults()
    [message] = messages()
    assert message.state == "failed"
    return str(message.id)


def test_what_waits_is_cancelled_and_never_sent(national: httpx.Client, sink: SmtpSink) -> None:
    deliver(registered())
    [message] = messages()
    path = f"/notifications/messages/{message.id}/cancel"
    assert "Batalkan pengiriman?" in national.get(path).text
    answer = send(national, path, note="Salah acara")
    assert answer.status_code == 303
    assert states() == {"cancelled": 1}
    assert actions() == [("cancelled", "Petugas Contoh", "Salah acara")]
    send_due()
    assert mails(sink) == []
    page = national.get(answer.headers["location"]).text
    assert "Pengiriman dibatalkan" in page
    assert "Salah acara" in page
    again = send(national, path)
    assert again.status_code == 422
    assert "keadaan pesannya sudah berubah" in errors(again)


def test_what_failed_is_sent_again_at_once(national: httpx.Client, sink: SmtpSink) -> None:
    path = f"/notifications/messages/{failed(sink)}/retry"
    rows("UPDATE message SET refusals = 5")
    assert send(national, path, note="Kotaknya sudah ada").status_code == 303
    assert messages()[0].refusals == 0, "the pauses begin anew"
    send_due()
    assert states() == {"accepted": 1}
    assert len(mails(sink)) == 1
    assert actions() == [("retried", "Petugas Contoh", "Kotaknya sudah ada")]


def test_of_two_officials_one_sends_it_again(national: httpx.Client, sink: SmtpSink) -> None:
    address = f"{LIST}/{failed(sink)}/retry"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: national.post(address, json={}).status_code, range(8)))
    assert sorted(answers) == [200] + [409] * 7
    assert len(actions()) == 1


def test_an_expired_one_gets_another_day_but_no_reminder(
    national: httpx.Client, sink: SmtpSink
) -> None:
    deliver(registered())
    rows("UPDATE message SET expires_at = now() - interval '1 hour', state = 'expired'")
    [message] = messages()
    rows("UPDATE message SET class = 'reminder'")
    assert national.post(f"{LIST}/{message.id}/retry", json={}).status_code == 409
    rows("UPDATE message SET class = 'transactional'")
    assert national.post(f"{LIST}/{message.id}/retry", json={}).status_code == 200
    [message] = messages()
    hours = rows("SELECT extract(epoch FROM expires_at - now()) / 3600 AS left FROM message")[
        0
    ].left
    assert 23 < hours <= 24
    send_due()
    assert len(mails(sink)) == 1


def test_an_unknown_one_may_come_twice_and_the_page_says_so(national: httpx.Client) -> None:
    deliver(registered())
    rows("UPDATE message SET state = 'unknown', attempts = 1, handed_over_at = now()")
    [message] = messages()
    path = f"/notifications/messages/{message.id}/retry"
    assert "dapat datang dua kali" in national.get(path).text
    rows("UPDATE message SET settle_until = now() + interval '30 s'")
    assert "tidak dapat dilakukan sekarang" in national.get(path).text
    assert send(national, path).status_code == 422
    rows("UPDATE message SET settle_until = NULL")
    assert send(national, path).status_code == 303
    assert states() == {"queued": 1}


def test_a_held_back_address_must_first_leave_the_list(national: httpx.Client) -> None:
    deliver(registered(phone=None))
    rows(
        "INSERT INTO suppression (channel, address, reason, region_code) "
        "VALUES ('email', 'peserta@contoh.id', 'manual', '21')"
    )
    send_due()
    assert states() == {"suppressed": 1}
    [message] = messages()
    assert national.post(f"{LIST}/{message.id}/retry", json={}).status_code == 409
    rows("DELETE FROM suppression")
    assert national.post(f"{LIST}/{message.id}/retry", json={}).status_code == 200


def test_what_its_end_has_overtaken_is_not_told_again(national: httpx.Client) -> None:
    begun = registered()
    deliver(begun)
    [message] = messages()
    one = {"registration_id": begun.data.registration_id, "version": 2}
    deliver(changed(RegistrationCancelled, by="host", reason="x", **one))
    rows("UPDATE message SET state = 'failed' WHERE id = :id", id=message.id)
    assert national.post(f"{LIST}/{message.id}/retry", json={}).status_code == 409
    assert national.post(f"{LIST}/{message.id}/replay", json={}).status_code == 409


def test_a_code_is_its_readers_alone(national: httpx.Client) -> None:
    deliver(code_requested())
    rows("UPDATE message SET state = 'failed'")
    [message] = messages()
    for action in ("retry", "replay"):
        page = national.get(f"/notifications/messages/{message.id}/{action}").text
        assert "tidak dapat dilakukan sekarang" in page
        assert national.post(f"{LIST}/{message.id}/{action}", json={}).status_code == 409
    asked = {"filter": {"class": "code"}, "expected": 1}
    assert national.post(f"{LIST}/retry", json=asked).json()["found"] == 0


def test_a_replay_is_a_new_message_to_the_same_address(
    national: httpx.Client, sink: SmtpSink
) -> None:
    message = failed(sink)
    path = f"/notifications/messages/{message}/replay"
    assert 'name="recipient"' not in national.get(path).text
    # Its links open the registration: nobody may have them sent elsewhere.
    fields = {"form_token": forms.new_form(), "recipient": "lain@contoh.id", "note": "Lagi"}
    answers = [national.post(path, data=fields) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1, "one form, one message"
    old, new = messages()
    assert (old.state, new.recipient) == ("failed", old.recipient)
    assert old.event_id != new.event_id
    send_due()
    assert [mail["To"] for mail in mails(sink)] == [old.recipient]
    page = national.get(f"/notifications/messages/{new.id}").text
    assert "Ulangan dari pesan lain" in page
    assert f"/notifications/messages/{old.id}" in page
    assert f"/notifications/messages/{new.id}" in national.get(path.removesuffix("/replay")).text


def test_a_message_is_replayed_three_times_a_day_at_most(
    national: httpx.Client, sink: SmtpSink
) -> None:
    address = f"{LIST}/{failed(sink)}/replay"
    answers = [national.post(address, json={}).status_code for _ in range(4)]
    assert answers == [201, 201, 201, 409]


def test_a_program_repeats_itself_without_harm(national: httpx.Client, sink: SmtpSink) -> None:
    address = f"{LIST}/{failed(sink)}/replay"
    key = {"Idempotency-Key": str(uuid4())}
    made = {national.post(address, json={}, headers=key).json()["id"] for _ in range(3)}
    assert len(made) == 1
    assert len(messages()) == 2


def test_a_selection_is_counted_before_it_is_sent_again(
    national: httpx.Client, sink: SmtpSink
) -> None:
    deliver(*(registered(email=f"p{n}@contoh.id") for n in range(5)), registered(email="q@x.id"))
    rows("UPDATE message SET state = 'failed'")
    page = national.get("/notifications/bulk/retry?recipient=p").text
    assert "5 pesan cocok" in page
    path = "/notifications/bulk/retry?recipient=p"
    changed_meanwhile = send(national, path, expected="4")
    assert changed_meanwhile.status_code == 409
    assert "Jumlah pesannya sudah berubah" in errors(changed_meanwhile)
    assert states() == {"failed": 6}
    done = send(national, path, expected="5", note="Server surel sudah pulih")
    assert done.status_code == 303
    assert states() == {"queued": 5, "failed": 1}
    assert "Jumlah pesan: 5" in national.get(done.headers["location"]).text
    send_due()
    assert len(mails(sink)) == 5


def test_a_selection_without_a_condition_is_no_selection(national: httpx.Client) -> None:
    deliver(registered())
    page = national.get("/notifications/bulk/cancel").text
    assert "Saring dulu" in page
    assert "<form method" not in page.partition("<main")[2]
    assert send(national, "/notifications/bulk/cancel", expected="1").status_code == 409
    asked = {"filter": {}, "expected": 1}
    assert national.post(f"{LIST}/cancel", json=asked).status_code in {409, 422}
    assert states() == {"queued": 1}


def test_an_official_handles_the_messages_of_the_region_alone(
    mailroom: Mailroom, our_url: str
) -> None:
    deliver(registered(region_code=JATENG), registered(region_code=BINTAN, email="b@contoh.id"))
    there, here = messages()
    with signed_in(mailroom, our_url, "province", "21") as client:
        for action in ("cancel", "retry", "replay"):
            path = f"/notifications/messages/{there.id}/{action}"
            assert client.get(path).status_code == 404
            assert send(client, path).status_code == 404
            assert client.post(f"{LIST}/{there.id}/{action}", json={}).status_code == 404
        asked = {"filter": {"state": "queued"}, "expected": 1}
        assert client.post(f"{LIST}/cancel", json=asked).json() == {"messages": 1}
    assert {message.id: message.state for message in messages()} == {
        there.id: "queued",
        here.id: "cancelled",
    }
    with signed_in(mailroom, our_url, "library", "21") as client:
        assert client.post(f"{LIST}/{here.id}/replay", json={}).status_code == 403


def test_a_form_without_its_token_does_nothing(national: httpx.Client) -> None:
    deliver(registered())
    [message] = messages()
    path = f"/notifications/messages/{message.id}/cancel"
    assert national.post(path, data={"note": "x"}).status_code == 422
    assert states() == {"queued": 1}
