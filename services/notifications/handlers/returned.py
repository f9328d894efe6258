"""Reports that officials sent back: the library hears what to correct."""

from datetime import timedelta
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from services.notifications.handlers.common import tell
from services.notifications.intents import Intent, one_line
from services.notifications.resources import bus
from services.notifications.rules import REPORT_RETURNED
from shared.bus import Envelope
from shared.events import Language, LibraryReportReturned, ReturnedReport
from shared.web import formats

NEWS = timedelta(days=7)
# The same report at the same revision is one message, however often it is told.
_NAMESPACE = UUID("5f3c0b7e-8a52-4c1d-b0a6-3c1f6c8d2e94")

STREAMS: dict[Language, dict[str, str]] = {
    "id": {
        "pelibatan": "Pelibatan masyarakat",
        "advokasi": "Advokasi",
        "publikasi": "Publikasi",
        "pengunjung": "Pengunjung",
        "peningkatan": "Peningkatan layanan",
        "replikasi": "Replikasi mandiri",
        "cerita": "Cerita dampak",
    },
    "en": {
        "pelibatan": "Community engagement",
        "advokasi": "Advocacy",
        "publikasi": "Publicity",
        "pengunjung": "Visitors",
        "peningkatan": "Service improvements",
        "replikasi": "Independent replication",
        "cerita": "Impact story",
    },
}
OTHERS: dict[Language, str] = {"id": "dan {n} laporan lain", "en": "and {n} other reports"}


@bus.on(LibraryReportReturned)
def tell_returned(session: Session, envelopes: list[Envelope[LibraryReportReturned]]) -> None:
    """Tell the library which report, and what is to be corrected in it."""
    tell(session, REPORT_RETURNED, [_intent(envelope) for envelope in envelopes])


def _intent(envelope: Envelope[LibraryReportReturned]) -> Intent:
    event, report = envelope.data, envelope.data.report
    return Intent(
        event_id=uuid5(_NAMESPACE, f"{report.activity_id} {report.revision}"),
        about=envelope.subject,
        version=None,
        traceparent=envelope.traceparent,
        email=event.email,
        phone=event.phone,
        language=event.language,
        region_code=report.region_code,
        expires_at=envelope.time + NEWS,
        values={
            "name": one_line(event.name) or one_line(report.library_name),
            "library": one_line(report.library_name),
            "report": _told(report, event.language),
            "reason": one_line(report.comment),
            "own_link": report.link,
        },
        person=event.name or None,
    )


def _told(report: ReturnedReport, language: Language) -> str:
    """Which report, and how many others with it."""
    day = formats.date if report.every == "day" else formats.month
    label = STREAMS[language].get(report.stream, report.stream)
    parts = [label, one_line(report.title), day(report.day, lang=language)]
    told = ", ".join(part for part in parts if part)
    if report.others:
        number = formats.number(report.others, lang=language)
        told = f"{told}, {OTHERS[language].format(n=number)}"
    return told
