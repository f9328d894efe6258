"""Spreadsheets that somebody has handed in: they hear how it ended."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from services.notifications.handlers.common import requesters, tell
from services.notifications.intents import Intent, for_official, language_of, one_line
from services.notifications.models import Official
from services.notifications.resources import bus
from services.notifications.rules import IMPORT_FINISHED
from shared.bus import Envelope
from shared.events import ImportFinished, Language
from shared.web import formats

NEWS = timedelta(days=3)
LONGEST_NAME = 60  # of a file, in a subject line

ENDS: dict[Language, dict[str, str]] = {
    "id": {"done": "selesai", "failed": "terhenti"},
    "en": {"done": "is done", "failed": "has stopped"},
}
# What became of rows, by the event's field.
COUNTS: dict[Language, dict[str, str]] = {
    "id": {
        "taken": "masuk",
        "waiting": "masuk daftar tunggu",
        "completed": "dilengkapi",
        "already": "sudah ada sebelumnya",
        "refused": "tidak dapat dimasukkan",
        "faulty": "perlu diperbaiki",
    },
    "en": {
        "taken": "taken",
        "waiting": "put on the waiting list",
        "completed": "completed",
        "already": "known before",
        "refused": "refused",
        "faulty": "to be corrected",
    },
}
NOTHING: dict[Language, str] = {"id": "tidak ada baris yang masuk", "en": "no row was taken"}


@bus.on(ImportFinished)
def tell_ended(session: Session, envelopes: list[Envelope[ImportFinished]]) -> None:
    """Tell whoever handed it in how many rows came to which end."""
    read = requesters(session, envelopes)
    tell(session, IMPORT_FINISHED, [_intent(envelope, reader) for envelope, reader in read])


def _intent(envelope: Envelope[Any], reader: Official) -> Intent:
    event, language = envelope.data, language_of(reader)
    return for_official(
        reader,
        event_id=envelope.id,
        about=envelope.subject,
        traceparent=envelope.traceparent,
        expires_at=envelope.time + NEWS,
        values={
            "file": _short(one_line(event.file_name)),
            "ended": ENDS[language][event.state],
            "result": _result(event, language),
            "link": event.link,
        },
    )


def _result(event: ImportFinished, language: Language) -> str:
    """Of each sort that there is, how many."""
    found = [
        f"{formats.number(number, lang=language)} {words}"
        for sort, words in COUNTS[language].items()
        if (number := getattr(event, sort))
    ]
    return ", ".join(found) or NOTHING[language]


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."
