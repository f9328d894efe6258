"""Reports that somebody ordered or scheduled: the requester hears how it ended."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifications.handlers.common import requesters, tell
from services.notifications.intents import Intent, for_official, language_of, one_line
from services.notifications.models import Meeting, Official
from services.notifications.resources import bus
from services.notifications.rules import REPORT_FAILED, REPORT_READY
from shared import regions
from shared.bus import Envelope
from shared.events import Language, ReportEvent, ReportFailed, ReportFinished
from shared.web import formats

FAILED_NEWS = timedelta(days=3)

KINDS: dict[Language, dict[str, str]] = {
    "id": {
        "attendance_list": "Daftar hadir",
        "meeting_proceedings": "Berita acara pertemuan",
        "library_recap": "Rekap perpustakaan",
        "periodic": "Laporan berkala",
        "completeness": "Kelengkapan laporan",
        "impact_stories": "Cerita dampak",
        "extract": "Data lengkap",
    },
    "en": {
        "attendance_list": "Attendance list",
        "meeting_proceedings": "Proceedings",
        "library_recap": "Library recap",
        "periodic": "Periodic report",
        "completeness": "Completeness",
        "impact_stories": "Impact stories",
        "extract": "Full data",
    },
}
REASONS: dict[Language, dict[str, str]] = {
    "id": {
        "out-of-scope": "Pertemuan atau wilayahnya tidak ada lagi, atau bukan lagi hak Anda.",
        "gave-up": "Sesudah lima kali dicoba laporan ini tetap tidak jadi.",
    },
    "en": {
        "out-of-scope": "The meeting or region is gone, or no longer yours.",
        "gave-up": "After five tries it still could not be made.",
    },
}


@bus.on(ReportFinished)
def tell_ready(session: Session, envelopes: list[Envelope[ReportFinished]]) -> None:
    """Tell the requester where it is."""
    intents = []
    for envelope, reader in requesters(session, envelopes):
        event, language = envelope.data, language_of(reader)
        until = formats.date(event.until, regions.zone_of(reader.region_code), lang=language)
        values = {
            "format": event.format.upper(),
            "rows": formats.number(event.row_count, lang=language),
            "until": until,
        }
        intents.append(_intent(session, envelope, reader, event.until, values))
    tell(session, REPORT_READY, intents)


@bus.on(ReportFailed)
def tell_failed(session: Session, envelopes: list[Envelope[ReportFailed]]) -> None:
    """Tell the requester that there is none, and why."""
    intents = []
    for envelope, reader in requesters(session, envelopes):
        reasons = REASONS[language_of(reader)]
        values = {"reason": reasons.get(envelope.data.reason, reasons["gave-up"])}
        until = envelope.time + FAILED_NEWS
        intents.append(_intent(session, envelope, reader, until, values))
    tell(session, REPORT_FAILED, intents)


def _intent(
    session: Session,
    envelope: Envelope[Any],
    reader: Official,
    until: datetime,
    values: Mapping[str, str],
) -> Intent:
    event, language = envelope.data, language_of(reader)
    common = {
        "report": KINDS[language].get(event.kind, event.kind),
        "about": _about(session, event, language),
        "link": event.link,
    }
    return for_official(
        reader,
        event_id=envelope.id,
        about=envelope.subject,
        traceparent=envelope.traceparent,
        expires_at=until,
        values={**common, **values},
    )


def _about(session: Session, event: ReportEvent, language: Language) -> str:
    """A meeting's title, or a region and its period."""
    if event.meeting:
        title = session.scalar(select(Meeting.title).where(Meeting.slug == event.meeting))
        return one_line(title or event.meeting)
    region = regions.find(event.region_code)
    place = region.label if region else "Indonesia"
    return f"{place}, {_period(event.period, language)}"


def _period(name: str, language: Language) -> str:
    """2026-03 in words; quarters and years stay as they are."""
    year, _, part = name.partition("-")
    if not part.isdecimal():
        return name
    return formats.month(datetime(int(year), int(part), 1), lang=language)  # noqa: DTZ001 - a month
