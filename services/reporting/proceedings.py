"""What became of a meeting: who was there on which day."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from services.reporting import meetings, words
from services.reporting.documents.listing import WRITERS, Column, Listing, Row
from services.reporting.models import Participant
from services.reporting.report_contents import Work, footer, place_name
from services.reporting.report_schemas import AttendanceParams
from shared.security import Caller
from shared.web import formats

_PERSON = Participant.__table__.c
_PRESENT = text("""
    SELECT attendance.registration_id, day FROM attendance
    JOIN participant USING (registration_id)
    WHERE meeting_slug = :slug AND present GROUP BY 1, 2""")
_STATE = text("""
    SELECT count(*) || '.' || coalesce(extract(epoch FROM max(changed_at)), 0)
    FROM attendance JOIN participant USING (registration_id) WHERE meeting_slug = :slug""")

_WORDS = {
    "id": {
        "kind": "Berita acara pertemuan",
        "file": "berita-acara",
        "days": "Hari, tanggal",
        "place": "Tempat",
        "invited": "Peserta terdaftar",
        "came": "Peserta yang hadir",
        "on": "Hadir {}",
        "by_type": "Menurut jenis",
        "missing": "Tanpa peserta",
        "complete": "Semua kabupaten/kota punya peserta",
        "columns": ("Nama", "Instansi", "Jabatan", "Wilayah"),
        "yes": "hadir",
        "no": "-",
        "nothing": "Tidak ada peserta yang disetujui.",
        "signers": ("Ketua panitia", "Notulis", "Mengetahui"),
    },
    "en": {
        "kind": "Proceedings",
        "file": "proceedings",
        "days": "Date",
        "place": "Venue",
        "invited": "Registered participants",
        "came": "Participants present",
        "on": "Present {}",
        "by_type": "By type",
        "missing": "Without participants",
        "complete": "Every kab/kota has a participant",
        "columns": ("Name", "Institution", "Position", "Region"),
        "yes": "present",
        "no": "-",
        "nothing": "No participant was approved.",
        "signers": ("Chair", "Secretary", "Acknowledged"),
    },
}


class Proceedings:
    """One meeting within a scope."""

    def __init__(self, connection: Connection, params: AttendanceParams, scope: Caller) -> None:
        """Raises `MeetingNotFound`, also for a meeting out of scope."""
        self._connection = connection
        self._params = params
        self._scope = scope
        self._words: Mapping[str, Any] = _WORDS[params.language]
        self._meeting = meetings.find(connection, params.meeting, scope)

    @cached_property
    def total(self) -> int:
        """How many people it names."""
        query = select(func.count()).where(meetings.coming(self._params.meeting, self._scope))
        return int(self._connection.execute(query).scalar_one())

    @cached_property
    def watermark(self) -> str:
        """The meeting's revision, and the state of its check-ins."""
        state = self._connection.execute(_STATE, {"slug": self._params.meeting}).scalar_one()
        return f"{self._meeting.revision}-{state}"

    def file_name(self, extension: str) -> str:
        """`berita-acara-plm-2022-21.pdf`; with the region's code when it is a part."""
        parts = [self._words["file"], self._params.meeting]
        if "." in self._scope.region_code:
            parts.append(self._scope.region_code)
        return f"{'-'.join(parts)}.{extension}"

    def write(self, work: Work) -> int:
        """Write the paper; the number of people."""
        language = self._params.language
        ends, write = footer(work, self.watermark), WRITERS[work.format]
        return write(work.path, self._listing(), self._rows(), ends, work.progress, language)

    @cached_property
    def _present(self) -> Mapping[UUID, set[date]]:
        days: dict[UUID, set[date]] = defaultdict(set)
        for row in self._connection.execute(_PRESENT, {"slug": self._params.meeting}):
            days[row.registration_id].add(row.day)
        return days

    def _listing(self) -> Listing:
        terms, meeting, language = self._words, self._meeting, self._params.language
        title = meeting.title
        if "." in self._scope.region_code:
            title = f"{title} ({place_name(self._scope.region_code, language)})"
        days = [formats.date(day, lang=language) for day in meeting.days]
        return Listing(
            kind=terms["kind"],
            title=title,
            facts=(
                (terms["days"], "; ".join(days)),
                (terms["place"], meeting.venue),
                *self._counts(),
            ),
            columns=(
                Column("No", 0.4, number=True),
                *(Column(label, 2.2) for label in terms["columns"]),
                *(Column(f"{day:%d/%m}", 0.8) for day in meeting.days),
            ),
            zone=formats.localise(meeting.starts_at, meeting.zone)[1],
            nothing=terms["nothing"],
            signers=terms["signers"],
        )

    def _counts(self) -> Iterator[tuple[str, str]]:
        terms, language = self._words, self._params.language
        say = words.translator(language)
        with Session(self._connection) as session:
            counts = meetings.summarise(session, self._meeting, self._scope)
        ours = self._connection.execute(
            select(_PERSON.registration_id).where(
                meetings.coming(self._params.meeting, self._scope)
            )
        ).scalars()
        here = [self._present[one] for one in ours if one in self._present]
        by_day = Counter(day for days in here for day in days)
        yield terms["invited"], formats.number(counts.total, lang=language)
        yield terms["came"], formats.number(len(here), lang=language)
        for day in self._meeting.days:
            label = terms["on"].format(formats.date(day, lang=language))
            yield label, formats.number(by_day[day], lang=language)
        types = [f"{say(words.PARTICIPANT_TYPES[k])} {n}" for k, n in counts.by_type.items()]
        yield terms["by_type"], ", ".join(types) or terms["no"]
        missing = ", ".join(region.name for region in counts.missing)
        yield terms["missing"], missing or terms["complete"]

    def _rows(self) -> Iterator[Row]:
        query = (
            select(Participant.__table__)
            .where(meetings.coming(self._params.meeting, self._scope))
            .order_by(_PERSON.sort_name, _PERSON.registration_id)
        )
        for number, person in enumerate(self._connection.execute(query), 1):
            days = self._present.get(person.registration_id, set())
            place = place_name(person.region_code, self._params.language)
            marks = [self._words["yes" if day in days else "no"] for day in self._meeting.days]
            yield (number, person.name, person.library_name, person.position, place, *marks)
