"""Several relays: weights, failover, the breaker with its probes, and how fast each may be used."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from notifications.mailroom import (
    Mailroom,
    claimed,
    code_requested,
    deliver,
    mails,
    message_ids,
    messages,
    registered,
    rows,
    send_due,
    states,
)

from services.notifications import breakers, delivery, outcomes
from services.notifications.providers import registry
from services.notifications.providers.base import Answer
from services.notifications.resources import database
from services.notifications.settings import settings
from shared.local.smtp_sink import Faults, SmtpSink

pytestmark = pytest.mark.usefixtures("empty")


@pytest.fixture
def other(tmp_path: Path) -> Iterator[SmtpSink]:
    """A second mail server."""
    sink = SmtpSink(tmp_path / "other")
    sink.start()
    yield sink
    sink.stop()


Use = Callable[..., None]


@pytest.fixture
def use(mailroom: Mailroom) -> Iterator[Use]:
    """Other relays than the one, as the environment would name them."""

    def read(**environment: str) -> None:
        registry.close()
        before = dict(os.environ)
        os.environ |= mailroom.environment | environment
        settings.cache_clear()
        settings()
        os.environ.clear()
        os.environ |= before

    yield lambda *relays: read(MAIL_RELAYS=json.dumps(relays))
    read()


def at(sink: SmtpSink, name: str, **more: object) -> dict[str, object]:
    """A relay of the settings."""
    return {"name": name, "url": f"smtp://127.0.0.1:{sink.port}", **more}


def many(count: int) -> None:
    deliver(*(registered(email=f"p{number}@contoh.id") for number in range(count)))


def attempts() -> Counter[tuple[str, str]]:
    """How often each provider ended an attempt how."""
    return Counter((a.provider, a.outcome) for a in rows("SELECT provider, outcome FROM attempt"))


def opening(name: str) -> float | None:
    """Seconds until a provider may be tried again."""
    [row] = rows(
        "SELECT extract(epoch FROM open_until - now()) AS s FROM provider_state WHERE name = :name",
        name=name,
    )
    return None if row.s is None else float(row.s)


def pause_is_over(name: str) -> None:
    rows("UPDATE provider_state SET open_until = now() WHERE name = :name", name=name)


def test_relays_share_the_mails_by_weight(use: Use, sink: SmtpSink, other: SmtpSink) -> None:
    use(at(sink, "besar", weight=3), at(other, "kecil", weight=1))
    many(120)
    send_due()
    assert states() == {"accepted": 120}
    assert 70 <= len(mails(sink)) <= 110, "about ninety"
    assert len(mails(other)) == 120 - len(mails(sink))


def test_a_spare_relay_is_used_when_there_is_no_other(
    use: Use, sink: SmtpSink, other: SmtpSink
) -> None:
    use(at(sink, "utama"), at(other, "cadangan", weight=0))
    many(20)
    send_due()
    assert (len(mails(sink)), len(mails(other))) == (20, 0)
    sink.stop()
    registry.close()
    many(20)
    send_due()
    assert states() == {"accepted": 40}
    assert len(mails(other)) == 20


def test_when_one_relay_is_down_the_other_takes_all_at_once(
    use: Use, sink: SmtpSink, other: SmtpSink
) -> None:
    use(at(sink, "pertama"), at(other, "kedua"))
    sink.stop()
    many(60)
    send_due()
    assert states() == {"accepted": 60}
    assert attempts() == {("pertama", "retryable"): 1, ("kedua", "accepted"): 60}
    assert len(message_ids(mails(other))) == len(set(message_ids(mails(other)))) == 60
    [moved] = [message for message in messages() if message.attempts == 2]
    assert moved.provider == "kedua"


def test_the_breaker_opens_is_probed_by_one_message_and_closes(use: Use, sink: SmtpSink) -> None:
    use(at(sink, "satu"))
    sink.stop()
    many(60)
    send_due()
    assert 7 < (opening("satu") or 0) < 13
    send_due()
    assert sum(attempts().values()) == 1, "while it is open, nobody tries"
    for _ in range(2):
        pause_is_over("satu")
        send_due()
    assert attempts() == {("satu", "retryable"): 3}, "each probe is one message"
    assert (opening("satu") or 0) > 25, "ever later"
    pause_is_over("satu")
    sink.start()
    send_due()
    assert states() == {"accepted": 60}
    assert opening("satu") is None
    assert len(mails(sink)) == 60


def test_one_probe_at_a_time(use: Use, sink: SmtpSink) -> None:
    use(at(sink, "satu"))
    many(1)
    [message] = claimed()
    away = {message.id: Answer("retryable", away=True)}
    outcomes.record(registry.ways()["email"][0], [message], away, datetime.now(UTC))
    pause_is_over("satu")
    with database.sessions.begin() as session:
        assert breakers.look(session, ["satu"]).half == {"satu"}
        assert breakers.probe(session, "satu")
        assert not breakers.probe(session, "satu"), "somebody does"
    send_due()
    assert mails(sink) == [], "and this one waits for what it finds"


def test_breaking_on_five_mails_in_a_row_counts_as_away(use: Use, sink: SmtpSink) -> None:
    use(at(sink, "rapuh"))
    many(1)
    [message] = claimed()
    provider = registry.ways()["email"][0]
    broken = Answer("unknown", failing=True)
    with database.sessions.begin() as session:
        for _ in range(4):
            breakers.learn(session, {provider.name: [broken]})
        assert breakers.look(session, ["rapuh"]).whole == {"rapuh"}
        breakers.learn(session, {provider.name: [Answer("retryable", 451)]})
        for _ in range(4):
            breakers.learn(session, {provider.name: [broken]})
        assert breakers.look(session, ["rapuh"]).whole == {"rapuh"}, "a refusal is a sign of life"
        breakers.learn(session, {provider.name: [broken]})
        assert breakers.look(session, ["rapuh"]).whole == set()
    assert message.number == 1


def test_a_pause_that_was_asked_for_is_kept_whoever_succeeds_meanwhile(
    use: Use, sink: SmtpSink
) -> None:
    use(at(sink, "sibuk"))
    with database.sessions.begin() as session:
        breakers.learn(session, {"sibuk": [Answer("throttled", 429, retry_after=40)]})
        breakers.learn(session, {"sibuk": [Answer("accepted", 250)]})
        assert breakers.look(session, ["sibuk"]).whole == set()
    assert 35 < (opening("sibuk") or 0) <= 40
    pause_is_over("sibuk")
    many(3)
    send_due()
    assert opening("sibuk") is None
    assert states() == {"accepted": 3}


# --- how fast ------------------------------------------------------------------------------------


def test_a_provider_is_used_as_fast_as_it_allows(use: Use, sink: SmtpSink) -> None:
    use(at(sink, "pelan", per_second=10))
    many(30)
    assert not send_due(seconds=1.2), "a second's worth at once, then ten a second"
    assert 10 <= len(mails(sink)) <= 23
    queued = [message for message in messages() if message.state == "queued"]
    assert {message.attempts for message in queued} == {0}, "waiting is no attempt"
    assert send_due()
    assert states() == {"accepted": 30}


def test_two_relays_with_one_sender_share_its_pace(
    use: Use, sink: SmtpSink, other: SmtpSink
) -> None:
    use(at(sink, "a", per_sender=5), at(other, "b", per_sender=5))
    many(30)
    send_due(seconds=0.4)
    assert 5 <= len(mails(sink)) + len(mails(other)) <= 8


def test_a_code_has_a_place_that_bulk_mail_leaves(use: Use, sink: SmtpSink) -> None:
    use(at(sink, "pelan", per_second=8))
    many(40)
    rows("UPDATE message SET class = 'bulk'")
    send_due("bulk", seconds=0.3)
    assert len(mails(sink)) <= 8
    deliver(code_requested())
    send_due("code", seconds=0.2)
    assert "482913" in str(mails(sink)[-1]["Subject"])


def test_one_recipient_is_not_written_to_twice_in_a_minute(use: Use, sink: SmtpSink) -> None:
    use(at(sink, "sopan", per_recipient=60))
    deliver(registered(), registered(), registered(email="lain@contoh.id"))
    send_due()
    assert len({str(mail["To"]) for mail in mails(sink)}) == len(mails(sink)) == 2
    [waits] = [message for message in messages() if message.state == "queued"]
    assert 50 < (waits.next_attempt_at - datetime.now(UTC)).total_seconds() <= 60


def test_without_redis_nothing_waits(use: Use, mailroom: Mailroom, sink: SmtpSink) -> None:
    use(at(sink, "pelan", per_second=1))
    many(5)
    mailroom.redis.stop()
    try:
        send_due(seconds=5)
    finally:
        mailroom.redis.start()
    assert len(mails(sink)) == 5


# --- help ----------------------------------------------------------------------------------------


def in_seconds(seconds: float = 20) -> float:
    """A time to stop at."""
    return time.monotonic() + seconds


def test_help_is_called_once_for_more_than_a_batch(use: Use, sink: SmtpSink) -> None:
    use(at(sink, "satu"))
    calls: list[str] = []
    many(49)
    delivery.send_due(("transactional",), in_seconds(), lambda: calls.append("help"))
    assert calls == []
    many(120)
    delivery.send_due(("transactional",), in_seconds(), lambda: calls.append("help"))
    assert calls == ["help"]
    assert states() == {"accepted": 169}


def test_a_shift_whose_time_is_over_calls_the_next(use: Use, sink: SmtpSink) -> None:
    use(at(sink, "satu"))
    sink.faults = Faults(delay_ms=300)
    calls: list[str] = []
    many(30)
    delivery.send_due(("transactional",), in_seconds(0.1), lambda: calls.append("help"))
    assert calls == ["help"]
    assert states() == {"accepted": 20, "queued": 10}


def test_when_a_provider_is_back_all_classes_are_called(use: Use, sink: SmtpSink) -> None:
    use(at(sink, "satu"))
    calls: list[str] = []
    many(3)
    sink.stop()
    send_due()
    pause_is_over("satu")
    delivery.send_due(("transactional",), in_seconds(), call_all=lambda: calls.append("all"))
    assert calls == [], "it is not"
    pause_is_over("satu")
    sink.start()
    delivery.send_due(("transactional",), in_seconds(), call_all=lambda: calls.append("all"))
    assert calls == ["all"]
    assert states() == {"accepted": 3}
