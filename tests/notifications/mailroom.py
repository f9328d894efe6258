"""What the tests of notifications do again and again: let events come, look at rows and mails."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from pathlib import Path
from typing import Any

from builders import meeting_facts, participant, registration_facts, registration_submitted
from sqlalchemy import Row, text
from uuid_utils.compat import uuid7

from services.notifications import claims, delivery, handlers, jobs
from services.notifications.providers.base import Outgoing
from services.notifications.resources import bus, database
from services.notifications.rules import CLASSES, WorkClass
from shared.bus.envelope import Envelope, seal
from shared.bus.inbox import Copy
from shared.events import (
    AccountCreated,
    Event,
    MeetingFacts,
    Participant,
    RegistrationEvent,
    RegistrationFacts,
    SignInCodeRequested,
)
from shared.local.postgres import Postgres
from shared.local.redis import Redis
from shared.local.smtp_sink import SmtpSink
from shared.tracing import new_traceparent

ROOT = Path(__file__).parents[2]
SOON = datetime.now(UTC) + timedelta(hours=6)
OWN_LINK = "http://sejawat.contoh.id/registration/r/WyJrdW5jaSJd.rahasia-42"
assert handlers  # imported for what it registers


@dataclass(frozen=True)
class Mailroom:
    """Where this service's engines are."""

    folder: Path
    postgres: Postgres
    redis: Redis
    environment: dict[str, str]
    private_key: str
    smtp_port: int

    def python(self, *command: str) -> subprocess.Popen[bytes]:
        """A process of this service's own; its output goes to a log in the folder."""
        with (self.folder / "processes.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
            )


def coming_meeting(**changes: Any) -> MeetingFacts:
    """A meeting of two days, a month from now."""
    starts_at = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0)
    starts_at += timedelta(days=30)
    facts = {
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(days=1, hours=8),
        "days": (starts_at.date(), starts_at.date() + timedelta(days=1)),
    }
    return meeting_facts(**(facts | changes))


def registered(meeting: MeetingFacts | None = None, **person: Any) -> Envelope[Any]:
    """Somebody registered for a meeting that is still to come; as the event arrives."""
    event = registration_submitted(
        registration_id=uuid7(),
        meeting=meeting or coming_meeting(),
        participant=participant(**person),
        own_link=OWN_LINK,
    )
    return seal("registration", event, new_traceparent())


def changed(event_class: type[RegistrationEvent], **fields: Any) -> Envelope[Any]:
    """What became of a registration for a meeting that is still to come.

    Fields of the registration, the person and the meeting find their places by their names.
    """
    parts = {
        model: {name: fields.pop(name) for name in tuple(fields) if name in model.model_fields}
        for model in (RegistrationFacts, Participant, MeetingFacts)
    }
    facts = {"registration_id": uuid7(), "own_link": OWN_LINK} | parts[RegistrationFacts]
    registration = registration_facts(
        participant=participant(**parts[Participant]),
        meeting=coming_meeting(**parts[MeetingFacts]),
        **facts,
    )
    event = event_class(registration=registration, **fields)
    return seal("registration", event, new_traceparent())


def sealed(event: Event) -> Envelope[Any]:
    """An event as it arrives."""
    return seal("registration", event, new_traceparent())


def code_requested(**changes: Any) -> Envelope[Any]:
    """Somebody signs in with a code."""
    fields = {
        "code_id": uuid7(),
        "email": "pic@contoh.id",
        "phone": None,
        "language": "id",
        "region_code": "21.01",
        "code": "482913",
        "expires_at": SOON,
    }
    return sealed(SignInCodeRequested.model_validate(fields | changes))


def account_created(**changes: Any) -> Envelope[Any]:
    """Somebody may choose a password."""
    fields = {
        "request_id": uuid7(),
        "name": "PIC Contoh",
        "email": "pic@contoh.id",
        "phone": None,
        "language": "id",
        "role": "regency",
        "region_code": "21.01",
        "link": "http://sejawat.contoh.id/registration/password/WyJha3VuIl0.rahasia-7",
        "expires_at": SOON,
    }
    return sealed(AccountCreated.model_validate(fields | changes))


def deliver(*envelopes: Envelope[Any], replay: int = 0) -> None:
    """What the worker does with a batch of events."""
    copies = [Copy(str(e.id), replay, 1, e.type, e.model_dump_json()) for e in envelopes]
    bus.inbox.deliver("registration", copies)


def send_due(work_class: WorkClass = "transactional", seconds: float = 30) -> bool:
    """One run of the engine, in this process."""
    return delivery.send_due((work_class,), until=time.monotonic() + seconds)


def send_in_a_process(mailroom: Mailroom) -> subprocess.Popen[bytes]:
    """The same job in a process of its own, which a test may kill."""
    job = jobs.send_transactional
    command = f"from {job.__module__} import {job.__name__} as job; job()"
    return mailroom.python("-c", command)


def rows(statement: str, **values: Any) -> list[Row[Any]]:
    """The answer of our database."""
    with database.sessions.begin() as session:
        result = session.connection().execute(text(statement), values)
        return list(result) if result.returns_rows else []


def messages() -> list[Row[Any]]:
    """All messages, oldest first."""
    return rows("SELECT * FROM message ORDER BY id")


def states() -> Counter[str]:
    """How many messages are in which state."""
    return Counter(message.state for message in messages())


def outcomes() -> list[str]:
    """How each attempt ended, in order."""
    return [row.outcome for row in rows("SELECT outcome FROM attempt ORDER BY id")]


def breakers_are_closed() -> None:
    """What was away is tried again at once, with any number of messages."""
    rows("UPDATE provider_state SET failures = 0, openings = 0, open_until = NULL")


def zone_at(hour: int) -> str:
    """A time zone in which it is so many o'clock now: no test waits for the morning."""
    east = (hour - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+}"


def claimed(work_class: WorkClass = "transactional") -> list[Outgoing]:
    """What is due of a class, in the hands of this process."""
    return claims.claim(work_class, set()).messages


def settle() -> None:
    """What the beginning of each shift takes back from dead workers."""
    claims.settle(CLASSES, [])


def lease_is_over() -> None:
    """A minute passes, as far as leases can tell."""
    rows("UPDATE message SET lease_until = now() WHERE lease_until IS NOT NULL")


def mails(sink: SmtpSink) -> list[EmailMessage]:
    """What the mail server accepted, oldest first."""
    return [parsed(path.read_bytes()) for path in sorted(sink.directory.glob("*.eml"))]


def parsed(content: bytes) -> EmailMessage:
    """A mail as a mail program reads it."""
    mail = BytesParser(policy=modern).parsebytes(content)
    assert isinstance(mail, EmailMessage)
    return mail


def message_ids(mails: Iterable[EmailMessage]) -> list[str]:
    """The Message-IDs of mails."""
    return [str(mail["Message-ID"]) for mail in mails]


def body(mail: EmailMessage, kind: str = "plain") -> str:
    """The text or the HTML of a mail."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())
