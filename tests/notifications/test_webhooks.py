"""What other systems are told: what, to whom, how often, and what if they do not answer."""

import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from builders import events
from cryptography.fernet import Fernet
from fakes.receiver import Faults
from notifications.hooks import (
    HERE,
    NATIONAL,
    PROVINCE,
    add,
    attempts,
    deliveries,
    endpoint,
    forget_all,
    hook,
    pass_by,
    send,
    verified,
)
from notifications.mailroom import (
    changed,
    coming_meeting,
    deliver,
    mails,
    registered,
    rows,
    sealed,
    send_due,
)
from sites import eventually

from services.notifications import (
    forgetting,
    webhook_secrets,
    webhook_sending,
    webhooks,
)
from services.notifications.resources import database
from services.notifications.webhook_targets import Targets
from shared.bus.envelope import Envelope
from shared.events import (
    AttendanceChanged,
    MeetingPublished,
    RegistrationApproved,
    RegistrationErased,
    RegistrationRejected,
)
from shared.local.smtp_sink import SmtpSink

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture(autouse=True)
def _no_endpoints(empty: None) -> Iterator[None]:  # noqa: ARG001
    forget_all()
    yield
    forget_all()


def test_the_published_example_of_standard_webhooks_is_signed_alike() -> None:
    # From the reference libraries' own tests (github.com/standard-webhooks/standard-webhooks).
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    identity = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    signature = webhook_secrets.sign([secret], identity, 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_registration_is_told_at_once_signed_and_without_what_opens_it() -> None:
    with hook() as system:
        deliver(registered(name="Warga Contoh"))
        assert send()
        [received] = system.receiver.received
        payload = verified(received, system.secret)
    [delivery] = deliveries()
    assert received.headers["webhook-id"] == f"msg_{delivery.id.hex}"
    assert received.headers["content-type"] == "application/json"
    assert payload.keys() == {"type", "timestamp", "data"}
    assert payload["type"] == "registration.submitted"
    assert payload["data"]["participant"]["name"] == "Warga Contoh"
    assert delivery.state == "delivered"
    assert [(row.status, row.detail) for row in attempts()] == [(200, "ok")]
    assert b"own_link" not in received.body
    assert b"rahasia" not in received.body


def test_each_hears_of_its_own_region_and_of_what_it_asked_for() -> None:
    with (
        hook() as province,
        hook(NATIONAL) as national,
        hook(PROVINCE, "registration.rejected") as choosy,
    ):
        deliver(registered(region_code="21.01.04.2001"), registered(region_code="33.01.01.2001"))
        deliver(registered(region_code="21"), registered(region_code="2"))
        deliver(changed(RegistrationRejected, reason="Belum lengkap.", region_code="21.01"))
        send()
        heard = [len(one.receiver.received) for one in (province, national, choosy)]
    assert heard == [3, 5, 1]


def test_attendance_is_told_where_its_participant_lives() -> None:
    with hook(PROVINCE, "attendance.changed") as ours, hook(NATIONAL) as national:
        for region in ("21.01.04.2001", "33.01.01.2001"):
            registration = registered(region_code=region)
            deliver(registration)
            deliver(checked_in(registration.subject))
        send()
        [received] = ours.receiver.received
        assert len(national.receiver.received) == 4
    assert verified(received, ours.secret)["data"]["present"] is True


def test_attendance_that_comes_before_its_registration_is_told_where_the_meeting_is() -> None:
    registration = registered(region_code="33.01.01.2001")
    attendance = checked_in(registration.subject)
    meeting = coming_meeting(slug=attendance.data.meeting_slug, province_code="21")
    with hook(PROVINCE, "attendance.changed") as ours:
        deliver(sealed(MeetingPublished(meeting=meeting)))
        deliver(attendance)
        send()
        assert len(ours.receiver.received) == 1


def checked_in(registration_id: str) -> Envelope[Any]:
    """Somebody was there on the first day."""
    [attendance] = [event for event in events() if isinstance(event, AttendanceChanged)]
    return sealed(attendance.model_copy(update={"registration_id": UUID(registration_id)}))


def test_an_event_that_comes_twice_is_told_once() -> None:
    with hook() as system:
        event = registered()
        deliver(event)
        deliver(event, replay=1)
        send()
        send()
        assert len(system.receiver.received) == 1


def test_what_fails_comes_again_under_the_same_id_until_it_is_given_up() -> None:
    with hook() as system:
        system.receiver.faults = Faults(status=500, body=b"rusak")
        deliver(registered())
        for number, seconds in enumerate(webhook_sending.RETRY_S, 1):
            send()
            [delivery] = deliveries()
            assert (delivery.state, delivery.attempts) == ("queued", number)
            wait = (delivery.next_attempt_at - attempts()[-1].ended_at).total_seconds()
            assert 0.75 * seconds <= wait <= 1.25 * seconds
            rows_now_due()
        send()
        assert deliveries()[0].state == "failed"
        send()
        received = system.receiver.received
    assert len(received) == len(webhook_sending.RETRY_S) + 1
    assert len({one.headers["webhook-id"] for one in received}) == 1
    assert {row.detail for row in attempts()} == {"rusak"}


def rows_now_due() -> None:
    """The pause before the next attempt is over; a failing endpoint does not grow older by it."""
    rows("UPDATE webhook_delivery SET next_attempt_at = now()")


def test_a_redirect_is_a_failure() -> None:
    with hook() as system, hook(NATIONAL, "certificate.issued") as other:
        system.receiver.faults = Faults(status=307, location=other.receiver.url)
        deliver(registered())
        send()
        assert other.receiver.received == []
    assert [row.status for row in attempts()] == [307]
    assert deliveries()[0].state == "queued"


def test_loopback_is_refused_by_default_and_the_official_sees_why() -> None:
    with hook() as system:
        deliver(registered())
        send(targets=Targets(https_only=False))
        assert system.receiver.received == []
    assert [row.detail for row in attempts()] == ["refused: private"]


def test_who_answers_gone_is_left_alone_at_once() -> None:
    with hook() as system:
        system.receiver.faults = Faults(status=410)
        deliver(registered())
        send()
        row = endpoint(system.id)
        assert (row.active, row.disabled_reason) == (False, "gone")
        deliver(registered(email="lain@contoh.id"))
    assert [row.state for row in deliveries()] == ["failed"], "nothing new is kept for it"


def test_after_days_of_nothing_but_failures_it_is_left_alone_until_it_is_resumed() -> None:
    with hook() as system:
        system.receiver.faults = Faults(status=503)
        deliver(registered())
        send()
        pass_by("4 days")
        send()
        assert endpoint(system.id).active
        pass_by("25 hours")
        send()
        row = endpoint(system.id)
        assert (row.active, row.disabled_reason) == (False, "failing")
        pass_by("2 days")
        send()
        assert len(system.receiver.received) == 3, "a disabled one is not asked"

        system.receiver.faults = Faults()
        with database.sessions.begin() as session:
            webhooks.resume(session, PROVINCE, system.id)
        send()
        row = endpoint(system.id)
        assert (row.active, row.disabled_reason, row.failing_since) == (True, "", None)
        assert deliveries()[0].state == "delivered"


def test_one_success_ends_a_time_of_failures() -> None:
    with hook() as system:
        system.receiver.faults = Faults(status=503)
        deliver(registered())
        send()
        assert endpoint(system.id).failing_since
        system.receiver.faults = Faults()
        pass_by("1 hour")
        send()
        assert endpoint(system.id).failing_since is None


def test_while_it_is_paused_what_happens_is_kept() -> None:
    with hook() as system:
        with database.sessions.begin() as session:
            webhooks.pause(session, PROVINCE, system.id)
        deliver(registered())
        send()
        assert system.receiver.received == []
        with database.sessions.begin() as session:
            webhooks.resume(session, PROVINCE, system.id)
        send()
        assert len(system.receiver.received) == 1


def test_a_changed_secret_signs_beside_the_former_one_for_a_day() -> None:
    with hook() as system:
        with database.sessions.begin() as session:
            new = webhooks.rotate(session, PROVINCE, system.id)
        deliver(registered())
        send()
        verified(system.receiver.received[-1], system.secret)
        verified(system.receiver.received[-1], new)

        pass_by("25 hours")
        deliver(registered(email="lain@contoh.id"))
        send()
        received = system.receiver.received[-1]
        verified(received, new)
        assert len(received.headers["webhook-signature"].split()) == 1
    row = endpoint(system.id)
    for secret in (system.secret, new):
        assert secret.removeprefix("whsec_") not in str(tuple(row))


def test_a_secret_that_can_no_longer_be_read_is_said_and_a_new_one_helps() -> None:
    with hook() as system:
        # As after a change of SECRET_KEY_NOTIFICATIONS.
        rows("UPDATE webhook_endpoint SET secret = :other", other=Fernet.generate_key().decode())
        deliver(registered())
        send()
        assert "SECRET_KEY_NOTIFICATIONS" in attempts()[-1].detail
        with database.sessions.begin() as session:
            new = webhooks.rotate(session, PROVINCE, system.id)
        pass_by("1 hour")
        send()
        verified(system.receiver.received[-1], new)


def test_a_dead_workers_delivery_goes_again_when_its_lease_is_over() -> None:
    with hook() as system:
        deliver(registered())
        [lost] = webhook_sending.claim(5, set())
        send()
        assert system.receiver.received == []
        pass_by("61 seconds")
        send()
        assert len(system.receiver.received) == 1
        # It was only asleep. What it says comes too late to change anything.
        webhook_sending.record(lost, webhook_sending.Outcome(500, "", 9))
    assert [row.number for row in attempts()] == [2]
    assert deliveries()[0].state == "delivered"


def test_what_is_deleted_on_its_way_leaves_nothing_behind() -> None:
    with hook() as system:
        deliver(registered())
        [claimed] = webhook_sending.claim(5, set())
        with database.sessions.begin() as session:
            webhooks.remove(session, PROVINCE, system.id)
        webhook_sending.record(claimed, webhook_sending.attempt(HERE, claimed))
    assert (deliveries(), attempts()) == ([], [])


def test_a_receiver_that_hangs_holds_nobody_else(sink: SmtpSink) -> None:
    with hook() as slow, hook() as quick:
        slow.receiver.faults = Faults(hang=True)
        deliver(*(registered(email=f"warga{number}@contoh.id") for number in range(6)))
        targets = Targets(HERE.allowed, https_only=False, timeout=60)
        run = threading.Thread(target=lambda: send(0.5, targets))
        run.start()
        eventually(lambda: slow.receiver.hanging == webhook_sending.EACH, "two of it hang")
        eventually(lambda: len(quick.receiver.received) == 6, "the other one has heard all")
        send_due()
        eventually(lambda: len(mails(sink)) == 6, "and so have the registrants")
        # What comes later does not wait either, and never a third one for the slow.
        deliver(registered(email="nanti@contoh.id"))
        eventually(lambda: len(quick.receiver.received) == 7, "also what came meanwhile")
        assert slow.receiver.hanging == webhook_sending.EACH
        assert run.is_alive()
        slow.receiver.faults = Faults()
        slow.receiver.release()
        run.join(30)
        send()
        assert len(slow.receiver.received) == 7
        assert slow.receiver.most_at_once == webhook_sending.EACH


def test_whoever_was_told_of_somebody_is_told_to_forget_them() -> None:
    with hook(PROVINCE, "registration.submitted") as knows, hook(NATIONAL) as late:
        registration = registered()
        with database.sessions.begin() as session:
            webhooks.pause(session, NATIONAL, late.id)
        deliver(registration)
        send()
        deliver(sealed(RegistrationErased(registration_id=UUID(registration.subject))))
        with database.sessions.begin() as session:
            webhooks.resume(session, NATIONAL, late.id)
        send()
        payload = verified(knows.receiver.received[-1], knows.secret)
        assert late.receiver.received == [], "who never heard of them hears nothing now"
    assert payload["type"] == "registration.erased"
    assert payload["data"] == {"registration_id": registration.subject}
    told = {(row.type, row.state): row.payload for row in deliveries()}
    assert told["registration.submitted", "delivered"] is None
    assert told["registration.submitted", "cancelled"] is None
    assert {row.detail for row in attempts() if row.delivery_id != deliveries()[-1].id} == {""}
    deliver(changed(RegistrationApproved, registration_id=UUID(registration.subject)))
    assert len(deliveries()) == 3, "what comes late about them is not written down"


def test_after_its_retention_a_payload_is_gone_and_what_waits_is_dropped() -> None:
    add()
    deliver(registered())
    with hook(NATIONAL):
        deliver(registered(email="lain@contoh.id"))
        send(targets=HERE)
        pass_by("89 days")
        assert forgetting.purge_webhooks() == 0
        pass_by("2 days")
        assert forgetting.purge_webhooks() == 3
    assert {row.payload for row in deliveries()} == {None}
    assert {row.state for row in deliveries()} == {"cancelled", "delivered"}
    assert {row.detail for row in attempts()} == {""}
